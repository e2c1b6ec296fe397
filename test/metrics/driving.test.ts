/** What Prometheus reads of who drives. */
import { expect, test } from "bun:test";
import { exposition } from "../../src/metrics/exposition.ts";
import { needing, program } from "../support/needs.ts";
import { aStatus, drivenByDesk, leaderOnly } from "../support/status.ts";

const linesOf = (status: typeof aStatus) => exposition([{ name: "main", status }]).split("\n");

test("the leader of another machine has its figures, in seconds", () => {
  const lines = linesOf(drivenByDesk);
  for (const line of [
    'so101_driver_info{pair="main",source="remote leader",leader="desk/main"} 1',
    `so101_driver_start_time_seconds{pair="main"} ${Date.parse("2026-01-01T10:00:05.000Z") / 1e3}`,
    'so101_remote_delay_seconds{pair="main",quantile="0.5"} 0.00124',
    'so101_remote_delay_seconds{pair="main",quantile="0.99"} 0.038',
    'so101_remote_longest_gap_seconds{pair="main"} 0.1436',
    'so101_remote_samples_total{pair="main"} 1439000',
    'so101_remote_dropped_samples_total{pair="main",reason="old"} 12',
    'so101_remote_dropped_samples_total{pair="main",reason="late"} 3',
    'so101_remote_dropped_samples_total{pair="main",reason="other"} 0',
    'so101_remote_dropped_samples_total{pair="main",reason="missing"} 41',
    'so101_remote_holds_total{pair="main"} 3',
    'so101_remote_wanted_seconds_total{pair="main"} 7200',
    'so101_remote_followed_seconds_total{pair="main"} 7128',
  ]) {
    expect(lines).toContain(line);
  }
});

test("a pair whose own leader drives has none of a remote one, and a service of before has nothing of it", () => {
  const driver = { source: "local leader", leader: null, since: aStatus.since } as const;
  const lines = linesOf({ ...aStatus, driver });
  expect(lines).toContain('so101_driver_info{pair="main",source="local leader",leader=""} 1');
  expect(lines.filter((line) => line.includes("remote_"))).toEqual([]);
  expect(linesOf(aStatus).filter((line) => /remote_|driver_/.test(line))).toEqual([]);
});

test("a client that drives is told by its address", () => {
  const leader = { source: "local leader", leader: null, since: aStatus.since, isAwaited: true } as const;
  expect(linesOf({ ...aStatus, driver: leader })).toContain(
    'so101_driver_info{pair="main",source="nobody",leader=""} 1',
  );
  const driver = { source: "client", leader: "192.168.1.20", since: aStatus.since } as const;
  expect(linesOf({ ...aStatus, driver })).toContain(
    'so101_driver_info{pair="main",source="client",leader="192.168.1.20"} 1',
  );
});

test("a delay that is not known yet has no sample", () => {
  const remote = { ...drivenByDesk.remote!, delayMs: { p50: null, p99: null } };
  expect(linesOf({ ...drivenByDesk, remote }).filter((line) => line.includes("remote_delay"))).toEqual([]);
});

test("an arm that is on another machine has no samples here", () => {
  expect(linesOf(drivenByDesk).filter((line) => line.includes('arm="leader"'))).toEqual([]);
  expect(linesOf(leaderOnly).filter((line) => line.includes('arm="follower"'))).toEqual([]);
  expect(linesOf(leaderOnly).filter((line) => line.includes('arm="leader"')).length).toBeGreaterThan(50);
});

needing(program("promtool", "prometheus")).test("promtool finds nothing wrong with them", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["promtool", "check", "metrics"], {
    stdin: Buffer.from(
      exposition([
        { name: "main", status: drivenByDesk },
        { name: "left", status: aStatus },
      ]),
    ),
  });
  expect({ out: `${stdout}${stderr}`, exitCode }).toEqual({ out: "", exitCode: 0 });
});
