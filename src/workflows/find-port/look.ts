/** Every board that can be found, and what answers on it. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { ArmConnection } from "../../arm/connection.ts";
import { identifyArm } from "../../arm/identify.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS, type JointName, type Role } from "../../arm/joints.ts";
import { readArm } from "../../arm/read.ts";
import type { Config } from "../../config/config.ts";
import { type Board, listBoards } from "../../host/boards.ts";
import { nameOwner } from "../../linux/owner.ts";

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
  readonly link: ArmConnection;
  /** The program that has it; nothing is known then of what answers. */
  readonly heldBy: string | undefined;
  /** What is missing, and what to do; undefined when all six servos answer. */
  readonly trouble: string | undefined;
  readonly answering: readonly JointName[];
  /** Lowest and highest of the servos'; undefined where none answers. */
  readonly voltageV: readonly [number, number] | undefined;
  /** Whose calibration the servos hold. */
  readonly holds: readonly ArmIdentity[];
}

/**
 * Looks at the USB boards, the configured ports and those that are named, each once. The links are open where they
 * could be opened: the caller closes them.
 */
export async function findBoards(
  named: readonly string[],
  config: Config | undefined,
  calibrationDir: string,
): Promise<FoundBoard[]> {
  const usb = await listBoards();
  const configured = (["leader", "follower"] as const).flatMap((role) =>
    config === undefined ? [] : [{ role, port: config[role].port }],
  );
  const paths = [
    ...usb.map(({ path }) => path),
    ...configured.map(({ port }) => port).filter((port) => existsSync(port)),
    ...named.map((port) => resolve(port)),
  ];
  const found: FoundBoard[] = [];
  for (const path of new Set(paths.map(real))) {
    const board = usb.find((one) => real(one.path) === path);
    const roles = configured.filter(({ port }) => real(port) === path).map(({ role }) => role);
    const links = paths.filter((one) => one !== path && real(one) === path);
    found.push({
      ...(await lookAt(path, board, calibrationDir)),
      configured: roles,
      links: [...new Set(links)],
    });
  }
  return found;
}

async function lookAt(
  path: string,
  board: Board | undefined,
  calibrationDir: string,
): Promise<Omit<FoundBoard, "configured" | "links">> {
  const link = new ArmConnection(`arm on ${path}`, path, "read");
  await link.reach();
  const { bus, trouble, portError } = link;
  const heldBy = portError?.trouble === "in use" ? (nameOwner(path) ?? "another program") : undefined;
  const images = bus === undefined ? [] : readArm(bus).images;
  const volts = images.flatMap((image) => (image ? image.voltageV : []));
  return {
    ...{ path, board, link, heldBy, trouble },
    answering: JOINTS.filter((_, index) => images[index]),
    voltageV: volts.length === 0 ? undefined : [Math.min(...volts), Math.max(...volts)],
    holds: identifyArm(new CalibrationStore(calibrationDir), images),
  };
}

/** The board in some lines. */
export function describeBoard(found: FoundBoard): string {
  const { path, links, board, configured, heldBy, trouble, answering, voltageV, holds } = found;
  const usb = board && [
    board.product ?? "USB board",
    `${board.vendorId}:${board.productId}`,
    board.serial === undefined ? "no serial" : `serial ${board.serial}`,
  ];
  const servos = () => {
    if (voltageV === undefined) return trouble;
    const volts =
      voltageV[0] === voltageV[1] ? voltageV[0].toFixed(1) : voltageV.map((v) => v.toFixed(1)).join("–");
    const who =
      answering.length === JOINTS.length ? "all six servos answer" : `${answering.join(", ")} answer`;
    return `${who}, ${volts} V${trouble === undefined ? "" : `; ${trouble}`}`;
  };
  const lines = [
    `${[path, ...links].join(" = ")}${usb === undefined ? "" : `: ${usb.join(", ")}`}`,
    ...configured.map((role) => `the configured ${role}'s port`),
    heldBy === undefined ? servos() : `in use by ${heldBy}: end that program to look at the arm`,
    holds.length === 0 ? undefined : `holds the calibration of ${holds.map(nameOfArm).join(" and ")}`,
  ];
  return lines.filter((line) => line !== undefined).join("\n  ");
}

/** The board as an event. */
export function eventOf(found: FoundBoard) {
  const { path, links, board, configured, heldBy, trouble, answering, voltageV, holds } = found;
  return {
    event: "board",
    path,
    links,
    serial: board?.serial ?? null,
    vendorId: board?.vendorId ?? null,
    productId: board?.productId ?? null,
    product: board?.product ?? null,
    configured,
    inUseBy: heldBy ?? null,
    trouble: trouble ?? null,
    answering,
    voltageV: voltageV ?? null,
    holds,
  };
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
