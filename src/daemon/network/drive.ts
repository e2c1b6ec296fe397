/**
 * Who gives the follower its targets: what is configured, what somebody has asked for since, and what the network's
 * client has heard of the leader of another machine.
 */
import type { HeardOfLeader, LeaderArm, PairNetwork, Status, UnsentTrouble } from "../../api/protocol.ts";
import type { Calibration } from "../../arm/calibration/calibration.ts";
import { type CalibrationNumbers, calibrationOf, numbersOf } from "../../arm/calibration/numbers.ts";
import type { EventSink } from "../../teleop/reporting/events.ts";
import {
  type HeardLeader,
  type LeaderTrouble,
  type PairSettings,
  REMOTE_HOLD_AFTER_MS,
  type RemoteTrouble,
} from "../../teleop/settings.ts";
import { success } from "../api/lines.ts";
import type { Held, Reader } from "../requests/client.ts";
import { withPauses } from "../settings/with-pauses.ts";
import { ClientTroubles } from "./client-troubles.ts";

/** What it works with. */
export interface DriveOptions {
  /** As configured. */
  readonly settings: PairSettings;
  /** Has the control thread go on with these. */
  apply(settings: PairSettings): void;
  /** Has the control thread know why nothing is heard of a leader; what it does goes on. */
  tellTrouble(trouble: LeaderTrouble): void;
  /** Tells what happens: another leader is followed, or the network's client is in trouble. */
  readonly tell: EventSink;
}

/** What a status says of who drives. */
export interface DriverStatus {
  readonly source: NonNullable<Status["driver"]>["source"];
  /** `desk/main`, or who a client is; null for the leader of this pair. */
  readonly leader: string | null;
  readonly since: string;
  /** That leader does not drive yet, and nobody else does since then. */
  readonly isAwaited?: true;
}

/** Who drives one pair. */
export class Drive {
  readonly #options: DriveOptions;
  /** What somebody asked for since the start. */
  #asked: string | undefined;
  #configured: PairSettings;
  #since = new Date();
  #heard: { readonly arm?: HeardLeader; readonly trouble?: RemoteTrouble } = {};
  #own: { readonly epoch: string; readonly joints: CalibrationNumbers } | undefined;
  #client: Carrying | undefined;
  #changes = 0;
  readonly #apply: () => void;
  readonly #tellTrouble: () => void;
  readonly #troubles: ClientTroubles;

  constructor(options: DriveOptions) {
    this.#options = options;
    this.#configured = options.settings;
    this.#troubles = new ClientTroubles(options.tell);
    // A leader that is described anew again and again has the follower align no more often than other wishes.
    this.#apply = withPauses(() => options.apply(this.settings));
    this.#tellTrouble = withPauses(() => this.#tellTroubleNow());
  }

  /** The settings in force. */
  get settings(): PairSettings {
    const { remoteLeader: _, ...configured } = this.#configured;
    const name = this.wanted;
    if (name === null) return configured;
    const { arm } = this.#heard;
    return {
      ...configured,
      remoteLeader: { name, holdAfterMs: this.#holdAfterMs, ...(arm && { heard: arm }) },
    };
  }

  /** The configuration was read again. What somebody asked for meanwhile stays. */
  reconfigure(settings: PairSettings): void {
    const before = this.wanted;
    this.#configured = settings;
    this.#changes++;
    this.#follows(before);
  }

  /** The leader of another machine that is to be followed; null for that of this pair. */
  get wanted(): string | null {
    if (this.#asked !== undefined) return this.#asked === LOCAL ? null : this.#asked;
    return this.#configured.remoteLeader?.name ?? null;
  }

  get status(): DriverStatus {
    const leader = this.wanted;
    const source = leader === null ? "local leader" : "remote leader";
    return { source, leader, since: this.#since.toISOString() };
  }

  get #holdAfterMs(): number {
    return this.#configured.remoteHoldAfterMs ?? REMOTE_HOLD_AFTER_MS;
  }

  /** Whether there is a network for this pair. */
  get isNetworked(): boolean {
    const { isSent, remoteLeader } = this.#configured;
    return isSent === true || remoteLeader !== undefined;
  }

  /** Has another leader followed until the next start; why not, where that cannot be. */
  follow(leader: string): string | undefined {
    const { armsHere = "both" } = this.#configured;
    if (armsHere === "leader")
      return "this machine has no follower of this pair: there is nothing that could follow";
    if (leader === LOCAL && armsHere === "follower") {
      return "this machine has no leader of this pair — name that of another machine, such as desk/main";
    }
    if (leader !== LOCAL && !this.isNetworked) {
      return "no broker is configured — set network.broker in /etc/so101-teleop/config.toml, and start the service again";
    }
    const before = this.wanted;
    this.#asked = leader;
    // Who is followed already is followed on: there is nothing to align for.
    if (this.wanted !== before) this.#follows(before);
    return undefined;
  }

  /** Takes in what the network's client has heard; why not, where that is of no use. */
  heard(leader: string, { arm, trouble, others }: HeardOfLeader): string | undefined {
    if (leader !== this.wanted) return `${leader} is not followed`;
    if (others !== undefined) {
      this.#troubles.ofOthers(leader, others);
      return undefined;
    }
    const calibration = arm && calibrationOf(arm.joints);
    if (arm !== undefined && calibration === undefined) return `the calibration of ${leader} cannot be one`;
    const before = this.#heard;
    // Of a leader that is not heard for a while nothing is forgotten: it is followed as soon as it is heard again.
    const known =
      arm === undefined
        ? before.arm
        : { epoch: arm.epoch, normalisation: arm.normalisation, calibration: calibration! };
    this.#heard = { ...(known && { arm: known }), ...(trouble && { trouble }) };
    if (!Bun.deepEquals(known, before.arm)) this.#apply();
    if (!Bun.deepEquals(trouble, before.trouble)) this.#tellTrouble();
    return undefined;
  }

  /** What keeps the network's client from sending the positions of this pair's leader; nothing once they go out. */
  unsent(trouble: UnsentTrouble | undefined): undefined {
    this.#troubles.unsent(trouble);
  }

  /** Samples of another machine under the name of the leader that was followed. */
  get others(): number {
    return this.#troubles.others;
  }

  /** The positions of this pair's leader go out under this epoch. */
  sends(epoch: string, calibration: Calibration): void {
    this.#own = { epoch, joints: numbersOf(calibration) };
    this.#changes++;
  }

  /** The network's client begins to carry samples, and is told what is wanted; why not, where it cannot. */
  carry(): Held | string {
    if (!this.isNetworked) return "no broker is configured for this pair";
    if (this.#client !== undefined) return "another client of the network is connected already";
    const client = new Carrying(
      () => this.#changes,
      () => ({ wanted: this.wanted, holdAfterMs: this.#holdAfterMs, leader: this.#leader }),
      () => {
        if (this.#client === client) this.#client = undefined;
        this.#forget();
      },
    );
    this.#client = client;
    return client;
  }

  /** What others must know of this pair's leader; null while it is not read, because another one is followed. */
  get #leader(): LeaderArm | null {
    if (this.#own === undefined || this.wanted !== null) return null;
    return { ...this.#own, normalisation: this.#configured.normalisation };
  }

  /** The calibration of the leader of another machine, once it is known. */
  get calibration(): Calibration | undefined {
    return this.wanted === null ? undefined : this.#heard.arm?.calibration;
  }

  #follows(before: string | null): void {
    const { wanted } = this;
    if (wanted !== before) {
      this.#heard = {};
      this.#since = new Date();
      this.#changes++;
      const problem = { code: "drive.changed", leader: wanted ?? LOCAL } as const;
      this.#options.tell({ kind: "notice", severity: "info", problem });
      this.#tellTroubleNow();
    }
    this.#options.apply(this.settings);
  }

  #tellTroubleNow(): void {
    const { wanted } = this;
    const { trouble } = this.#heard;
    if (wanted !== null) this.#options.tellTrouble({ leader: wanted, ...(trouble && { trouble }) });
  }

  /** What a client that is gone has said of troubles says nothing of now. */
  #forget(): void {
    const { arm, trouble } = this.#heard;
    this.#heard = { ...(arm && { arm }) };
    if (trouble !== undefined) this.#tellTrouble();
    this.#troubles.unsent(undefined);
  }
}

/** The name of the leader of this pair, for who asks. */
export const LOCAL = "local";

/** The connection of the network's client: it is told each change. */
class Carrying implements Held {
  readonly #count: () => number;
  readonly #network: () => PairNetwork;
  readonly #over: () => void;
  #told = -1;

  constructor(count: () => number, network: () => PairNetwork, over: () => void) {
    this.#count = count;
    this.#network = network;
    this.#over = over;
  }

  look(reader: Reader): boolean {
    const count = this.#count();
    if (count !== this.#told && reader.say(success({ network: this.#network() }))) this.#told = count;
    return true;
  }

  ended(): void {
    this.#over();
  }
}
