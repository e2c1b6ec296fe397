/** A board that was found, in words and as an event. */
import { nameOfArm } from "../../arm/identity.ts";
import { JOINTS } from "../../arm/joints.ts";
import type { FoundBoard } from "../../workflows/find-port/look.ts";

/** The board in some lines. */
export function describeBoard(found: FoundBoard): string {
  const { path, links, board, configured, owner, trouble, answering, voltageV, holds } = found;
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
    owner === undefined ? servos() : `in use by ${owner}: end that program to look at the arm`,
    holds.length === 0 ? undefined : `holds the calibration of ${holds.map(nameOfArm).join(" and ")}`,
  ];
  return lines.filter((line) => line !== undefined).join("\n  ");
}

/** The board as an event. */
export function eventOf(found: FoundBoard) {
  const { path, links, board, configured, owner, trouble, answering, voltageV, holds } = found;
  return {
    event: "board",
    path,
    links,
    serial: board?.serial ?? null,
    vendorId: board?.vendorId ?? null,
    productId: board?.productId ?? null,
    product: board?.product ?? null,
    configured,
    inUseBy: owner ?? null,
    trouble: trouble ?? null,
    answering,
    voltageV: voltageV ?? null,
    holds,
  };
}
