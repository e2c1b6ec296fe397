/** What Prometheus reads of pairs. */
import { expect, test } from "bun:test";
import { exposition } from "../../src/metrics/exposition.ts";
import { needing, program } from "../support/needs.ts";
import { aStatus } from "../support/status.ts";

const PAIRS = [
  { ...aStatus, pair: "main" },
  { ...aStatus, pair: "left" },
];

test("each metric stands once, with a sample of every pair below it", () => {
  const lines = exposition(PAIRS).trimEnd().split("\n");
  const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(lines).toContain('so101_servo_temperature_celsius{pair="left",arm="leader",joint="gripper"} 31');
  expect(lines).toContain('so101_state{pair="main",state="following"} 1');
  expect(lines).toContain('so101_state{pair="main",state="holding"} 0');
});

test("what is not known has no sample", () => {
  const [status] = PAIRS;
  const { gripper } = status!.arms.follower.joints;
  const unknown = {
    ...status!,
    arms: {
      ...status!.arms,
      follower: {
        ...status!.arms.follower,
        joints: { ...status!.arms.follower.joints, gripper: { ...gripper, temperatureC: null } },
      },
    },
  };
  expect(exposition([unknown])).not.toMatch(
    /temperature_celsius\{pair="main",arm="follower",joint="gripper"\}/,
  );
});

test("a name is quoted so that it stays one", () => {
  expect(exposition([{ ...aStatus, pair: 'a"b\\c\nd' }])).toContain(
    'so101_ticks_total{pair="a\\"b\\\\c\\nd"}',
  );
});

needing(program("promtool", "prometheus")).test("promtool finds nothing wrong with it", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["promtool", "check", "metrics"], {
    stdin: Buffer.from(exposition(PAIRS)),
  });
  expect({ out: `${stdout}${stderr}`, exitCode }).toEqual({ out: "", exitCode: 0 });
});
