import { expect, test } from "bun:test";
import { planAssignment } from "../../../src/workflows/assign/assign.ts";
import { argumentsFor, chooseSource } from "../../../src/workflows/assign/next.ts";
import { ScriptedOperator } from "../../support/scripted-operator.ts";

const given = { leader: "BLUE", follower: "RED" } as const;
/** A pair that no machine has, so that no file of this one's is read. */
const PAIR = "pair-of-the-tests";

const blue = { path: "/dev/ttyACM0", serial: "BLUE", vendorId: "1a86", productId: "55d3" };
const red = { path: "/dev/ttyACM1", serial: "RED" };

test("boards that are told apart by their serial numbers get their pair's names by them", async () => {
  const list = async () => [blue, red];
  const { plan, named } = await planAssignment(PAIR, given, new ScriptedOperator(), list);
  expect(named).toEqual([
    {
      link: `/dev/so101/${PAIR}-leader`,
      mark: { by: "serial", serial: "BLUE", vendorId: "1a86", productId: "55d3" },
    },
    { link: `/dev/so101/${PAIR}-follower`, mark: { by: "serial", serial: "RED" } },
  ]);
  expect(plan.text).toContain(`SYMLINK+="so101/${PAIR}-follower"`);
});

test.each([
  ["no serial number", { leader: "/dev/ttyACM0", follower: "RED" }, undefined, "has no serial number"],
  [
    "another board's serial number",
    { leader: "/dev/ttyACM0", follower: "/dev/ttyACM1" },
    "RED",
    "has the serial number RED, as another board here",
  ],
  [
    "a serial number that is a pattern",
    { leader: "A*", follower: "RED" },
    "A*",
    'has the serial number "A*", which udev cannot tell',
  ],
])("a board with %s, of whose USB socket nothing is known, is refused", async (_, wanted, serial, said) => {
  const odd = { path: "/dev/ttyACM0", ...(serial !== undefined && { serial }) };
  const planning = planAssignment(PAIR, wanted, new ScriptedOperator(), async () => [odd, red]);
  await expect(planning).rejects.toThrow(`the leader's board ${said}`);
});

const arm = { role: "leader", id: "blue", port: "/dev/x", calibrationDir: "/nowhere" } as const;

test("a person says where a missing calibration is to come from, or that it is to come later", async () => {
  const choosing = (value: string) => new ScriptedOperator({ choose: () => value });
  expect(await chooseSource(arm, choosing("import"))).toBe("import");
  expect(await chooseSource(arm, choosing("later"))).toBeUndefined();
});

test("without a person the commands are named that make it, for the pair", async () => {
  const operator = new ScriptedOperator({ attended: false, audience: { pair: "left" } });
  expect(await chooseSource(arm, operator)).toBeUndefined();
  expect(operator.heard[0]).toContain("so101 calibration pull leader --pair left");
  expect(operator.heard[0]).toContain("so101 calibrate leader --pair left");
  expect(operator.events).toEqual([{ event: "missing", what: "calibration", arm: "leader", id: "blue" }]);
  expect(argumentsFor("import", arm, "main")).toEqual(["calibration", "import", "leader"]);
});
