/** The boards of simulated arms: what "so101 sim" keeps in its folder stands for udev, and names are given by asking it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Board } from "../../host/boards.ts";
import { LineClient } from "../../linux/sockets/line-client.ts";
import { type Boards, watching } from "../boards.ts";
import type { Naming } from "./naming.ts";

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 5_000;
const LONGEST_REPLY_BYTES = 65_536;

const listSchema = v.array(
  v.object({
    path: v.string(),
    serial: v.exactOptional(v.string()),
    socket: v.string(),
    vendorId: v.string(),
    productId: v.string(),
    product: v.string(),
  }),
);
const replySchema = v.object({ ok: v.boolean(), error: v.exactOptional(v.string()) });

type SimulatedBoard = v.InferOutput<typeof listSchema>[number];

/** The boards of the simulation in a folder. */
export function simulatedBoards(dir: string): Boards {
  return {
    list: async () => listed(dir).map(({ socket: _, ...board }) => board),
    watch: watching(() => JSON.stringify(listed(dir)), LOOK_EVERY_MS),
  };
}

/** Names those boards: the simulation does it. */
export function simulatedNaming(dir: string): Naming {
  return {
    isGiven: (link) => existsSync(link) || existsSync(join(dir, "names.json")),
    async give(_pair, { leader, follower }) {
      const boards = listed(dir);
      const request = { do: "name", leader: markOf(leader, boards), follower: markOf(follower, boards) };
      const deadlineMs = performance.now() + PATIENCE_MS;
      const line = `${JSON.stringify(request)}\n`;
      const client = await LineClient.ask(join(dir, "sim.sock"), line, LONGEST_REPLY_BYTES, deadlineMs);
      try {
        const { ok, error } = v.parse(replySchema, JSON.parse((await client.next(deadlineMs)) ?? "{}"));
        if (!ok) throw new Error(`the simulation does not name the boards: ${error}`);
      } finally {
        client.close();
      }
    },
    // Whoever simulates arms starts what is to teleoperate them.
    enable: () => Promise.reject(new Error("simulated arms have no service of systemd's: start it by hand")),
  };
}

/** By what the simulation knows a board. */
function markOf({ path, serial }: Board, boards: readonly SimulatedBoard[]): string | undefined {
  return serial ?? boards.find((board) => board.path === path)?.socket;
}

/** None while no simulation runs. */
function listed(dir: string): readonly SimulatedBoard[] {
  try {
    return v.parse(listSchema, JSON.parse(readFileSync(join(dir, "boards.json"), "utf8")));
  } catch {
    return [];
  }
}
