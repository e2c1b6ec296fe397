/** Reading something from the machine. */

/** The doctor may take its time on a machine that is busy. */
const PATIENCE_MS = 40_000;

/** What the machine answers, of the same program as this page. Rejects with an Error whose message is for the person. */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const tooLong = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(path, {
    cache: "no-store",
    signal: signal === undefined ? tooLong : AbortSignal.any([tooLong, signal]),
  }).catch(() => undefined);
  const answer = (await response?.json().catch(() => undefined)) as Answer | { text?: string } | undefined;
  if (response?.ok && answer !== undefined) return answer as Answer;
  throw new Error((answer as { text?: string } | undefined)?.text ?? "The machine was not heard.");
}
