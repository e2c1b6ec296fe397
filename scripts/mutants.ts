/**
 * Finds out what the tests do not notice: changes one small thing at a time in a copy of the project, runs the tests
 * that are named for the file, and tells which changes survive. `bun scripts/mutants.ts [FILE…]`; without files, all of
 * the table. Exit code 1 when one survives that `mutants/explained.ts` does not explain, or when that explains one that
 * does not.
 */
import { join } from "node:path";
import { explained } from "./mutants/explained.ts";
import { findMutations } from "./mutants/mutations.ts";
import { judge } from "./mutants/report.ts";
import { type Mutant, type Outcome, type Target, tryMutants } from "./mutants/trial.ts";

const DRIVE_TESTS = [
  "test/teleop/loop/drive.test.ts",
  "test/teleop/loop/drive-torque-on.test.ts",
  "test/teleop/loop/drive-obstacles.test.ts",
];

/** The files that decide where an arm goes and what a pair does next, and what a packet is. */
const TARGETS: readonly Target[] = [
  { file: "src/teleop/loop/drive.ts", tests: DRIVE_TESTS },
  { file: "src/teleop/loop/goal-writer.ts", tests: DRIVE_TESTS },
  { file: "src/teleop/loop/torque-switch.ts", tests: DRIVE_TESTS },
  {
    file: "src/teleop/loop/joint-motion.ts",
    tests: ["test/teleop/loop/joint-motion.test.ts", ...DRIVE_TESTS],
  },
  { file: "src/teleop/state/decide.ts", tests: ["test/teleop/state/decide.test.ts"] },
  { file: "src/feetech/packet.ts", tests: ["test/feetech/packet.test.ts"] },
];

const ROOT = join(import.meta.dir, "..");
const PROCESSES = 2;

const wanted = process.argv.slice(2);
const targets = TARGETS.filter(({ file }) => wanted.length === 0 || wanted.includes(file));
if (targets.length === 0)
  throw new Error(`no such target; there are ${TARGETS.map(({ file }) => file).join(", ")}`);

const mutations = await findMutations(
  ROOT,
  targets.map(({ file }) => file),
);
const mutants = targets.flatMap((target) =>
  mutations.get(target.file)!.map((mutation): Mutant => ({ target, mutation })),
);
const outcomes: Outcome[] = [];
await tryMutants(ROOT, mutants, PROCESSES, (outcome) => {
  outcomes.push(outcome);
  if (process.stderr.isTTY) process.stderr.write(`\r… ${outcomes.length} of ${mutants.length} mutants`);
});
if (process.stderr.isTTY) process.stderr.write("\n");

let allWell = true;
for (const { file } of targets) {
  const { lines, isWell } = judge(
    file,
    outcomes.filter(({ target }) => target.file === file),
    explained,
  );
  console.log(lines.join("\n"));
  allWell &&= isWell;
}
process.exitCode = allWell ? 0 : 1;
