/** The fleet in a table for people: names and texts in it are anybody's, and shown as such. */

import { styled } from "../../linux/text/styled.ts";
import { visible } from "../../linux/text/visible.ts";
import type { FleetPair, Presence, ToldFleetEvent } from "../../remote/fleet/watch.ts";

/** The table and, below it, what is wrong anywhere; `now` is when it was looked at. */
export function describeFleet(pairs: readonly FleetPair[], now = new Date()): string[] {
  const rows = pairs.map((pair) => rowOf(pair, now));
  const headings: Row = ["machine/pair", "state", "for", "driven by", "alarms", "heard"];
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (row: Row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return [
    styled("dim", line(headings)),
    ...rows.map((row, index) => {
      const style = styles[pairs[index]!.presence];
      return style === undefined ? line(row) : styled(style, line(row));
    }),
    ...pairs.flatMap(({ name, presence, status }) =>
      (presence === "offline" ? [] : (status?.alarms ?? [])).map(({ code, message }) =>
        styled("yellow", `${name}: ${visible(message)} [${visible(code)}]`),
      ),
    ),
  ];
}

/** What people want to hear of when it changes: not each figure. */
export function gistOf({ presence, version, gone, status }: FleetPair): string {
  const codes = status?.alarms.map(({ code }) => code);
  return JSON.stringify([presence, version, gone, status?.state, status?.mode, status?.driver, codes]);
}

/** A pair that has changed, in a line. */
export function describeChange(pair: FleetPair): string {
  const [name, state, , driver] = rowOf(pair, new Date());
  const alarms = pair.presence === "offline" ? [] : (pair.status?.alarms ?? []);
  const details = [
    ...(driver === "" ? [] : [`driven by ${driver}`]),
    ...alarms.map(({ code, message }) => `${visible(message)} [${visible(code)}]`),
  ];
  return `${name}: ${[state, ...details].join("; ")}`;
}

/** An event, as the log of its own machine has it. */
export function describeEvent({ name, time, message, code }: ToldFleetEvent): string {
  return `${new Date(time).toTimeString().slice(0, 8)} ${name}: ${visible(message)} [${visible(code)}]`;
}

type Row = readonly [
  name: string,
  state: string,
  lasting: string,
  driver: string,
  alarms: string,
  heard: string,
];

const styles: Readonly<Record<Presence, "yellow" | "dim" | undefined>> = {
  online: undefined,
  stale: "yellow",
  offline: "dim",
  "other version": "yellow",
};

function rowOf(pair: FleetPair, now: Date): Row {
  const { name, presence, status } = pair;
  const age = (time: string) => duration(now.getTime() - Date.parse(time));
  const ago = pair.heardAt === null ? "–" : `${age(pair.heardAt)} ago`;
  const heard = presence === "online" ? "now" : ago;
  if (presence === "other version") return [name, `speaks version ${pair.version}`, "", "", "", heard];
  if (presence === "offline" || status === null)
    return [name, pair.gone === "stopped" ? "offline: it was ended" : "offline: lost", "", "", "", heard];
  const { state, since, mode, driver, alarms } = status;
  const asked = mode === null || mode === "running" ? "" : ` (${visible(mode)})`;
  return [
    name,
    `${presence === "stale" ? "stale: " : ""}${visible(state ?? "not running")}${asked}`,
    since === null ? "" : age(since),
    driver === null ? "" : visible(driver.leader ?? driver.source),
    alarms.length === 0 ? "" : `${alarms.length}`,
    heard,
  ];
}

/** As short as a column wants it, also where a machine's clock is ahead of this one's. */
function duration(ms: number): string {
  const s = Math.max(Math.floor(ms / 1000), 0);
  if (s >= 86_400) return `${Math.floor(s / 86_400)} d`;
  if (s >= 3_600) return `${Math.floor(s / 3_600)} h ${Math.floor(s / 60) % 60} min`;
  return s >= 60 ? `${Math.floor(s / 60)} min` : `${s} s`;
}
