/** Every pair of every machine that the broker knows: how it is, since when, who drives it, and what is wrong. */
import "./fleet.css";
import { useMemo, useState } from "preact/hooks";
import type { FleetRow } from "../../fleet/messages.ts";
import { byOwnMeans } from "../own-means.ts";
import { When } from "../when.tsx";
import { useFleet } from "./fleet-list.ts";
import { found, isAsItShould, shownOf, sumOf } from "./rows.ts";

/** More than anybody looks through: the search finds the rest. */
const MOST_SHOWN = 300;

/** The screen. */
export function Fleet() {
  const { fleet, problem } = useFleet();
  const [search, setSearch] = useState("");
  const [isInNeed, setIsInNeed] = useState(false);
  const rows = [...(fleet?.rows.values() ?? [])];
  const all = found(rows, search, isInNeed ? "in need" : "all");
  const isAsked = fleet === undefined || (fleet.machine === null && fleet.trouble === null);
  const trouble = problem ?? fleet?.trouble;
  return (
    <section class="fleet" aria-labelledby="fleet-title">
      <h2 id="fleet-title">Fleet</h2>
      {trouble && (
        <p class="notice" role="alert">
          {byOwnMeans(trouble)}
        </p>
      )}
      {isAsked ? (
        <p>{problem === undefined ? "Asking the machine …" : ""}</p>
      ) : (
        <p>
          {sumOf(rows)}
          {fleet.machine !== null && ` This machine is called ${fleet.machine}.`}
        </p>
      )}
      <search>
        <label>
          Search{" "}
          <input
            type="search"
            value={search}
            maxLength={100}
            spellcheck={false}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <label class="box">
          <input
            type="checkbox"
            checked={isInNeed}
            onChange={({ currentTarget }) => setIsInNeed(currentTarget.checked)}
          />{" "}
          Only those that need somebody
        </label>
      </search>
      <ul aria-label="Pairs of arms" aria-busy={isAsked}>
        {all.slice(0, MOST_SHOWN).map((row) => (
          <Row key={row.name} row={row} isHere={row.name.startsWith(`${fleet?.machine}/`)} />
        ))}
      </ul>
      {all.length > MOST_SHOWN && <p>… and {all.length - MOST_SHOWN} more: search for one of them.</p>}
      {all.length === 0 && rows.length > 0 && <p>None is so.</p>}
    </section>
  );
}

interface RowProperties {
  readonly row: FleetRow;
  /** Whether it is a pair of the machine whose page this is. */
  readonly isHere: boolean;
}

/** A pair, made anew only when something of it is another. */
function Row({ row, isHere }: RowProperties) {
  return useMemo(() => <Pair row={row} isHere={isHere} />, [row, isHere]);
}

function Pair({ row, isHere }: RowProperties) {
  const { name, presence, why, armsHere, driver, alarms, alarmCount } = row;
  // Of one that does what it is for nobody asks why.
  const isToBeSaid = presence === "online" && why !== "" && !isAsItShould(row);
  return (
    <li>
      <p class="name">
        <strong>{name}</strong>
        {isHere && <small> this machine</small>}
      </p>
      <div>
        <Standing row={row} />
        <p class="drives">{drivesOf(armsHere, driver)}</p>
        {isToBeSaid && <p class="why">{why}</p>}
        {alarms.map((alarm, index) => (
          <p key={index} class="alarm">
            {alarm}
          </p>
        ))}
        {alarmCount > alarms.length && <p class="alarm">… and {alarmCount - alarms.length} more</p>}
      </div>
    </li>
  );
}

/** How it is, and since when; of one that is not heard, when it was heard last. */
function Standing({ row }: Pick<RowProperties, "row">) {
  const { presence, heardAt, since } = row;
  const { word, look } = shownOf(row);
  const time = presence === "online" ? since : heardAt;
  return (
    <p class={`dot ${look}`}>
      {word}
      {time !== null && (
        <>
          {presence === "online" ? " since " : ", heard last "}
          <When time={time} />
        </>
      )}
    </p>
  );
}

function drivesOf(armsHere: string, driver: string | null): string {
  if (armsHere === "leader") return "a leader alone";
  if (driver === null) return "";
  return driver === "local" ? "driven by its own leader" : `driven by ${driver}`;
}
