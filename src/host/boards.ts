/** The USB serial boards that are plugged in. */
import { readdirSync } from "node:fs";
import type { PortInfo } from "@serialport/bindings-interface";
import { visible } from "../linux/text/visible.ts";
import { listPorts } from "../serial/list-ports.ts";
import { systemPrograms } from "./programs.ts";

/** A USB board with a serial port. What the board or the system does not tell is left out. */
export interface Board {
  /** The kernel's name of its port, `/dev/ttyACM0`: it may be another one after the next plugging in. */
  readonly path: string;
  /** The USB serial number, the only thing that tells two boards of a kind apart. */
  readonly serial?: string;
  /** Four hexadecimal digits, `1a86`. */
  readonly vendorId?: string;
  /** Four hexadecimal digits, `55d3`. */
  readonly productId?: string;
  /** `USB Single Serial`. */
  readonly product?: string;
  readonly manufacturer?: string;
}

/** Lists the USB boards by path. Empty where udev does not run or cannot be asked; never rejects. */
export async function listBoards(programs = systemPrograms): Promise<Board[]> {
  const ports = await listPorts((args) => programs.spawn("udevadm", args)).catch(() => []);
  return ports
    .filter((port) => port.vendorId !== undefined)
    .map(boardOf)
    .sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

/** The ports of USB boards that are in /dev, by the kernel's names for them: all that is known where udev is not. */
export function portsInDev(): string[] {
  return readdirSync("/dev")
    .filter((name) => /^tty(ACM|USB|CH\d+USB)\d+$/.test(name))
    .map((name) => `/dev/${name}`)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** What a board says of itself is whatever its maker, or somebody else, has put into it: what is not seen is written out. */
function boardOf(port: PortInfo): Board {
  const { serialNumber: serial, vendorId, productId, manufacturer } = port;
  const said = { serial, vendorId, productId, product: productOf(port), manufacturer };
  const told = Object.entries(said).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, visible(text)]],
  );
  return { path: port.path, ...Object.fromEntries(told) };
}

/**
 * The product, out of the name that udev makes of a board: `usb-MANUFACTURER_PRODUCT_SERIAL-if00`, blanks replaced by
 * `_`. The lister passes on no other property that has it.
 */
function productOf({ pnpId, manufacturer, serialNumber }: PortInfo): string | undefined {
  if (pnpId === undefined) return undefined;
  const name = pnpId.replace(/^usb-/, "").replace(/-if[0-9a-f]{2}(-port\d+)?$/, "");
  const withoutMaker = withoutPrefix(name, `${(manufacturer ?? "").trim().replace(/[^\w#+.:=@-]+/g, "_")}_`);
  const product = withoutSuffix(withoutMaker, `_${serialNumber ?? ""}`).replaceAll("_", " ");
  return product === "" ? undefined : product;
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}
