/** A request that came as a line of JSON, as the control socket and root's helper take them. */
import * as v from "valibot";

/** The request, or what is wrong with it; `refuse` says that of another version than `version`. */
export function requestOf<Request>(
  text: string,
  version: number,
  schema: v.GenericSchema<unknown, Request>,
  refuse: (asked: unknown) => string,
): Request | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  const asked = (json as { v?: unknown } | null)?.v;
  if (asked !== version) return refuse(asked);
  const result = v.safeParse(schema, json);
  return result.success ? result.output : result.issues.map(({ message }) => message).join("; ");
}
