/** Saving settings that a page gives, and the present pose as the one to park in: done when the service has taken it. */
import { ApiError } from "../../api/client.ts";
import type { Changes } from "../../config/changes.ts";
import { ConfigError, type KeyProblem } from "../../config/file.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { changeSettings } from "../../workflows/change-settings.ts";
import { takePose } from "../../workflows/park/take-pose.ts";
import type { ServedPair } from "../pairs/served-pair.ts";
import { settingsForm } from "./form.ts";
import type { SaveReply } from "./messages.ts";
import { reloadService, takenSince } from "./reload.ts";
import { Teller } from "./teller.ts";

/** A pair's configuration file; undefined where a service was named by its socket alone. */
export function settingsFileOf({ name, audience }: ServedPair): string | undefined {
  return audience.config ?? (audience.socket === undefined ? pairConfigPath(name) : undefined);
}

/** The form of a pair as it is now. */
export function formOf(pair: ServedPair) {
  return settingsForm(settingsFileOf(pair), pair.audience.pair);
}

/** Saves changes to the file that the page has seen, and has the service take them. Never rejects. */
export function save(
  pair: ServedPair,
  { digest, changes }: { readonly digest: string; readonly changes: Changes },
  signal: AbortSignal,
): Promise<SaveReply> {
  return replied(pair, async (path) => {
    await changeSettings({ path, pair: pair.audience.pair }, changes, digest);
    return `Saved. ${await taken(pair, () => reloadService(pair.sockets, pair.audience, signal))}`;
  });
}

/** Takes the pose in which the follower lies as its parking pose. Never rejects. */
export function takePresentPose(pair: ServedPair, signal: AbortSignal): Promise<SaveReply> {
  return replied(pair, async (file) => {
    const since = new Date().toISOString();
    const teller = new Teller(pair.audience, signal);
    await takePose({ pair: pair.audience.pair ?? MAIN_PAIR, file, sockets: pair.sockets }, teller);
    return [
      ...teller.told,
      await taken(pair, () => takenSince(since, pair.sockets, pair.audience, signal)),
    ].join(" ");
  });
}

async function replied(pair: ServedPair, act: (file: string) => Promise<string>): Promise<SaveReply> {
  const file = settingsFileOf(pair);
  const answer = (done: boolean, text: string, problems: readonly KeyProblem[] = []): SaveReply => ({
    ...{ done, text, problems },
    form: formOf(pair),
  });
  if (file === undefined) return answer(false, formOf(pair).trouble!);
  try {
    return answer(true, await act(file));
  } catch (error) {
    if (error instanceof ConfigError && error.problems.length > 0) {
      return answer(false, "Nothing was saved: see what is wrong above.", error.problems);
    }
    return answer(false, messageOf(error, pair.audience));
  }
}

/** What the service says; of one that does not run, that it does not. */
async function taken(pair: ServedPair, ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.problem.kind === "not running")
      return "The service does not run: it takes this when it starts.";
    return `Whether the service has taken it is not known: ${messageOf(error, pair.audience)}.`;
  }
}
