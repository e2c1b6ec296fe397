/** What is wrong with a dataset, in words: what happened, and what to do now. */
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import type { DatasetProblem } from "../dataset/problem.ts";
import { shellLine } from "./audience.ts";

const unitNames: Readonly<Record<NormalisationMode, string>> = {
  degrees: "degrees",
  range: "percent of the calibrated range",
};

/** Units, as a sentence names them. */
export function sayUnits(units: NormalisationMode): string {
  return unitNames[units];
}

/** A command about datasets as it can be pasted. */
function command(...words: readonly string[]): string {
  return `"${shellLine(["so101", "dataset", ...words])}"`;
}

/** Why a dataset cannot be used, as a sentence. */
export function sayDatasetProblem(problem: DatasetProblem): string {
  const { dir } = problem;
  switch (problem.kind) {
    case "missing":
      return `there is no dataset at ${dir} — check the path`;
    case "no dataset":
      return `${dir} is no dataset: it has no meta/info.json — name the folder in which meta and data are`;
    case "version":
      return (
        `${dir} is a dataset of version ${problem.version}, and only version 3 is read here — ` +
        (/^v?[12]\./.test(problem.version)
          ? "have LeRobot convert it on its workstation (its module convert_dataset_v21_to_v30), then bring it here again"
          : "a newer so101 may know it")
      );
    case "dataset there":
      return `there is a dataset at ${dir} already — give --resume to go on with it, or name another folder`;
    case "not empty":
      return `${dir} has something else in it (${problem.example}) — name a folder that is not there, or is empty`;
    case "refused":
      return `${problem.fact}${problem.code === "EACCES" || problem.code === "EPERM" ? " — it is somebody else's: record into a folder of yours, or have its owner let you in" : ""}`;
    case "odd":
      return `${problem.path} is not used: it is ${problem.fact}`;
    case "damaged":
      return `${problem.path} is damaged: ${problem.fact} — bring the dataset here once more, or see ${command("check", dir)}`;
    case "full":
      return `there is no room to write ${problem.path}: the running episode is given up, and all that were saved are as they were — make room, then go on with --resume`;
    case "taken":
      return `another program records into ${dir}, or repairs it — end that one first, or name another folder`;
    case "changed":
      return `another program has changed ${dir} while it was recorded into: the running episode is given up, and nothing was changed — end that program, then go on with --resume`;
    case "other fps":
      return `${dir} has ${problem.has} frames a second, and ${problem.wanted} are asked for — give --fps ${problem.has}, or name another folder`;
    case "other units":
      return problem.has === undefined
        ? `${dir} does not say in which units its positions are — write "so101_units: degrees" or "so101_units: range" into the block between --- and --- at the beginning of its README.md, if you know it, or name another folder`
        : `the positions of ${dir} are in ${sayUnits(problem.has)}, and these arms work in ${sayUnits(problem.wanted)} — set normalisation = "${problem.has}" in the configuration, or name another folder`;
    case "other robot":
      return `${dir} is of another robot${problem.robotType === null ? "" : ` (${problem.robotType})`}${problem.column === undefined ? "" : `: its column ${problem.column} is not that of one SO-101 without cameras`} — name another folder`;
    case "no episode":
      return `${dir} has no episode ${problem.episode} — ${problem.episodes === 0 ? "it has none at all" : `it has those from 0 to ${problem.episodes - 1}`}`;
    case "unsound":
      return `${dir} is not whole: ${problem.fact} — nothing was changed; bring the dataset here once more from where it was made`;
    case "no frames":
      return "the episode has no frames, and was not saved";
    case "no position":
      return `${problem.joint} has no position in frame ${problem.frame}: the episode was not saved`;
    case "bad task":
      return 'a task is a text of 1 to 1000 characters that can be seen — say what the arm does: --task "Put the cube into the box"';
  }
}
