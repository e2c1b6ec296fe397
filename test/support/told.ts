/** What alarms and notices tell, for the tests of what raises them. */

import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { Alarms } from "../../src/teleop/monitoring/alarms.ts";
import type { AlarmChange, ControlEvent } from "../../src/teleop/reporting/events.ts";

/** Alarms that stand in virtual time, and what they have told. */
export function toldAlarms(clock = new VirtualClock()) {
  const told: AlarmChange[] = [];
  const sink = (event: ControlEvent) => event.kind === "alarm" && told.push(event);
  return { clock, told, loud: () => told.filter(({ quiet }) => !quiet), alarms: new Alarms(sink, clock) };
}
