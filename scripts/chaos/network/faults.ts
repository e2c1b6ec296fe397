/** Faults of the network between two machines, of its broker and its clients, and of the machine that has the leader. */
import { existsSync } from "node:fs";
import { LineClient } from "../../../src/linux/sockets/line-client.ts";
import type { Mosquitto } from "../../../test/support/mosquitto.ts";
import type { Random } from "../../random.ts";
import type { Fault, Victims } from "../fault.ts";
import { type Program, signalTo } from "../program.ts";
import { FAKETIME, type SteppedClock } from "./clock.ts";
import { Imposter } from "./imposter.ts";
import type { Direction, Way } from "./way.ts";

/** A machine of the scene. */
export interface Machine {
  readonly name: string;
  readonly program: Program;
  readonly way: Way;
  readonly clock: SteppedClock;
  /** Its program's control socket. */
  readonly socket: string;
}

/** What these faults are done to. */
export interface NetworkVictims extends Victims {
  readonly broker: Mosquitto;
  /** The machine with the leader, … */
  readonly desk: Machine;
  /** … and the one with the follower. */
  readonly lab: Machine;
}

type Draw = (random: Random, victims: NetworkVictims) => Fault;

const STARTED_AGAIN = "a program was started anew";
/** A request is answered, or its service is hindered by another fault. */
const ASKED_WITHIN_MS = 1_000;
/** A client that has ended is started again within this, however often that was. */
const STARTED_WITHIN_MS = 40_000;
const HOUR_S = 3_600;

const eitherOf = (random: Random, { desk, lab }: NetworkVictims) => random.of([desk, lab]);

/** Tells a machine's service something; that it cannot be reached now is another fault's doing. */
async function tell(machine: Machine, request: object): Promise<void> {
  const deadline = performance.now() + ASKED_WITHIN_MS;
  try {
    const client = await LineClient.ask(
      machine.socket,
      `${JSON.stringify({ v: 1, ...request })}\n`,
      262_144,
      deadline,
    );
    await client.next(deadline);
    client.close();
  } catch {}
}

/** All of them. */
export const NETWORK_FAULTS: Readonly<Record<string, Draw>> = {
  "broker killed"(random, { broker }) {
    const signal = random.of(["SIGKILL", "SIGTERM"] as const);
    const forMs = random.between(0, 4_000);
    return {
      ...{
        kind: `broker: ${signal} and restart`,
        text: `broker ${signal} for ${Math.round(forMs)} ms`,
        forMs,
      },
      ...{ lingersMs: 0, uses: ["broker"] },
      begin: () => broker.end(signal),
      end: () => broker.restart(),
    };
  },
  "broker stopped"(random, { broker }) {
    const forMs = random.between(60, 5_000);
    return {
      ...{ kind: "broker stopped", text: `broker SIGSTOP for ${Math.round(forMs)} ms`, forMs, lingersMs: 0 },
      uses: ["broker"],
      begin: async () => signalTo(broker.pid, "SIGSTOP"),
      end: async () => signalTo(broker.pid, "SIGCONT"),
    };
  },
  "network cut"(random, victims) {
    const { name, way } = eitherOf(random, victims);
    const directions = random.of<readonly Direction[]>([["out"], ["in"], ["out", "in"]]);
    const forMs = random.between(20, 6_000);
    return {
      ...{ kind: `network cut (${directions.join(" and ")})`, forMs, lingersMs: 0, uses: [`way ${name}`] },
      text: `${name}'s way ${directions.join(" and ")} cut for ${Math.round(forMs)} ms`,
      begin: async () => way.stall(directions),
      end: async () => way.flow(),
    };
  },
  "connections reset"(random, victims) {
    const { name, way } = eitherOf(random, victims);
    const forMs = random.between(0, 3_000);
    return {
      ...{ kind: "connections reset", forMs, lingersMs: 0, uses: [`way ${name}`] },
      text: `${name}'s connections reset for ${Math.round(forMs)} ms`,
      begin: async () => way.block(),
      end: async () => way.flow(),
    };
  },
  "leader's machine killed"(random, { desk }) {
    const forMs = random.between(0, 2_000);
    return {
      ...{ kind: "leader's machine killed", text: `desk killed for ${Math.round(forMs)} ms`, forMs },
      ...{ lingersMs: 0, slowly: STARTED_AGAIN, uses: ["process desk", "client desk"] },
      async begin() {
        const clients = desk.program.children;
        await desk.program.end("SIGKILL");
        for (const client of clients) signalTo(client, "SIGKILL");
      },
      end: async () => desk.program.start(),
    };
  },
  "client killed"(random, victims) {
    const { name, program } = eitherOf(random, victims);
    return {
      ...{ kind: "client killed", text: `${name}'s client killed`, forMs: 0, lingersMs: 0 },
      ...{ slowly: STARTED_AGAIN, uses: [`process ${name}`, `client ${name}`] },
      async begin() {
        for (const client of program.children) signalTo(client, "SIGKILL");
        while (program.children.length > 0) await Bun.sleep(5);
      },
      // One that ends again and again is started again after a while only.
      async end() {
        const deadline = performance.now() + STARTED_WITHIN_MS;
        while (program.children.length === 0 && performance.now() < deadline) await Bun.sleep(20);
      },
    };
  },
  "client stopped"(random, victims) {
    const { name, program } = eitherOf(random, victims);
    const forMs = random.between(60, 5_000);
    let clients: readonly number[] = [];
    return {
      ...{ kind: "client stopped", text: `${name}'s client SIGSTOP for ${Math.round(forMs)} ms`, forMs },
      ...{ lingersMs: 0, uses: [`process ${name}`, `client ${name}`] },
      async begin() {
        clients = program.children;
        for (const client of clients) signalTo(client, "SIGSTOP");
      },
      async end() {
        for (const client of clients) signalTo(client, "SIGCONT");
      },
    };
  },
  "two of one name"(random, { broker }) {
    const forMs = random.between(200, 5_000);
    let imposter: Imposter | undefined;
    return {
      ...{ kind: "two of one name", text: `another desk for ${Math.round(forMs)} ms`, forMs, lingersMs: 300 },
      ...{
        slowly: "another machine of the leader's name was followed meanwhile",
        uses: ["imposter", "broker"],
      },
      async begin() {
        imposter = new Imposter(broker.url, "desk/main");
      },
      end: async () => imposter?.end(),
    };
  },
  "another leader"(random, { lab }) {
    const forMs = random.between(0, 2_000);
    const leader = random.of(["nobody/main", "desk/other", "local"]);
    return {
      ...{ kind: "follow", text: `lab told to follow ${leader} for ${Math.round(forMs)} ms`, forMs },
      ...{ lingersMs: 0, uses: ["process lab"] },
      begin: () => tell(lab, { do: "follow", leader }),
      end: () => tell(lab, { do: "follow", leader: "desk/main" }),
    };
  },
  ...(existsSync(FAKETIME) && {
    "clock stepped"(random, victims) {
      const { name, clock } = eitherOf(random, victims);
      const by = random.of([-HOUR_S, HOUR_S]);
      // It is looked at once a second.
      const forMs = random.between(1_200, 4_000);
      return {
        ...{ kind: "clock stepped", text: `${name}'s clock ${by} s for ${Math.round(forMs)} ms`, forMs },
        ...{ lingersMs: 1_200, harmless: true, uses: [`clock ${name}`] },
        begin: async () => clock.step(by),
        end: async () => clock.step(0),
      };
    },
  }),
};
