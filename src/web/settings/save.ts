/** Saving settings that a page gives: done when the file has them, with what the service has taken of it. */
import { ApiError } from "../../api/client.ts";
import type { Changes } from "../../config/changes.ts";
import { ConfigError, type KeyProblem } from "../../config/file.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { changeSettings } from "../../workflows/change-settings.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { fileOf, settingsForm } from "./form.ts";
import type { SaveReply } from "./messages.ts";
import { reloadService } from "./reload.ts";

/** Saves changes to the file that the page has seen, and has the service take them. Never rejects. */
export async function save(
  pair: ServedPair,
  { digest, changes }: { readonly digest: string; readonly changes: Changes },
  signal: AbortSignal,
): Promise<SaveReply> {
  const answer = (done: boolean, text: string, problems: readonly KeyProblem[] = []): SaveReply => ({
    ...{ done, text, problems },
    form: settingsForm(pair.choice),
  });
  try {
    await changeSettings(fileOf(pair.choice), changes, digest);
    return answer(true, `Saved. ${await taken(pair, signal)}`);
  } catch (error) {
    if (error instanceof ConfigError && error.problems.length > 0) {
      return answer(false, "Nothing was saved: see what is wrong above.", error.problems);
    }
    return answer(false, messageOf(error, pair.audience));
  }
}

/** What the service has taken of it; of one that does not run, that it does not. */
async function taken({ sockets, audience }: ServedPair, signal: AbortSignal): Promise<string> {
  try {
    return await reloadService(sockets, audience, signal);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.problem.kind === "not running")
      return "The service does not run: it takes this when it starts.";
    return `Whether the service has taken it is not known: ${messageOf(error, audience)}.`;
  }
}
