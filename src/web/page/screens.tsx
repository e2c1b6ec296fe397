/** What can be looked at, and what each screen is given. */
import type { ComponentType } from "preact";
import type { Status } from "../../api/protocol.ts";
import type { PageMessage } from "../messages.ts";
import { Access } from "./access/access.tsx";
import { Datasets } from "./datasets/datasets.tsx";
import { Events } from "./events/events.tsx";
import { Fleet } from "./fleet/fleet.tsx";
import { Health } from "./health/health.tsx";
import { Joints } from "./joints/joints.tsx";
import { Now } from "./now/now.tsx";
import { RecordScreen } from "./record/record.tsx";
import { SetUp } from "./set-up/set-up.tsx";
import { Settings } from "./settings/settings.tsx";

/** What is known of a pair; undefined before anything is. */
export type Known =
  | Extract<PageMessage, { kind: "status" }>
  | Extract<PageMessage, { kind: "absent" }>
  | undefined;

/** What a screen is given. */
export interface ScreenProperties {
  readonly pair: string;
  readonly known: Known;
  /** The pair's newest status; undefined while its service is not heard. */
  readonly status: Status | undefined;
  /** Whether this page may make arms move, and change files. */
  readonly isClaimed: boolean;
  /** The claim that somebody makes just now, on whichever page. */
  readonly attempt: Extract<PageMessage, { kind: "claim" }> | undefined;
}

interface Screen {
  readonly title: string;
  readonly View: ComponentType<ScreenProperties>;
  /** Whether it is there only where this machine hears of others. */
  readonly isOfFleet?: true;
}

/** The screens, by the part of the address after #. */
export const SCREENS = {
  now: { title: "Now", View: Now },
  joints: { title: "Joints", View: Joints },
  record: { title: "Record", View: RecordScreen },
  datasets: { title: "Datasets", View: Datasets },
  "set-up": { title: "Set up", View: SetUp },
  settings: { title: "Settings", View: Settings },
  health: { title: "Health", View: Health },
  events: { title: "Events", View: Events },
  access: { title: "Access", View: Access },
  fleet: { title: "Fleet", View: Fleet, isOfFleet: true },
} as const satisfies Record<string, Screen>;

/** The name of a screen. */
export type ScreenName = keyof typeof SCREENS;

/** The screens that a machine has, by name: that of the fleet where it hears of others. */
export function screensWith(fleet: "fleet" | "no fleet"): [ScreenName, Screen][] {
  const all = Object.entries(SCREENS) as [ScreenName, Screen][];
  return all.filter(([, { isOfFleet }]) => !isOfFleet || fleet === "fleet");
}
