/** Recording episodes to a dataset: starting a recorder, and its big button. */
import type { RecorderReply } from "../../recording/messages.ts";
import { useDatasets } from "../datasets/listed.ts";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";
import type { ScreenProperties } from "../screens.tsx";
import { When } from "../when.tsx";
import { Recording } from "./recording.tsx";
import { Start } from "./start.tsx";
import "./record.css";

/** A recorder that ends says so to the service, too: then this is made anew. */
const LOOK_EVERY_MS = 5_000;

/** The screen. */
export function RecordScreen({ pair, status, isClaimed }: ScreenProperties) {
  const recording = status?.recording;
  const { answer: datasets, problem } = useDatasets(recording?.is);
  return (
    <section class="record" aria-labelledby="record-title">
      <h2 id="record-title">Record</h2>
      {recording === undefined && <Ended pair={pair} />}
      {problem !== undefined && datasets === undefined && <p class="notice">{problem}</p>}
      {status === undefined ? (
        <p>The service is not heard: nothing can be recorded.</p>
      ) : recording !== undefined ? (
        <Recording
          pair={pair}
          recording={recording}
          isClaimed={isClaimed}
          freeBytes={datasets?.freeBytes ?? null}
        />
      ) : isClaimed ? (
        <Start pair={pair} datasets={datasets} />
      ) : (
        <>
          <p>Nothing is recorded just now. Recording writes files: it takes a claimed page.</p>
          <p>
            <a class="button" href="#access">
              Claim this page
            </a>
          </p>
        </>
      )}
    </section>
  );
}

/** How the last recorder that the page had started came to its end, where that was not as it should. */
function Ended({ pair }: Pick<ScreenProperties, "pair">) {
  const { answer } = usePolled<RecorderReply>(pathOf(pair, "recorder"), LOOK_EVERY_MS);
  if (!answer?.ended) return null;
  const { at, text } = answer.ended;
  return (
    <p class="notice" role="alert">
      The recording has ended <When time={at} />: {byOwnMeans(text)}
    </p>
  );
}
