/** The boards of a simulation as a machine's udev has them: which are plugged in, and which names they have. */
import { readFileSync, rmSync } from "node:fs";
import * as v from "valibot";
import { ARMS, type ArmName } from "./arm/joints.ts";
import { type pathsIn, replaceFileNow, replaceLink } from "./files.ts";

/** How the boards are found: each has its arm's name, or none has one yet, or they have no serial numbers either. */
export const BOARD_SCENES = ["named", "new", "equal"] as const;

/** One of {@link BOARD_SCENES}. */
export type BoardsScene = (typeof BOARD_SCENES)[number];

/** A board as it is listed: as `Board` of a machine's, and the USB socket that it is in. */
interface ListedBoard {
  readonly path: string;
  readonly serial?: string;
  readonly socket: string;
  readonly vendorId: string;
  readonly productId: string;
  readonly product: string;
}

/** What no board tells of its arm. */
const SERIALS: Readonly<Record<ArmName, string>> = { leader: "5AB9067929", follower: "5AB9067722" };
const SOCKETS: Readonly<Record<ArmName, string>> = { leader: "usb-0:1.2:1.0", follower: "usb-0:1.3:1.0" };
/** The board of the SO-101's kits. */
const KIND = { vendorId: "1a86", productId: "55d3", product: "USB Single Serial" } as const;

/** By what a name knows its board: a serial number, or for a board without one the USB socket. */
const markSchema = v.string();

/** Which board each name leads to. */
export const namesSchema = v.strictObject({ leader: markSchema, follower: markSchema });

/** The names of the boards, in the simulation's folder. */
export class Names {
  readonly #paths: ReturnType<typeof pathsIn>;
  readonly #hasSerials: boolean;
  readonly #plugged = new Map<ArmName, string>();
  #names: v.InferOutput<typeof namesSchema> | undefined;

  /** With the names that the folder holds; where it holds none, as the scene has it. */
  constructor(paths: ReturnType<typeof pathsIn>, scene: BoardsScene) {
    this.#paths = paths;
    this.#hasSerials = scene !== "equal";
    this.#names = read(paths.names) ?? (scene === "named" ? SERIALS : undefined);
  }

  /** A board is there, at `path`: it is listed, and its name leads to it. */
  plugged(arm: ArmName, path: string): void {
    this.#plugged.set(arm, path);
    this.#list();
    this.#link();
  }

  /** A board is gone: its name goes first. */
  pulled(arm: ArmName): void {
    this.#plugged.delete(arm);
    this.#link();
    this.#list();
  }

  /** The simulation ends: there are no boards any more. The folder may be gone already. */
  end(): void {
    for (const path of [...ARMS.map((name) => this.#paths[name]), this.#paths.boards])
      rmSync(path, { force: true });
  }

  /** Gives both boards their names. Throws an Error for a board that there is not, and for one board that is to have both. */
  give(names: v.InferOutput<typeof namesSchema>): void {
    for (const name of ARMS) {
      if (!ARMS.some((arm) => this.#markOf(arm) === names[name])) {
        throw new Error(`there is no board ${JSON.stringify(names[name])}`);
      }
    }
    if (names.leader === names.follower) throw new Error("leader and follower are the same board");
    this.#names = names;
    replaceFileNow(this.#paths.names, JSON.stringify(names));
    this.#link();
  }

  #markOf(arm: ArmName): string {
    return this.#hasSerials ? SERIALS[arm] : SOCKETS[arm];
  }

  #link(): void {
    for (const name of ARMS) {
      const arm = ARMS.find((one) => this.#markOf(one) === this.#names?.[name]);
      const path = arm && this.#plugged.get(arm);
      if (path === undefined) rmSync(this.#paths[name], { force: true });
      else replaceLink(this.#paths[name], path);
    }
  }

  #list(): void {
    const boards = ARMS.flatMap((arm): ListedBoard[] => {
      const path = this.#plugged.get(arm);
      const serial = this.#hasSerials ? { serial: SERIALS[arm] } : {};
      return path === undefined ? [] : [{ path, ...serial, socket: SOCKETS[arm], ...KIND }];
    });
    replaceFileNow(this.#paths.boards, JSON.stringify(boards));
  }
}

function read(path: string): v.InferOutput<typeof namesSchema> | undefined {
  try {
    return v.parse(namesSchema, JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined; // nobody has named them yet
  }
}
