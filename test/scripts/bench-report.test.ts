/** Which of the benchmark's figures stand beside which, and when they are doubted. */
import { expect, test } from "bun:test";
import { distribution, paceOf } from "../../scripts/bench/analysis.ts";
import { doubtOf, rowsOf } from "../../scripts/bench/report.ts";
import type { RunFigures } from "../../scripts/bench/run.ts";

/** A run at 200 Hz, of which every `lateEvery`th tick came 7 ms late. */
function figures(
  subject: RunFigures["subject"],
  cpuUsPerTransfer: number,
  lateEvery = Number.NaN,
): RunFigures {
  const ticks = Array.from({ length: 1000 }, (_, tick) => tick * 5000 + (tick % lateEvery === 1 ? 7000 : 0));
  const process = { cpuUs: 0, residentKB: 1024, peakResidentKB: 1024, anonymousKB: 0, threads: 1 };
  return {
    subject,
    rateHz: 200,
    seconds: 5,
    latencyUs: distribution([60]),
    pace: paceOf(ticks, 200),
    cpuFollowing: 2,
    cpuAll: 3,
    transfersPerS: 400,
    cpuUsPerTransfer,
    firstGoalMs: 20,
    samples: [{ ...process, atUs: 0, descriptors: 3 }],
    violations: [],
    troubles: [],
  };
}

test("a figure is the median of the runs, and its ratio the median of the ratios within a run", () => {
  const rows = rowsOf(
    [figures("program", 90), figures("program", 100), figures("program", 400)],
    [{ name: "floor", runs: [figures("floor", 30), figures("floor", 50), figures("floor", 400)] }],
  );
  const row = rows.find(({ what }) => what === "CPU per transfer");
  expect(row).toEqual({
    what: "CPU per transfer",
    unit: "µs",
    value: 100,
    beside: [{ name: "floor", value: 50, ratio: 2 }],
  });
});

test("a loop without a time grid is not judged by one", () => {
  const rows = rowsOf(
    [figures("program", 90)],
    [
      { name: "floor", runs: [figures("floor", 30)] },
      { name: "plain loop", runs: [figures("plain loop", 40)] },
    ],
  );
  const besideOf = (wanted: string) =>
    rows.find(({ what }) => what === wanted)!.beside!.map(({ name }) => name);
  expect(besideOf("host latency p50")).toEqual(["floor", "plain loop"]);
  expect(besideOf("transfers")).toEqual(["floor", "plain loop"]);
  expect(besideOf("overruns, by the record")).toEqual(["floor"]);
  expect(besideOf("tick lateness p50, by the record")).toEqual(["floor"]);
});

test("figures are doubted where one tick in a hundred of the floor itself was a period late", () => {
  expect(doubtOf([figures("floor", 30), figures("floor", 30, 500)])).toBeUndefined();
  expect(doubtOf([figures("floor", 30), figures("floor", 30, 40)])).toStartWith("In 1 of 2 runs");
});
