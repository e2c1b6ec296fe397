/** A leader on one machine, a follower on another, a broker between them, and for each a way to it that can fail. */
import { join } from "node:path";
import { Mosquitto } from "../../../test/support/mosquitto.ts";
import { cpuPercent, type ProcessSample, sampleProcess } from "../../bench/process.ts";
import { drawFault, LOCAL_DRAWS } from "../faults.ts";
import { Program } from "../program.ts";
import type { Scene, SceneOptions } from "../scene.ts";
import { steppedClock } from "./clock.ts";
import { type Machine, NETWORK_FAULTS, type NetworkVictims } from "./faults.ts";
import { Way } from "./way.ts";

/** What comes later than this beyond the least delay is not acted upon, ms. */
const LATEST_MS = 150;
const SAMPLE_EVERY_MS = 1_000;
/** Half of the faults are of the network. */
const NETWORK_SHARE = 0.5;

/** The scene, and what its faults are done to. */
export type TwoMachines = Scene & { readonly victims: NetworkVictims };

/** Makes the scene; nothing of it runs yet but the broker. */
export async function twoMachines(options: SceneOptions): Promise<TwoMachines> {
  const { sim, random } = options;
  const broker = await Mosquitto.start();
  const { leader, follower, calibration } = sim.paths;
  const desk = await machine(options, broker, "desk", [
    ...["--arms", "leader", "--leader", leader, "--leader-id", "leader", "--calibration-dir", calibration],
  ]);
  const lab = await machine(options, broker, "lab", [
    ...["--arms", "follower", "--follower", follower, "--follower-id", "follower"],
    ...["--calibration-dir", calibration, "--remote-leader", "desk/main"],
  ]);
  const victims = { client: sim.client, ports: sim.paths, program: lab.program, broker, desk, lab };
  const clients = [new ClientWatch(desk), new ClientWatch(lab)];
  return {
    name: "two machines",
    victims,
    follower: lab.program,
    programs: [desk.program, lab.program],
    recovery: { aligningMs: 8_000, followingMs: 14_000, firstGoalP99Ms: 2_000 },
    targetsOfMs: LATEST_MS,
    // The engine's own pool, a thread a core, begins with the first client that ends.
    lateThreads: navigator.hardwareConcurrency,
    start() {
      desk.program.start();
      lab.program.start();
    },
    draw(taken) {
      const of = random.of([desk, lab]);
      const befalls = { ...victims, program: of.program };
      if (random.chance(NETWORK_SHARE)) {
        return drawFault<NetworkVictims>(random, befalls, taken, NETWORK_FAULTS);
      }
      // What befalls a process befalls one of the two.
      const others = new Set([...taken].map((use) => (use === `process ${of.name}` ? "process" : use)));
      const fault = drawFault(random, befalls, others, LOCAL_DRAWS);
      return { ...fault, uses: fault.uses.map((use) => (use === "process" ? `process ${of.name}` : use)) };
    },
    async end() {
      const said = clients.map((client) => client.end());
      await lab.program.end("SIGTERM");
      await desk.program.end("SIGTERM");
      return said;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([desk, lab].map(({ way }) => way[Symbol.asyncDispose]()));
      await broker[Symbol.asyncDispose]();
    },
  };
}

async function machine(
  { path, rateHz, sim, heard }: SceneOptions,
  broker: Mosquitto,
  name: string,
  own: readonly string[],
): Promise<Machine> {
  const way = await Way.open(broker.port);
  const clock = steppedClock(sim.dir, name);
  const socket = join(sim.dir, `${name}.sock`);
  const command = [path, "teleoperate", "--json", "--rate", `${rateHz}`, "--socket", socket];
  const network = ["--broker", way.url, "--machine", name];
  const options = { heard, env: clock.env, name: `${name}'s service` };
  const program = new Program([...command, ...network, ...own], options);
  return { name, program, way, clock, socket };
}

/** What the network's clients of a machine use, one after the other. */
class ClientWatch {
  readonly #machine: Machine;
  readonly #first = new Map<number, ProcessSample>();
  readonly #last = new Map<number, ProcessSample>();
  #mostKB = 0;
  readonly #timer = setInterval(() => this.#look(), SAMPLE_EVERY_MS);

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Looks no more; what was seen, in words. */
  end(): string {
    clearInterval(this.#timer);
    const [pid] = [...this.#first.keys()].sort((a, b) => this.#lived(b) - this.#lived(a));
    if (pid === undefined) return `${this.#machine.name}'s client: never seen`;
    const [first, last] = [this.#first.get(pid)!, this.#last.get(pid)!];
    return (
      `${this.#machine.name}'s client: ${this.#first.size} lives, at most ${(this.#mostKB / 1024).toFixed(1)} MB; the longest ` +
      `${(this.#lived(pid) / 1e6).toFixed(0)} s: ${cpuPercent(first, last).toFixed(1)} % of a core, ` +
      `${(first.residentKB / 1024).toFixed(1)} → ${(last.residentKB / 1024).toFixed(1)} MB`
    );
  }

  #lived(pid: number): number {
    return this.#last.get(pid)!.atUs - this.#first.get(pid)!.atUs;
  }

  #look(): void {
    for (const pid of this.#machine.program.children) {
      try {
        const sample = sampleProcess(pid);
        if (!this.#first.has(pid)) this.#first.set(pid, sample);
        this.#last.set(pid, sample);
        this.#mostKB = Math.max(this.#mostKB, sample.residentKB);
      } catch {
        // It has just ended.
      }
    }
  }
}
