/** What Prometheus reads of pairs. */
import { expect, test } from "bun:test";
import { exposition } from "../../src/metrics/exposition.ts";
import { needing, program } from "../support/needs.ts";
import { aStatus } from "../support/status.ts";

const PAIRS = [
  { name: "main", status: aStatus },
  { name: "left", status: aStatus },
  { name: "silent", status: undefined },
];

test("each metric stands once, with a sample of every pair below it", () => {
  const lines = exposition(PAIRS).trimEnd().split("\n");
  const names = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(lines).toContain('so101_servo_temperature_celsius{pair="left",arm="leader",joint="gripper"} 31');
  expect(lines).toContain('so101_state{pair="main",state="following"} 1');
  expect(lines).toContain('so101_state{pair="main",state="holding"} 0');
  expect(lines).toContain('so101_mode{pair="main",mode="running"} 1');
  expect(lines).toContain('so101_holds_total{pair="main"} 3');
  expect(lines).toContain('so101_lateness_seconds{pair="main",quantile="0.99"} 0.00007');
  expect(lines).toContain('so101_round_trip_seconds{pair="main",arm="leader",quantile="0.5"} 0.0011');
  expect(lines).toContain(
    'so101_servo_error{pair="main",arm="follower",joint="elbow_flex",error="overload"} 0',
  );
});

test("a pair whose service is silent is down, and has no other sample", () => {
  const lines = exposition(PAIRS).split("\n");
  expect(lines).toContain('so101_up{pair="main"} 1');
  expect(lines.filter((line) => line.includes('"silent"'))).toEqual(['so101_up{pair="silent"} 0']);
  expect(exposition([{ name: "silent", status: undefined }])).toContain('so101_up{pair="silent"} 0\n');
});

test("what is not known has no sample", () => {
  const { follower } = aStatus.arms;
  const gripper = { ...follower.joints.gripper, temperatureC: null };
  const arms = { ...aStatus.arms, follower: { ...follower, joints: { ...follower.joints, gripper } } };
  expect(exposition([{ name: "main", status: { ...aStatus, arms } }])).not.toMatch(
    /temperature_celsius\{pair="main",arm="follower",joint="gripper"\}/,
  );
});

test("a name is quoted so that it stays one", () => {
  expect(exposition([{ name: 'a"b\\c\nd', status: aStatus }])).toContain(
    'so101_ticks_total{pair="a\\"b\\\\c\\nd"}',
  );
});

needing(program("promtool", "prometheus")).test("promtool finds nothing wrong with it", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["promtool", "check", "metrics"], {
    stdin: Buffer.from(exposition(PAIRS)),
  });
  expect({ out: `${stdout}${stderr}`, exitCode }).toEqual({ out: "", exitCode: 0 });
});
