/** What the doctor finds, again and again while this is looked at. */
import "./health.css";
import type { Check, Level } from "../../../workflows/check.ts";
import type { HealthReply } from "../../health/messages.ts";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";
import type { ScreenProperties } from "../screens.tsx";
import { Cures } from "./cures.tsx";
import { Report } from "./report.tsx";

/** The server looks no more often, however many ask. */
const LOOK_EVERY_MS = 4_000;

const WORDS: Readonly<Record<Level, string>> = { ok: "ok", warning: "to think about", broken: "broken" };

/** The screen. */
export function Health({ pair, isClaimed }: ScreenProperties) {
  const path = pathOf(pair, "health");
  const { answer, problem } = usePolled<HealthReply>(path, LOOK_EVERY_MS);
  return (
    <section class="health" aria-labelledby="health-title">
      <h2 id="health-title">{answer === undefined ? "The doctor looks …" : sum(answer.checks)}</h2>
      {problem !== undefined && (
        <p class="notice" role="alert">
          {answer === undefined ? "The doctor does not answer" : "What stands here is old"}: {problem} It is
          asked again by itself.
        </p>
      )}
      <ul aria-label="What the doctor finds" aria-busy={answer === undefined}>
        {answer &&
          worstFirst(answer.checks).map((check, index) => (
            <Finding key={`${check.area} ${index}`} of={check} pair={pair} isClaimed={isClaimed} />
          ))}
      </ul>
      <Report pair={pair} />
    </section>
  );
}

interface FindingProperties extends Pick<ScreenProperties, "pair" | "isClaimed"> {
  readonly of: Check;
}

function Finding({ of: { area, level, message, cure, cures }, pair, isClaimed }: FindingProperties) {
  return (
    <li class={level}>
      <p>
        <strong>{area}</strong> <span class="level">{WORDS[level]}</span>
        <br />
        {byOwnMeans(message)}
      </p>
      {cure !== undefined && <p class="cure">{byOwnMeans(cure)}</p>}
      {cures !== undefined && <Cures pair={pair} isClaimed={isClaimed} cures={cures} />}
    </li>
  );
}

/** What is in the way first; else from power to motion, as the doctor goes. */
function worstFirst(checks: readonly Check[]): Check[] {
  const order: readonly Level[] = ["broken", "warning", "ok"];
  return checks.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function sum(checks: readonly Check[]): string {
  const found = (["broken", "warning"] as const).flatMap((level) => {
    const { length } = checks.filter((check) => check.level === level);
    return length === 0 ? [] : [`${length} ${WORDS[level]}`];
  });
  return found.length === 0 ? "All is well" : found.join(", ");
}
