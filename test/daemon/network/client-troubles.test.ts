import { expect, test } from "bun:test";
import { ClientTroubles } from "../../../src/daemon/network/client-troubles.ts";
import { sayProblem } from "../../../src/messages/problems.ts";
import type { ControlEvent } from "../../../src/teleop/reporting/events.ts";

function troubles() {
  const told: ControlEvent[] = [];
  const clock = { nowMs: 0 };
  return {
    told,
    clock,
    troubles: new ClientTroubles(
      (event) => told.push(event),
      () => clock.nowMs,
    ),
  };
}

const closed = {
  why: "no broker",
  broker: "mqtt://broker",
  fact: "nothing answers there — check it",
} as const;

test("what keeps a leader's positions in is an alarm, raised once and cleared once", () => {
  const { told, troubles: kept } = troubles();
  kept.unsent(undefined);
  kept.unsent(closed);
  kept.unsent({ ...closed });
  kept.unsent(undefined);
  expect(told).toEqual([
    {
      kind: "alarm",
      name: "network.unsent",
      change: "raised",
      severity: "warning",
      problem: { code: "network.unsent", trouble: closed },
    },
    {
      kind: "alarm",
      name: "network.unsent",
      change: "cleared",
      severity: "info",
      problem: { code: "network.unsent", trouble: closed },
    },
  ]);
});

test("samples of another machine are counted, and told once a spell", () => {
  const { told, clock, troubles: kept } = troubles();
  for (clock.nowMs = 0; clock.nowMs < 30_000; clock.nowMs += 1_000) kept.ofOthers("desk/main", 200);
  expect(kept.others).toBe(6_000);
  expect(told).toHaveLength(1);
  clock.nowMs += 60_000;
  kept.ofOthers("desk/main", 1);
  expect(told).toHaveLength(2);
  const [first] = told;
  expect(first?.kind === "notice" && sayProblem(first.problem, {})).toContain(
    "two machines call themselves desk",
  );
});
