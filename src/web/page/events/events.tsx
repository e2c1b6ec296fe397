/** What happened since the service started, the newest first: live, and to be searched. */
import { useMemo, useState } from "preact/hooks";
import type { NumberedEvent, Status } from "../../../api/protocol.ts";
import { JOINTS } from "../../../arm/joints.ts";
import type { EventsReply } from "../../health/messages.ts";
import { Report } from "../health/report.tsx";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { usePolled } from "../polled.ts";
import type { ScreenProperties } from "../screens.tsx";
import { When } from "../when.tsx";
import { type Filter, passes } from "./filter.ts";
import "./events.css";

/** What is new is asked for at once; this is for what nobody was told of. */
const ASK_EVERY_MS = 10_000;

const EVERYTHING: Filter = { gravity: "info", joint: "", text: "" };

/** The screen. */
export function Events({ pair, status }: ScreenProperties) {
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">Events</h2>
      {status === undefined ? (
        <p>
          While the service is not heard, what happened is in the machine's journal: journalctl -u
          so101-teleop
        </p>
      ) : (
        <Told pair={pair} status={status} />
      )}
      <Report pair={pair} />
    </section>
  );
}

function Told({ pair, status }: { readonly pair: string; readonly status: Status }) {
  const last = status.events.at(-1);
  const news = last === undefined ? "" : last.time + last.code + last.message;
  const path = pathOf(pair, "events");
  const { answer, problem } = usePolled<EventsReply>(path, ASK_EVERY_MS, news);
  const [filter, setFilter] = useState(EVERYTHING);
  const shown = useMemo(
    () => answer?.events.filter((event) => passes(event, filter)).toReversed(),
    [answer, filter],
  );
  const { length = 0 } = answer?.events ?? [];
  return (
    <>
      <FilterForm filter={filter} change={setFilter} />
      <p role="status">
        {shown === undefined
          ? (problem ?? "Asking the service …")
          : `${shown.length} of ${length} since the service started; what was before is in the machine's journal.`}
      </p>
      <ol class="events" aria-label="Events, the newest first">
        {shown?.map((event) => (
          <Event key={event.number} event={event} meaning={answer?.meanings[event.code]} />
        ))}
      </ol>
    </>
  );
}

interface EventProperties {
  readonly event: NumberedEvent;
  readonly meaning: string | undefined;
}

function Event({ event: { time, code, severity, message }, meaning }: EventProperties) {
  return (
    <li class={severity}>
      <When time={time} /> {severity !== "info" && <strong>{severity}: </strong>}
      {byOwnMeans(message)}
      <small>
        <code>{code}</code>
        {meaning && `: ${meaning}`}
      </small>
    </li>
  );
}

interface FormProperties {
  readonly filter: Filter;
  change(filter: Filter): void;
}

function FilterForm({ filter, change }: FormProperties) {
  return (
    <search class="filter">
      <label>
        Show
        <select
          value={filter.gravity}
          onChange={({ currentTarget: { value } }) =>
            change({ ...filter, gravity: value as Filter["gravity"] })
          }
        >
          <option value="info">everything</option>
          <option value="warning">warnings and faults</option>
          <option value="fault">faults</option>
        </select>
      </label>
      <label>
        Joint
        <select
          value={filter.joint}
          onChange={({ currentTarget: { value } }) => change({ ...filter, joint: value as Filter["joint"] })}
        >
          <option value="">any</option>
          {JOINTS.map((joint) => (
            <option key={joint} value={joint}>
              {joint}
            </option>
          ))}
        </select>
      </label>
      <label>
        With the words
        <input
          type="search"
          value={filter.text}
          onInput={({ currentTarget: { value } }) => change({ ...filter, text: value })}
        />
      </label>
    </search>
  );
}
