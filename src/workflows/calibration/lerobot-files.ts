/** The calibration files of a LeRobot user: of every generation, of both models, and of robots with two arms. */
import { basename, dirname } from "node:path";
import { sameContent, type TreeFile } from "../../arm/calibration/files/tree-file.ts";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { foldersOf, LEROBOT_MODELS } from "../../arm/calibration/tree.ts";
import { type ArmIdentity, nameOfArm } from "../../arm/identity.ts";
import { ROLES, type Role } from "../../arm/joints.ts";
import { type Audience, command } from "../../messages/audience.ts";
import { list } from "../../messages/list.ts";

interface LerobotFile extends TreeFile {
  readonly id: string;
}

/**
 * The file of an arm in LeRobot's tree below `folder`: by its id; else, where its pair is one side of a robot with two
 * arms, by LeRobot's id of that side; else the only one of its role. Throws an Error that says which there are when
 * there are several; {@link CalibrationError} for what cannot be read.
 */
export function lerobotFile(folder: string, arm: ArmIdentity, audience: Audience): TreeFile {
  const { role, id } = arm;
  const files = filesOf(folder, role);
  const ids = [...new Set(files.map((file) => file.id))];
  if (ids.length === 0) {
    throw new Error(
      `${nameOfArm(arm)}: no ${role}'s calibration in ${folder} — name another folder, or the file itself`,
    );
  }
  const { pair } = audience;
  const ofSide = pair === undefined ? [] : ids.filter((one) => one.endsWith(`_${pair}`));
  const chosen = [[id], pair === undefined ? [] : [`${id}_${pair}`], ofSide, ids]
    .map((wanted) => files.filter((file) => wanted.includes(file.id)))
    .find((found) => found.length > 0)!;
  const [first, ...others] = chosen as [LerobotFile, ...LerobotFile[]];
  if (others.length === 0) return first;
  const why = ids.includes(id)
    ? `the calibrations of that id in ${folder} differ`
    : `none of the calibrations in ${folder} is of that id${aboutSides(ids)}`;
  const commands = chosen.map(({ path }) => command(audience, "calibration import", role, path));
  throw new Error(`${nameOfArm(arm)}: ${why} — say which:\n  ${commands.join("\n  ")}`);
}

/**
 * Whether a file is of LeRobot 0.4.3 or later, which from 0.4.4 on works in degrees, by its path without links: in a tree
 * of ours the newer name is a link to the older.
 */
export function isOfDegrees(realPath: string): boolean {
  return ROLES.some((role) => basename(foldersOf(role)[1]) === basename(dirname(realPath)));
}

/**
 * The files of a role, by either generation's name of either model. Of those with one id that say the same there is one:
 * the newer generation's, which is the one in use.
 */
function filesOf(folder: string, role: Role): LerobotFile[] {
  const all = LEROBOT_MODELS.flatMap((model) => {
    const calibrations = new CalibrationStore(folder, model);
    return calibrations
      .savedIds(role)
      .flatMap((id) => calibrations.filesOf({ role, id }).map((file) => ({ id, ...file })));
  });
  const newerFirst = all.toSorted(
    (a, b) => Number(isOfDegrees(b.realPath)) - Number(isOfDegrees(a.realPath)),
  );
  return newerFirst.filter(
    (one, index) => newerFirst.findIndex((file) => file.id === one.id && sameContent(file, one)) === index,
  );
}

/** LeRobot's robots with two arms have a file for each side. */
function aboutSides(ids: readonly string[]): string {
  const robots = ids.flatMap((id) => (id.endsWith("_left") ? id.slice(0, -"_left".length) : []));
  const whole = robots.filter((robot) => ids.includes(`${robot}_right`));
  const sides = whole.map(
    (robot) => `${robot}_left and ${robot}_right are the two arms of the robot ${robot}`,
  );
  return sides.length === 0 ? "" : ` (${list(sides)})`;
}
