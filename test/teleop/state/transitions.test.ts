import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../../src/sim/testing/clock.ts";
import type { EventCode } from "../../../src/teleop/reporting/codes.ts";
import type { ControlEvent } from "../../../src/teleop/reporting/events.ts";
import type { Problem } from "../../../src/teleop/reporting/problem.ts";
import { MissingEdge, StateMachine } from "../../../src/teleop/state/machine.ts";
import { PAIR_STATES, type PairState } from "../../../src/teleop/state/states.ts";
import { isEdge, originsOf, transitions } from "../../../src/teleop/state/transitions.ts";

/** The edges of the design, from each state. "any" is every state but the one it leads to, and stopped. */
const edges: Readonly<Record<PairState, readonly PairState[]>> = {
  waiting: ["connecting", "aligning", "holding", "faulted", "stopped", "leading"],
  connecting: ["waiting", "aligning", "holding", "faulted", "stopped", "leading"],
  aligning: ["waiting", "following", "holding", "faulted", "stopped"],
  following: ["waiting", "aligning", "holding", "faulted", "stopped"],
  holding: ["waiting", "connecting", "aligning", "faulted", "stopped"],
  faulted: ["waiting", "connecting", "holding", "stopped"],
  stopped: [],
  // A machine that has the leader alone: nothing there is moved or held.
  leading: ["waiting", "holding", "faulted", "stopped"],
};

const led = (from: PairState, to: PairState) =>
  transitions.some((transition) => transition.to === to && originsOf(transition).includes(from));

describe("the transitions", () => {
  test("are those of the design, and no others", () => {
    const found = PAIR_STATES.map((from) => [from, PAIR_STATES.filter((to) => led(from, to))]);
    const wanted = PAIR_STATES.map((from) => [from, PAIR_STATES.filter((to) => edges[from].includes(to))]);
    expect(found).toEqual(wanted);
  });

  test("have no edge from holding to following, and none out of stopped", () => {
    expect(led("holding", "following")).toBe(false);
    expect(PAIR_STATES.filter((to) => led("stopped", to))).toEqual([]);
  });

  test("tell of no state that it follows itself", () => {
    for (const state of PAIR_STATES) expect(led(state, state)).toBe(false);
  });

  test("lead only for the reasons that they name", () => {
    expect(isEdge("following", "holding", "leader.silent")).toBe(true);
    expect(isEdge("waiting", "holding", "leader.silent")).toBe(false);
    expect(isEdge("waiting", "holding", "pair.paused")).toBe(true);
    expect(isEdge("following", "waiting", "pair.following")).toBe(false);
  });
});

describe("a pair's state", () => {
  const problem = (code: EventCode) => ({ code }) as Problem;
  function machine() {
    const told: ControlEvent[] = [];
    return { told, machine: new StateMachine((event) => told.push(event), new VirtualClock()) };
  }

  test("is waiting at first, and nobody was told why", () => {
    const { machine: it, told } = machine();
    expect([it.state, it.isTold, told]).toEqual(["waiting", false, []]);
    it.enter("waiting", [problem("board.missing")]);
    expect(told).toEqual([
      { kind: "state", from: undefined, to: "waiting", reasons: [problem("board.missing")] },
    ]);
  });

  test("that is entered again for the same reason is not told again, for another as that", () => {
    const { machine: it, told } = machine();
    it.enter("waiting", [problem("board.missing")]);
    it.enter("waiting", [problem("board.missing")]);
    expect(told.length).toBe(1);
    it.enter("waiting", [problem("bus.silent")]);
    expect(told.at(-1)).toEqual({ kind: "reasons", reasons: [problem("bus.silent")] });
  });

  test("whose reason has other figures is not told again", () => {
    const { machine: it, told } = machine();
    const cooling = (celsius: number): Problem => ({ code: "servo.cooling", celsius, coolBelowC: 55 });
    it.enter("waiting", [cooling(66)]);
    it.enter("waiting", [cooling(65)]);
    expect(told.length).toBe(1);
  });

  test("does not go where no edge leads, and stays what it was", () => {
    const { machine: it, told } = machine();
    it.enter("connecting", [problem("pair.connecting")]);
    expect(() => it.enter("following", [problem("pair.following")])).toThrow(MissingEdge);
    expect([it.state, told.length]).toEqual(["connecting", 1]);
  });

  test.each(PAIR_STATES.flatMap((from) => PAIR_STATES.map((to) => [from, to] as const)))(
    "from %s to %s goes where the table has an edge, and throws where it has none",
    (from, to) => {
      const { machine: it } = machine();
      for (const [state, code] of wayTo[from]) it.enter(state, [problem(code)]);
      const edge = transitions.find((one) => one.to === to && originsOf(one).includes(from));
      const enter = () => it.enter(to, [problem(edge?.codes[0] ?? "pair.following")]);
      if (edge !== undefined || from === to) {
        enter();
        expect(it.state).toBe(to);
      } else {
        expect(enter).toThrow(MissingEdge);
        expect(it.state).toBe(from);
      }
    },
  );
});

/** How each state is come to from the first. */
const aligning = [
  ["connecting", "pair.connecting"],
  ["aligning", "pair.aligning"],
] as const;
const wayTo: Readonly<Record<PairState, readonly (readonly [PairState, EventCode])[]>> = {
  waiting: [["waiting", "board.missing"]],
  connecting: aligning.slice(0, 1),
  aligning,
  following: [...aligning, ["following", "pair.following"]],
  holding: [...aligning, ["holding", "leader.silent"]],
  faulted: [["faulted", "calibration.missing"]],
  stopped: [["stopped", "pair.stopped"]],
  leading: [["leading", "pair.leading"]],
};
