/** What a page asks about settings, and what it is told. */
import * as v from "valibot";
import type { KeyProblem } from "../../config/file.ts";
import { withGivenKeys } from "../../helper/given-keys.ts";
import type { ActionReply } from "../messages.ts";
import type { SettingsForm } from "./form.ts";

/** More than there are keys. */
const MOST_CHANGES = 200;
const LONGEST_KEY = 100;
const LONGEST_VALUE = 1_000;

/** Checks what is to be saved: of what it must be the configuration's own schema decides. */
export const saveSchema = v.strictObject({
  /** Of the file that the page has shown. */
  digest: v.pipe(v.string(), v.maxLength(LONGEST_KEY)),
  changes: v.pipe(
    withGivenKeys,
    v.record(
      v.pipe(v.string(), v.maxLength(LONGEST_KEY)),
      v.union([v.pipe(v.number(), v.finite()), v.boolean(), v.pipe(v.string(), v.maxLength(LONGEST_VALUE))]),
    ),
    v.maxEntries(MOST_CHANGES),
  ),
});

/** What came of it. */
export interface SaveReply extends ActionReply {
  /** What is wrong with which key; then nothing was changed. */
  readonly problems: readonly KeyProblem[];
  /** The form as it is now. */
  readonly form: SettingsForm;
}
