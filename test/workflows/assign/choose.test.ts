import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Board } from "../../../src/host/boards.ts";
import { startSim } from "../../../src/sim/testing/start.ts";
import { chooseBoards } from "../../../src/workflows/assign/choose.ts";
import { Interrupted, UsageError } from "../../../src/workflows/errors.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

setDefaultTimeout(30_000);

const blue = { path: "/dev/ttyACM0", serial: "BLUE" };
const red = { path: "/dev/ttyACM1", serial: "RED" };
const green = { path: "/dev/ttyACM2", serial: "GREEN" };

/** Boards that are plugged in, as they are now. */
const plugged = (...boards: Board[]) => {
  const now = { boards };
  return { now, list: async () => now.boards };
};

const nobody = () => new ScriptedOperator({ attended: false });

describe("boards that were given", () => {
  test("are known by serial number or by port", async () => {
    const { list } = plugged(blue, red);
    const chosen = { leader: { ...blue, isTwin: false }, follower: { ...red, isTwin: false } };
    expect(await chooseBoards({ leader: "BLUE", follower: "RED" }, nobody(), list)).toEqual(chosen);
    expect(await chooseBoards({ leader: "/dev/ttyACM0", follower: "RED" }, nobody(), list)).toEqual(chosen);
  });

  test("need not be here only where that is allowed", async () => {
    const { list } = plugged();
    const given = { leader: "BLUE", follower: "RED" };
    await expect(chooseBoards(given, nobody(), list)).rejects.toThrow(
      "--leader: no board with the serial number BLUE is plugged in — no board is plugged in",
    );
    expect(await chooseBoards({ ...given, absent: "allowed" }, nobody(), list)).toEqual({
      leader: { serial: "BLUE", isTwin: false },
      follower: { serial: "RED", isTwin: false },
    });
  });

  test("with one serial number are told apart by their ports, and are known to be twins", async () => {
    const { list } = plugged(blue, { ...red, serial: "BLUE" });
    await expect(chooseBoards({ leader: "BLUE", follower: "BLUE" }, nobody(), list)).rejects.toThrow(
      "name the port instead: /dev/ttyACM0 or /dev/ttyACM1",
    );
    const chosen = await chooseBoards({ leader: blue.path, follower: red.path }, nobody(), list);
    expect([chosen.leader.isTwin, chosen.follower.isTwin]).toEqual([true, true]);
  });

  test("must be two", async () => {
    const { list } = plugged(blue, red);
    await expect(chooseBoards({ leader: "BLUE" }, nobody(), list)).rejects.toThrow(UsageError);
    await expect(chooseBoards({ leader: "BLUE", follower: "BLUE" }, nobody(), list)).rejects.toThrow(
      "leader and follower are the same board",
    );
  });
});

describe("boards that are asked for", () => {
  test("need a person: without one it is said what to give, and what there is", async () => {
    await expect(chooseBoards({}, nobody(), plugged(blue, red).list)).rejects.toThrow(
      "give --leader and --follower. There are: /dev/ttyACM0 (serial BLUE), /dev/ttyACM1 (serial RED)",
    );
  });

  test("must be there, both of them", async () => {
    await expect(chooseBoards({}, new ScriptedOperator(), plugged(blue).list)).rejects.toThrow(
      "only one board is plugged in: /dev/ttyACM0 (serial BLUE) — plug in the other arm's too",
    );
  });

  test("are picked: of two, the second is the one that is left", async () => {
    const operator = new ScriptedOperator({
      choose: (question) => (question.startsWith("How") ? "pick" : red.path),
    });
    const chosen = await chooseBoards({}, operator, plugged(blue, red).list);
    expect([chosen.leader.serial, chosen.follower.serial]).toEqual(["RED", "BLUE"]);
    expect(operator.asked).toHaveLength(2);
  });

  test("are unplugged, and may come back by another path", async () => {
    const { now, list } = plugged(blue, red);
    const operator = new ScriptedOperator({
      choose: () => "unplug",
      hears: (message) => {
        if (message.startsWith("Unplug the USB cable of the leader")) now.boards = [blue];
        if (message.startsWith("That was /dev/ttyACM1")) {
          now.boards = [blue, { ...red, path: "/dev/ttyACM7" }];
        }
      },
    });
    const chosen = await chooseBoards({}, operator, list);
    expect(chosen.leader).toEqual({ path: "/dev/ttyACM7", serial: "RED", isTwin: false });
    expect(chosen.follower.serial).toBe("BLUE");
  });

  test("are unplugged one at a time", async () => {
    const { now, list } = plugged(blue, red, green);
    const hears = (message: string) => {
      if (message.startsWith("Unplug")) now.boards = [green];
    };
    const operator = new ScriptedOperator({ choose: () => "unplug", hears });
    await expect(chooseBoards({}, operator, list)).rejects.toThrow("more than one board has gone");
  });

  test("are no longer waited for when the person ends it", async () => {
    const controller = new AbortController();
    const operator = new ScriptedOperator({
      signal: controller.signal,
      choose: () => "unplug",
      hears: (message) => message.startsWith("Unplug") && controller.abort(new Interrupted()),
    });
    await expect(chooseBoards({}, operator, plugged(blue, red).list)).rejects.toThrow(Interrupted);
  });

  test("are found by moving the arm, which is only read", async () => {
    await using sim = await startSim({ arms: "calibrated", motion: "still" });
    const ports = [
      { path: sim.paths.follower, serial: "RED" },
      { path: sim.paths.leader, serial: "BLUE" },
    ];
    const { position } = (await sim.client.request({ do: "state" })).leader.joints.wrist_flex;
    const push = { do: "push", arm: "leader", joint: "wrist_flex", position: position - 400 } as const;
    const operator = new ScriptedOperator({
      choose: () => "move",
      hears: (message) => message.startsWith("Move the leader arm") && sim.client.request(push),
    });
    const chosen = await chooseBoards({}, operator, plugged(...ports).list);
    expect([chosen.leader.serial, chosen.follower.serial]).toEqual(["BLUE", "RED"]);
  });
});
