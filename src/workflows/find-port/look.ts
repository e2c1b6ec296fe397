/** Every board that can be found, and what answers on it. */
import { existsSync } from "node:fs";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { identifyArm } from "../../arm/checks/identify.ts";
import type { ArmConnection } from "../../arm/connection.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import { JOINTS, type JointName, ROLES, type Role } from "../../arm/joints.ts";
import type { ArmProblem } from "../../arm/problem.ts";
import { readArm } from "../../arm/servos/read.ts";
import { connectionTo } from "../../arm/system-ports.ts";
import type { Config } from "../../config/config.ts";
import { absolutePathOf } from "../../config/text.ts";
import { type Board, listBoards, portsInDev } from "../../host/boards.ts";
import { whyNoUdev } from "../../host/udev.ts";
import { nameOfOwner } from "../../linux/owners/program.ts";
import { realPath } from "../../linux/real-path.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";

/** A port with a board, or where one should be. */
export interface FoundBoard {
  /** The kernel's name, or that of the link that leads nowhere. */
  readonly path: string;
  /** Links to it, as they are configured or were named. */
  readonly links: readonly string[];
  /** What the system knows of it; undefined for what is no USB board. */
  readonly board: Board | undefined;
  /** The arms whose configured port it is. */
  readonly configured: readonly Role[];
  readonly connection: ArmConnection;
  /** The program that has the port; nothing is known then of what answers. */
  readonly owner: string | undefined;
  /** What is missing, and what to do; undefined when all six servos answer. */
  readonly trouble: string | undefined;
  readonly answering: readonly JointName[];
  /** Lowest and highest of the servos'; undefined where none answers. */
  readonly voltageV: readonly [number, number] | undefined;
  /** Whose calibration the servos hold. */
  readonly holds: readonly ArmIdentity[];
}

/**
 * Looks at the USB boards, the configured ports and those that are named, each once. The connections are open
 * where they could be opened: the caller closes them.
 */
export async function findBoards(
  named: readonly string[],
  config: Config | undefined,
  calibrationDir: string,
  audience: Audience,
): Promise<FoundBoard[]> {
  const usb = await listBoards();
  const configured = ROLES.flatMap((role) =>
    config === undefined ? [] : [{ role, port: config[role].port }],
  );
  const paths = [
    ...(usb.length === 0 && whyNoUdev() !== undefined ? portsInDev() : usb.map(({ path }) => path)),
    ...configured.map(({ port }) => port).filter((port) => existsSync(port)),
    ...named.map((port) => absolutePathOf(port, "a port")),
  ];
  const found: FoundBoard[] = [];
  for (const path of new Set(paths.map(realPath))) {
    const board = usb.find((one) => realPath(one.path) === path);
    const roles = configured.filter(({ port }) => realPath(port) === path).map(({ role }) => role);
    const links = paths.filter((one) => one !== path && realPath(one) === path);
    const [role, ...others] = roles;
    const arm =
      config === undefined || role === undefined || others.length > 0
        ? undefined
        : { role, id: config[role].id };
    found.push({
      ...(await lookAt(path, board, arm, calibrationDir, audience)),
      configured: roles,
      links: [...new Set(links)],
    });
  }
  return found;
}

async function lookAt(
  path: string,
  board: Board | undefined,
  arm: ArmIdentity | undefined,
  calibrationDir: string,
  audience: Audience,
): Promise<Omit<FoundBoard, "configured" | "links">> {
  const connection = connectionTo(arm, path, "read");
  await connection.reach();
  await connection.lookCloser();
  const { bus, problem } = connection;
  const trouble = problem && sayProblem(problem, audience);
  const images = bus === undefined ? [] : readArm(bus).images;
  const volts = images.flatMap((image) => (image ? image.voltageV : []));
  return {
    ...{ path, board, connection, owner: ownerIn(problem), trouble },
    answering: JOINTS.filter((_, index) => images[index]),
    voltageV: volts.length === 0 ? undefined : [Math.min(...volts), Math.max(...volts)],
    holds: identifyArm(new CalibrationStore(calibrationDir), images),
  };
}

/** The program that has the port, where the problem is that one has it. */
function ownerIn(problem: ArmProblem | undefined): string | undefined {
  if (problem?.code !== "port.busy") return undefined;
  return problem.owner === undefined ? "another program" : nameOfOwner(problem.owner);
}
