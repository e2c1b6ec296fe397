/** `so101 dataset check`: whether LeRobot would take a dataset, and what it would not notice. */
import { Command } from "commander";
import { checkDataset } from "../../dataset/check/check.ts";
import { type Finding, isRepairable } from "../../dataset/check/finding.ts";
import { type Dataset, readDataset } from "../../dataset/dataset.ts";
import { DatasetError } from "../../dataset/problem.ts";
import { repairDataset } from "../../dataset/repair.ts";
import { printLine } from "../../linux/text/stdout.ts";
import { styled } from "../../linux/text/styled.ts";
import { visible } from "../../linux/text/visible.ts";
import { shellLine } from "../../messages/audience.ts";
import { sayFinding } from "../../messages/findings.ts";
import { AlreadyTold } from "../../workflows/errors.ts";
import { addJsonOption } from "../options/arm.ts";
import { datasetArgument } from "./show.ts";

interface Options {
  readonly repair?: true;
  readonly json?: true;
}

/** Makes the command. */
export function checkCommand(): Command {
  const command = new Command("check")
    .summary("whether LeRobot would take a dataset, and what it would not notice")
    .description(
      "Checks all that LeRobot looks at when it loads a dataset, and what it does not look at: lengths, numbers of frames, " +
        "times, row groups, statistics, units, tasks. An error means that LeRobot does not load it, or takes wrong numbers " +
        "from it; a warning is worth knowing. Nothing is changed without --repair. The exit code is 1 when there are errors.",
    )
    .addArgument(datasetArgument())
    .option(
      "--repair",
      "first remove what a recorder that was cut off has left of an episode that was not saved, and does not count",
    )
    .action(check);
  return addJsonOption(command);
}

async function check(dir: string, { repair, json }: Options): Promise<void> {
  if (repair) await tellRepaired(dir, json);
  const findings = await checkDataset(dir);
  const errors = findings.filter(({ level }) => level === "error").length;
  const dataset = await readAtAll(dir);
  if (json) {
    for (const { level, kind, ...facts } of findings) {
      printLine(
        JSON.stringify({
          event: "finding",
          level,
          kind,
          ...facts,
          message: sayFinding({ level, kind, ...facts } as Finding),
        }),
      );
    }
    const { total_episodes: episodes = null, total_frames: frames = null } = dataset?.info ?? {};
    printLine(
      JSON.stringify({ event: "checked", dir, errors, warnings: findings.length - errors, episodes, frames }),
    );
  } else {
    for (const line of describe(findings)) printLine(line);
    printLine(gist(dir, findings, errors, dataset));
  }
  // What is wrong has been said.
  if (errors > 0) throw new AlreadyTold();
}

async function tellRepaired(dir: string, json: true | undefined): Promise<void> {
  const { removed, rewritten } = await repairDataset(dir);
  if (json) printLine(JSON.stringify({ event: "repaired", dir, removed, rewritten }));
  else if (removed.length + rewritten.length === 0) printLine("nothing to repair");
  else {
    for (const path of removed) printLine(`removed ${visible(path)}: it did not count`);
    for (const path of rewritten) printLine(`put ${visible(path)} right: it said more than counts`);
  }
}

/** What is in it, where it can be read. */
async function readAtAll(dir: string): Promise<Dataset | undefined> {
  try {
    return await readDataset(dir);
  } catch (error) {
    if (error instanceof DatasetError) return undefined;
    throw error;
  }
}

/** Of one kind no more are shown: what is wrong in one episode is often so in all. */
const SHOWN_OF_A_KIND = 10;

function describe(findings: readonly Finding[]): string[] {
  const kinds = new Set(findings.map(({ kind }) => kind));
  return [...kinds].flatMap((kind) => {
    const all = findings.filter((one) => one.kind === kind);
    const shown = all.slice(0, SHOWN_OF_A_KIND).map((finding) => {
      const word = finding.level === "error" ? styled("red", "error:") : styled("yellow", "warning:");
      return `${word} ${visible(sayFinding(finding))}`;
    });
    const more = all.length - shown.length;
    return more === 0 ? shown : [...shown, `… and ${more} more like that`];
  });
}

function gist(
  dir: string,
  findings: readonly Finding[],
  errors: number,
  dataset: Dataset | undefined,
): string {
  const warnings = findings.length - errors;
  const number = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const has =
    dataset === undefined
      ? ""
      : ` (${number(dataset.info.total_episodes, "episode")}, ${number(dataset.info.total_frames, "frame")})`;
  const repair = findings.some(isRepairable)
    ? ` — "${shellLine(["so101", "dataset", "check", "--repair", dir])}" removes what does not count`
    : "";
  if (errors > 0)
    return `${visible(dir)}${has}: ${number(errors, "error")}, ${number(warnings, "warning")}${repair}`;
  const fine = warnings === 0 ? "nothing is wrong" : number(warnings, "warning");
  const isEmpty = findings.some(({ kind }) => kind === "empty");
  const verdict = isEmpty ? "LeRobot takes it once something is in it" : "LeRobot takes it";
  return `${visible(dir)}${has}: ${verdict}; ${fine}${repair}`;
}
