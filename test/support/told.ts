/** What alarms and notices tell, for the tests of what raises them. */

import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { Alarms } from "../../src/teleop/monitoring/alarms.ts";
import type { AlarmChange, ControlEvent, Notice } from "../../src/teleop/reporting/events.ts";

/** Alarms that stand in virtual time, and what they have told. */
export function toldAlarms(clock = new VirtualClock()) {
  const told: AlarmChange[] = [];
  const notices: Notice[] = [];
  const sink = (event: ControlEvent) => {
    if (event.kind === "alarm") told.push(event);
    if (event.kind === "notice") notices.push(event);
  };
  return {
    clock,
    told,
    notices,
    loud: () => told.filter(({ quiet }) => !quiet),
    alarms: new Alarms(sink, clock),
  };
}
