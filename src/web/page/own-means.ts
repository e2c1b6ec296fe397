/**
 * What the service and the workflows say is for whoever reads it, and names the commands of a terminal. Who stands beside the
 * arms with a phone has none: the page's own button stands there in their place.
 */
import type { JointName } from "../../arm/joints.ts";
import type { CommandName } from "../../messages/audience.ts";

const onSetUp = (button: string) => `“${button}” (Set up)`;
const ofJoint = (line: string) => /--joint (\w+)/.exec(line)?.[1] as JointName | undefined;

/** What the page has in a command's place, by what follows the command's name; undefined where only a terminal does it. */
const MEANS: Readonly<Record<CommandName, ((rest: string) => string) | undefined>> = {
  assign: () => onSetUp("Name the boards: move the leader"),
  "find-port": () => onSetUp("Name the boards: move the leader"),
  calibrate: (rest) => {
    const joint = ofJoint(rest);
    return onSetUp(joint === undefined ? "Calibrate it now" : `Calibrate ${joint} alone`);
  },
  "calibration apply": () => onSetUp("Write it into the servos"),
  "calibration check": () => onSetUp("Compare two poses"),
  "calibration finish": () => onSetUp("Complete what was cut off"),
  "calibration import": () => onSetUp("From a LeRobot file"),
  "calibration pull": () => onSetUp("From its own servos"),
  "calibration show": undefined,
  "calibration undo": () => onSetUp("Take back what was cut off"),
  park: (rest) =>
    onSetUp(rest.includes("--here") ? "Use the present pose as the parking pose" : "Park the follower"),
  relax: undefined,
  release: () => "“Release”",
  resume: () => "“Resume”",
  "setup-motors": (rest) =>
    onSetUp(rest.includes("--restart") ? "… from the start again" : "Give the servos their ids"),
  status: () => "the screen Now",
  teleoperate: undefined,
};

// The longest first: "calibrate" is none of "calibration pull".
const names = (Object.keys(MEANS) as CommandName[]).toSorted((a, b) => b.length - a.length).join("|");
const QUOTED = new RegExp(`"(?:sudo )?so101 (${names})\\b([^"]*)"`, "g");
const AT_THE_END = new RegExp(`(^|: )(?:sudo )?so101 (${names})\\b(.*)$`);

/** The text as this page says it. */
export function byOwnMeans(text: string): string {
  const means = (all: string, name: string, rest: string) => MEANS[name as CommandName]?.(rest) ?? all;
  return text
    .replace(/"so101 resume[^"]*" goes on/g, "press “Resume” to go on")
    .replace(QUOTED, means)
    .replace(AT_THE_END, (all, before, name, rest) => {
      const line = all.slice(before.length);
      const instead = means(line, name, rest);
      // A line that is nothing but the command says nothing of what to do with it.
      return before === "" && instead !== line ? `press ${instead}` : before + instead;
    });
}
