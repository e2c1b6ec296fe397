/** The lines that are said on the control socket. */
import { PROTOCOL_VERSION } from "../../api/protocol.ts";

/** The line that says that what was asked is done, or what was asked for. */
export function success(fields: object): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ok: true, ...fields })}\n`;
}

/** The line that refuses a request, or a connection. */
export function refusal(error: string): string {
  return `${JSON.stringify({ v: PROTOCOL_VERSION, ok: false, error })}\n`;
}
