/** A file that a page hands over as a request's body: `?arm=leader&name=blue.json`. */
import * as v from "valibot";
import { ROLES } from "../../arm/joints.ts";
import { refusal } from "../http/replies.ts";
import type { Asked } from "../http/route.ts";

/** Whose calibration a file is to be, and how the file is called, for messages. */
const fileSchema = v.strictObject({
  arm: v.picklist(ROLES),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
});

/** A file that was picked or dropped, which is to become an arm's calibration. */
export type FileOfArm = v.InferOutput<typeof fileSchema> & { readonly bytes: Buffer };

/** The file in a request; a refusal for a request that does not say whose it is. */
export async function fileIn({ request, url }: Asked): Promise<FileOfArm | Response> {
  const given = v.safeParse(fileSchema, Object.fromEntries(url.searchParams));
  if (!given.success) return refusal(400, "Say whose calibration the file is to be, and its name.");
  return { ...given.output, bytes: Buffer.from(await request.arrayBuffer()) };
}
