/**
 * Besieges the compiled program: hostile input of every kind, on loopback and pseudo-terminals only, from a seed that
 * repeats it. Prints one table. Exit code 1 unless nothing was lost, nothing hung and nobody got in; 2 for wrong usage.
 *
 *   bun scripts/siege.ts [--minutes M] [--seed N] [--only NAME] [--program PATH] [--lines]
 *
 * Each attack has its share of the minutes. --lines prints what is being done.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { programPath } from "./bench/subjects.ts";
import { Random } from "./random.ts";
import { ATTACKS, type Attack, type AttackReport } from "./siege/attacks.ts";
import { endedWell, reportText } from "./siege/report.ts";

/** An attack that takes this many times its share, and this much more, hangs itself: s. */
const PATIENCE = { times: 3, seconds: 120 };

function usage(why: string): never {
  console.error(
    `${why}\nUsage: bun scripts/siege.ts [--minutes M] [--seed N] [--only NAME] [--program PATH] [--lines]`,
  );
  process.exit(2);
}

function wanted() {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "5" },
      seed: { type: "string", default: `${Math.floor(Math.random() * 1e6)}` },
      only: { type: "string", multiple: true, default: [] },
      program: { type: "string", default: programPath },
      lines: { type: "boolean", default: false },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0 && minutes <= 60)) usage("--minutes is more than 0, and at most 60");
  if (!Number.isSafeInteger(seed) || seed < 0) usage("--seed is a whole number");
  const unknown = values.only.find((name) => !ATTACKS.some((attack) => attack.name === name));
  if (unknown !== undefined) {
    usage(`there is no attack ${unknown}: ${ATTACKS.map(({ name }) => name).join(", ")}`);
  }
  const attacks = ATTACKS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  return { ...values, program: resolve(values.program), minutes, seed, attacks };
}

/** One attack, in a folder of its own and with randomness of its own: so it is the same alone and among others. */
async function attackWith(attack: Attack, seconds: number): Promise<AttackReport> {
  const dir = await mkdtemp(join(tmpdir(), `so101-siege-${attack.name}-`));
  const say = (line: string) => {
    if (options.lines) console.log(`${attack.name}: ${line}`);
  };
  const random = new Random(Number(Bun.hash(attack.name, options.seed) & 0xffffffffn));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const patience = seconds * PATIENCE.times + PATIENCE.seconds;
  const timer = setTimeout(() => reject(new Error(`it did not end within ${patience} s`)), patience * 1e3);
  const started = performance.now();
  let report: AttackReport;
  try {
    const run = attack.run({ program: options.program, random, seconds, dir, say });
    report = await Promise.race([run, late]);
  } catch (error) {
    const text = `the attack itself failed: ${(error as Error).stack}`;
    report = { tried: 0, lost: [text], hung: [], escalated: [] };
  } finally {
    clearTimeout(timer);
  }
  const took = ((performance.now() - started) / 1e3).toFixed(0);
  if (endedWell(report)) await rm(dir, { recursive: true, force: true });
  else say(`what is left of it is in ${dir}`);
  return { ...report, figures: { ...report.figures, s: took } };
}

const options = wanted();
const { attacks, minutes, seed } = options;
console.log(`siege: seed ${seed}, ${minutes} minutes, ${attacks.map(({ name }) => name).join(", ")}`);
const reports = new Map<string, AttackReport>();
for (const attack of attacks) {
  reports.set(attack.name, await attackWith(attack, (minutes * 60) / attacks.length));
}
console.log(reportText(reports));
if (![...reports.values()].every(endedWell)) {
  console.log(`again: bun scripts/siege.ts --seed ${seed} --minutes ${minutes}`);
  process.exitCode = 1;
}
// An attack that was given up may still have something open.
process.exit();
