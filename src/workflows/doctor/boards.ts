/** What the doctor finds between the USB plug and the program: boards, names, rights, other programs. */
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { rolesHere } from "../../arm/joints.ts";
import type { Config } from "../../config/config.ts";
import { othersOn } from "../../helper/others.ts";
import { type Board, listBoards, portsInDev } from "../../host/boards.ts";
import { runningPrograms } from "../../host/machine.ts";
import { canBeNamed, namingRules } from "../../host/naming-rules.ts";
import { unitOwning } from "../../host/service.ts";
import { whyNoUdev } from "../../host/udev.ts";
import { ownerOf } from "../../linux/owners/owner.ts";
import { nameOfOwner, type Owner } from "../../linux/owners/program.ts";
import { list } from "../../messages/list.ts";
import { broken, type Check, ok, warning } from "../check.ts";

/** Programs that take serial ports for something else. */
const MEDDLERS: Readonly<Record<string, string>> = {
  ModemManager:
    "its rules keep it off the boards it knows; to be sure: sudo systemctl disable --now ModemManager",
  brltty: "it takes CH340 boards for braille displays: sudo apt remove brltty",
};

const UNSEEN = warning(
  "other programs",
  "whether another user's program has a port cannot be seen: root's helper does not answer",
  "use sudo, or start the helper: sudo systemctl start so101-helper.socket",
);

/** From USB to the open port. `service` is the process of the pair's own service, where one runs. */
export async function checkBoards(config: Config, assign: string, service?: number): Promise<Check[]> {
  const boards = await listBoards();
  const roles = rolesHere(config.network.arms);
  const checks: Check[] = [boardsSeen(boards, config)];
  const rules = namingRules();
  let sawAll = true;
  for (const role of roles) {
    // Who has a port is looked for in all of /proc: what else waits has its turn before each.
    await new Promise((resolve) => setImmediate(resolve));
    const { port } = config[role];
    const area = `${role}'s port`;
    const rule = rules.find(({ link }) => link === port);
    const isThere = existsSync(port);
    const by = rule === undefined ? "" : `, named by ${rule.file}`;
    if (!isThere && rule === undefined && canBeNamed(port)) {
      checks.push(
        broken(
          area,
          `${port} is not there, and no board has that name`,
          `plug ${roles.length > 1 ? "both boards" : "its board"} in, then: ${assign}`,
          { do: "assign" },
        ),
      );
    } else if (!isThere) {
      checks.push(
        broken(
          area,
          `${port} is not there${by}`,
          whyNoUdev() === undefined
            ? "plug in the arm's USB board; a cable that only charges will not do"
            : "plug in the arm's USB board; to a container its port must be given, as with docker's --device",
        ),
      );
    } else {
      const others = await othersOn(port);
      sawAll &&= others.isWhole;
      checks.push(
        ok(area, `${port}${port === realpathSync(port) ? "" : ` = ${realpathSync(port)}`}${by}`),
        ...rights(area, port, others.programs[0], service),
      );
    }
  }
  if (!sawAll) checks.push(UNSEEN);
  for (const program of runningPrograms()) {
    if (program in MEDDLERS) checks.push(warning("other programs", `${program} runs`, MEDDLERS[program]!));
  }
  return checks;
}

function boardsSeen(boards: readonly Board[], config: Config): Check {
  const area = "USB boards";
  const all = boards
    .map(
      ({ path, serial, vendorId, productId }) => `${path} ${vendorId}:${productId} ${serial ?? "no serial"}`,
    )
    .join("; ");
  const roles = rolesHere(config.network.arms);
  if (boards.length >= roles.length) return ok(area, all);
  if (roles.every((role) => existsSync(config[role].port))) return ok(area, "the configured ports are there");
  const why = whyNoUdev();
  if (boards.length === 0 && why !== undefined) {
    const ports = portsInDev();
    const inDev = ports.length === 0 ? "none is in /dev" : `/dev has ${list(ports)}`;
    return warning(
      area,
      `cannot be listed: ${why}; ${inDev}`,
      "on a machine of its own: sudo apt install udev",
    );
  }
  const cure = "plug in the arms' boards; a board that does not show up has a bad cable or no supply";
  return broken(area, boards.length === 0 ? "none is plugged in" : `only one: ${all}`, cure);
}

function rights(area: string, port: string, other: Owner | undefined, service: number | undefined): Check[] {
  const owner = other ?? (unitOwning(port) === undefined ? ownerOf(port) : undefined);
  if (owner?.pid === service && service !== undefined) return [];
  if (owner !== undefined)
    return [broken(area, `${nameOfOwner(owner)} has ${port} open`, "end that program")];
  try {
    accessSync(port, constants.R_OK | constants.W_OK);
    return [];
  } catch {
    return [
      warning(
        area,
        `this user may not open ${port}; the service may`,
        "use sudo, or: sudo adduser $USER dialout, and log in again",
      ),
    ];
  }
}
