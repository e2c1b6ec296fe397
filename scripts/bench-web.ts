/**
 * Measures the page of the compiled program in Debian's Chromium, on simulated arms: `bun scripts/bench-web.ts`. Prints
 * figures beside their targets. Exit code 1 when a target is not met, or a safety rule was broken.
 *
 *   --quick        short, to see that it works
 *   --only NAMES   some of it, with commas between: size, start, frames, picture, loop, process, release
 */
import { parseArgs } from "node:util";
import { print, type Row } from "./bench/report.ts";
import { judge } from "./bench/run.ts";
import { loopRows, processRows } from "./bench-web/loop.ts";
import { pictureRows } from "./bench-web/picture.ts";
import { releaseRows } from "./bench-web/release.ts";
import { frameRows, sizeRows, startRows } from "./bench-web/start.ts";
import { World } from "./bench-web/world.ts";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
});

/** How often, and how long in seconds, each is measured. */
const PLAN = options.quick
  ? { starts: 2, frames: 3, picture: 3, rounds: 1, loop: 4, process: 4, releases: 3 }
  : { starts: 7, frames: 10, picture: 15, rounds: 4, loop: 10, process: 20, releases: 50 };

/** A part of the measurement. */
interface Part {
  readonly title: string;
  rows(world: World): Promise<Row[]>;
}

const PARTS: Readonly<Record<string, Part>> = {
  size: { title: "What a new phone loads", rows: sizeRows },
  process: { title: "The page's process", rows: (world) => processRows(world, PLAN.process) },
  loop: {
    title: `The loop, with five pages and with none (medians of ${PLAN.rounds} × ${PLAN.loop} s)`,
    rows: (world) => loopRows(world, PLAN.rounds, PLAN.loop),
  },
  start: {
    title: "From the address to the page, the processor 4 times slowed",
    rows: (world) => startRows(world, PLAN.starts),
  },
  frames: {
    title: "While both arms move, the processor 6 times slowed",
    rows: (world) => frameRows(world, PLAN.frames),
  },
  picture: {
    title: "From the reading of a joint to the screen, five pages open",
    rows: (world) => pictureRows(world, 5, PLAN.picture),
  },
  release: {
    title: "Release, from a page that is not claimed",
    rows: (world) => releaseRows(world, PLAN.releases),
  },
};

const wanted = options.only?.split(",") ?? Object.keys(PARTS);
const missed: string[] = [];
let broken = 0;
for (const name of wanted) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`--only knows no ${name}: ${Object.keys(PARTS).join(", ")}`);
  console.error(`… ${name}`);
  await using world = await World.start();
  const rows = await part.rows(world);
  print(part.title, rows);
  missed.push(...rows.filter(({ met }) => met === false).map(({ what }) => `${name}: ${what}`));
  const { violations } = await judge(world.sim);
  for (const { rule, message } of violations.slice(0, 5)) console.error(`bench-web: ${rule}: ${message}`);
  broken += violations.length;
}
console.log(missed.length === 0 ? "\nAll targets are met." : `\nNot met: ${missed.join("; ")}.`);
process.exitCode = missed.length > 0 || broken > 0 ? 1 : 0;
