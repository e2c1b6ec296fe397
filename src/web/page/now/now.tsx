/** What a pair does now, its picture, and the three buttons. */
import type { Status } from "../../../api/protocol.ts";
import { armsRead, rolesHere } from "../../../arm/joints.ts";
import { Claim } from "../access/claim.tsx";
import { Cures } from "../health/cures.tsx";
import { byOwnMeans } from "../own-means.ts";
import type { ScreenProperties } from "../screens.tsx";
import { useWork } from "../work/works.ts";
import { Driver, RemoteFigures } from "./driver.tsx";
import { Picture } from "./picture/picture.tsx";
import { wordOf } from "./word.ts";

/** The first thing that is seen. */
export function Now({ pair, known, status, isClaimed, attempt }: ScreenProperties) {
  const { word, look } = wordOf(known);
  return (
    <section class="now" aria-labelledby="state">
      <div class="words">
        <h2 id="state" class={`state ${look}`} aria-live="polite">
          {word}
        </h2>
        <p class="why">{byOwnMeans((known?.kind === "absent" ? known.why : status?.why) ?? "")}</p>
        {status && <Driver pair={pair} status={status} isClaimed={isClaimed} />}
        <Borrowed pair={pair} isLent={status?.mode === "lent"} />
        <Cures
          pair={pair}
          isClaimed={isClaimed}
          cures={status?.reasons.flatMap(({ cures }) => cures) ?? []}
        />
      </div>
      <Picture pair={pair} armsHere={status && armsRead(status)} />
      <Claim pair={pair} isClaimed={isClaimed} attempt={attempt} />
      {status && <Figures status={status} />}
      {status?.remote && <RemoteFigures of={status.remote} />}
      {status?.activeAlarms.map(({ code, message }) => (
        <p key={code + message} class="notice">
          {byOwnMeans(message)} <code>{code}</code>
        </p>
      ))}
    </section>
  );
}

/** Who has the arms meanwhile, and how they come back: a work of a page, which is seen elsewhere, or another program. */
function Borrowed({ pair, isLent }: { readonly pair: string; readonly isLent: boolean }) {
  const work = useWork(pair);
  if (work !== undefined && !work.conversation?.ended) {
    return (
      <p>
        <a class="button" href="#set-up">
          {work.title}: see how it goes
        </a>
      </p>
    );
  }
  return isLent && <p>The pair goes on when they are given back. Pause takes them back at once.</p>;
}

function Figures({ status }: { readonly status: Status }) {
  const { rateHz, configuredRateHz, arms } = status;
  const delay = (ms: number | null) => (ms === null ? "–" : `${ms.toFixed(1)} ms`);
  return (
    <dl class="figures">
      <div>
        <dt>rate</dt>
        <dd>
          {rateHz.toFixed(0)} of {configuredRateHz} Hz
        </dd>
      </div>
      {rolesHere(armsRead(status)).map((role) => (
        <div key={role}>
          <dt>{role} answers in</dt>
          <dd>{delay(arms[role].roundTripMs.p50)}</dd>
        </div>
      ))}
    </dl>
  );
}
