/** A pair's service as the network's client meets it: its control socket, by the daemon's own server, and the one for samples. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { samplesPath } from "../../src/api/address.ts";
import type { HeardOfLeader, LeaderArm, PairNetwork, UnsentTrouble } from "../../src/api/protocol.ts";
import { success } from "../../src/daemon/api/lines.ts";
import { type ApiServer, type ApiSubject, serveApi } from "../../src/daemon/api/server.ts";
import { nowUs } from "../../src/linux/clock.ts";
import { nativeBuffer } from "../../src/linux/libc.ts";
import {
  accept,
  bindAt,
  close,
  closeListener,
  GONE,
  listen,
  NOTHING_YET,
  receive,
  send,
} from "../../src/linux/sockets/stream.ts";
import { epochHalves, SAMPLE_BYTES, SampleView } from "../../src/teleop/remote/sample.ts";
import { aStatus } from "./status.ts";

/** A sample that has come, and when. */
export interface CameSample {
  readonly epoch: string;
  readonly sequence: number;
  readonly sentUs: number;
  readonly cameUs: number;
}

/** A leader that can be one: an SO-101's ranges. */
export function anArm(epoch: string): LeaderArm {
  const joint: [number, number, number, number] = [0, 12, 800, 3200];
  return { epoch, normalisation: "range", joints: [joint, joint, joint, joint, joint, joint] };
}

/** One such service, in a folder of its own. */
export class NetworkPair implements AsyncDisposable {
  readonly path: string;
  readonly heard: ({ leader: string } & HeardOfLeader)[] = [];
  readonly unsent: (UnsentTrouble | undefined)[] = [];
  readonly came: CameSample[] = [];
  readonly #dir = mkdtempSync(join(tmpdir(), "so101-network-pair-"));
  readonly #in = nativeBuffer(64);
  readonly #out = nativeBuffer(SAMPLE_BYTES);
  readonly #outgoing = new SampleView(this.#out.bytes);
  #network: PairNetwork = { wanted: null, holdAfterMs: 250, leader: null };
  #changes = 0;
  #server: ApiServer | undefined;
  #listener = -1;
  #client = -1;
  #timer: NodeJS.Timeout | undefined;
  #sequence = 0;

  constructor() {
    this.path = join(this.#dir, "main.sock");
  }

  /** Starts one that wants, or has to give, this. */
  static async start(network: Partial<PairNetwork>): Promise<NetworkPair> {
    const pair = new NetworkPair();
    pair.become(network);
    await pair.begin();
    return pair;
  }

  /** Listens, again after an {@link end}. */
  async begin(): Promise<void> {
    const refuse = () => "not in this test";
    this.#server = await serveApi(this.path, {
      status: () => aStatus,
      events: () => [],
      network: () => {
        let told = -1;
        return {
          look: (reader) => {
            if (told !== this.#changes && reader.say(success({ network: this.#network })))
              told = this.#changes;
            return true;
          },
          ended() {},
        };
      },
      heard: (leader, { arm, trouble, others }) => {
        this.heard.push({
          leader,
          ...(arm && { arm }),
          ...(trouble && { trouble }),
          ...(others && { others }),
        });
        return undefined;
      },
      unsent: (trouble) => {
        this.unsent.push(trouble);
        return undefined;
      },
      pause: refuse,
      resume: refuse,
      release: refuse,
      park: refuse,
      lend: refuse,
      follow: refuse,
      tell: refuse,
      reload: refuse,
    } as Partial<ApiSubject> as ApiSubject);
    this.#listener = bindAt(samplesPath(this.path), "datagrams");
    listen(this.#listener, this.path, 1);
    this.#timer = setInterval(() => this.#look(), 1);
  }

  /** Whether a client of the network is connected for samples. */
  get isServed(): boolean {
    return this.#client !== -1;
  }

  /** Wants, or has to give, something else from now on. */
  become(network: Partial<PairNetwork>): void {
    this.#network = { ...this.#network, ...network };
    this.#changes++;
  }

  /** Sends a sample of its leader, read now. */
  send(epoch = this.#network.leader!.epoch, sequence = ++this.#sequence): void {
    const { low, high } = epochHalves(epoch);
    this.#outgoing.write(sequence, low, high, nowUs(), [2047, 2047, 2047, 2047, 2047, 2047]);
    if (this.#client !== -1) send(this.#client, this.#out, SAMPLE_BYTES);
  }

  /** What it was told last of the leader that it wants. */
  get known(): HeardOfLeader | undefined {
    return this.heard.findLast(({ others }) => others === undefined);
  }

  /** Ends, as a service that is stopped. */
  end(): void {
    clearInterval(this.#timer);
    this.#leave();
    if (this.#listener !== -1) closeListener(this.#listener);
    this.#listener = -1;
    rmSync(samplesPath(this.path), { force: true });
    this.#server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    rmSync(this.#dir, { recursive: true });
  }

  #look(): void {
    if (this.#client === -1) this.#client = accept(this.#listener);
    if (this.#client === -1) return;
    for (;;) {
      const count = receive(this.#client, this.#in);
      if (count === NOTHING_YET) return;
      if (count === GONE) {
        this.#leave();
        return;
      }
      const view = new SampleView(this.#in.bytes);
      const { epoch, sequence, sentUs } = view;
      if (view.kindOf(count) === "sample") this.came.push({ epoch, sequence, sentUs, cameUs: nowUs() });
    }
  }

  #leave(): void {
    if (this.#client !== -1) close(this.#client);
    this.#client = -1;
  }
}
