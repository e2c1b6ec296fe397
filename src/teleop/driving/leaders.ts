/**
 * Whom a pair's follower follows, and whose positions it sends: the leader on a bus of ours, one of another machine, or a
 * client in its place.
 */
import type { ArmConnection } from "../../arm/connection.ts";
import type { ArmIdentity } from "../../arm/identity.ts";
import type { Role } from "../../arm/joints.ts";
import type { TorqueState } from "../../arm/servos/release.ts";
import { steps } from "../../feetech/units.ts";
import type { PairParts } from "../context.ts";
import type { Followed } from "../loop/follow.ts";
import { observeArm } from "../observe.ts";
import type { Connected, ConnectedArm } from "../preparation.ts";
import { type SampleLink, SocketLink } from "../remote/link.ts";
import { newEpoch, SampleOutlet } from "../remote/outlet.ts";
import { RemoteLeader } from "../remote/remote-leader.ts";
import { type LeaderTrouble, type PairSettings, rolesHere } from "../settings.ts";
import { UNKNOWN_POSITIONS } from "../shared/samples.ts";
import type { ArmCondition, Conditions, LeaderCondition } from "../state/conditions.ts";
import { Clients } from "./clients.ts";

/** Which arms of this machine are used: all that are here, but for a leader that is not followed. */
function rolesIn(settings: PairSettings): readonly Role[] {
  return settings.remoteLeader === undefined ? rolesHere(settings) : ["follower"];
}

/** The leaders of one pair. */
export class Leaders {
  readonly #parts: PairParts;
  readonly #link: SampleLink;
  readonly #remote: RemoteLeader;
  readonly #clients: Clients;
  #settings: PairSettings;
  /** Whether the leader is followed, and no client is, nor nobody. */
  #isLed: boolean;
  /** What was said last of why nothing is heard of a leader of another machine. */
  #trouble: LeaderTrouble | undefined;
  /** What goes out, and for which calibration: with another one it is another epoch. */
  #outlet: { readonly calibration: object; readonly outlet: SampleOutlet } | undefined;

  constructor(parts: PairParts, settings: PairSettings) {
    const { ports, memory } = parts;
    this.#parts = parts;
    this.#link = parts.link ?? new SocketLink(memory.link, ports.clock);
    const { telemetry, remoteDelays } = memory;
    this.#remote = new RemoteLeader({
      link: this.#link,
      clock: ports.clock,
      telemetry,
      delays: remoteDelays,
    });
    this.#clients = new Clients(parts, settings);
    this.#isLed = this.#clients.isLed;
    this.#settings = settings;
    this.#remote.heed(settings.remoteLeader, settings);
  }

  /** The arms of this machine that are used. */
  get roles(): readonly Role[] {
    return this.#isLed ? rolesIn(this.#settings) : ["follower"];
  }

  /** The leader that is followed, wherever it is. */
  get arm(): ArmIdentity {
    const { remoteLeader } = this.#settings;
    return remoteLeader === undefined ? this.#parts.arms.leader : { role: "leader", id: remoteLeader.name };
  }

  /** Whether a follower without torque waits for the leader to be moved: not for a client, nor where it just was. */
  get mayBegin(): boolean {
    return !this.#isLed || this.#clients.wasMoved;
  }

  /** Takes other settings; true when other arms are used from now on, or another leader followed. */
  heed(settings: PairSettings): boolean {
    const before = this.#settings;
    this.#settings = settings;
    this.#remote.heed(settings.remoteLeader, settings);
    this.#clients.heed(settings);
    if (before.remoteLeader?.name === settings.remoteLeader?.name) return false;
    this.#clients.otherLeader();
    this.#isLed = true;
    return true;
  }

  /** Looks for the arms that are used, and for the leader beside a client. */
  async reach(): Promise<void> {
    const { connections } = this.#parts;
    for (const role of this.roles) await connections[role].reach();
    if (!this.#isLed) await this.#clients.reachLeader();
  }

  /**
   * Finds out who drives, by what {@link reach} has found: "a client" and "the leader" where that has changed. With a
   * client, or nobody, the leader is not needed; when it is to be followed again, all is to be checked again.
   */
  change(): "a client" | "the leader" | undefined {
    const { leader } = this.#parts.connections;
    const remote = this.#settings.remoteLeader && this.#observeRemote();
    // Whoever carries samples is noticed to be gone also while none are sent.
    if (remote === undefined) this.#link.look();
    this.#clients.look(remote ?? (this.#hasLeader ? observeArm(leader, undefined) : undefined));
    const { isLed } = this.#clients;
    if (isLed === this.#isLed) return undefined;
    this.#isLed = isLed;
    if (!isLed) this.#clients.watchLeader();
    return isLed ? "the leader" : "a client";
  }

  /** How an arm is seen, the leader wherever it is. Throws {@link PortError}. */
  observe(
    connections: Readonly<Record<Role, ArmConnection>>,
    { leader, follower }: Connected = {},
  ): {
    readonly leader: LeaderCondition;
    readonly follower: ArmCondition;
  } {
    const absent = { is: "absent", torque: "off" } as const;
    const seen = (role: Role, arm: ConnectedArm | undefined): ArmCondition =>
      this.roles.includes(role) ? observeArm(connections[role], arm?.marks) : absent;
    const led = () => this.#observeRemote() ?? seen("leader", leader);
    return {
      leader: this.#isLed ? led() : this.#client(connections.leader),
      follower: seen("follower", follower),
    };
  }

  /** Whom the connected follower follows. */
  followed({ leader }: Connected): Followed {
    const clients = this.#clients;
    if (!this.#isLed)
      return { is: "client", source: clients.targets, mustYield: () => clients.mustYieldClient() };
    clients.wasMoved = false;
    const { remoteLeader } = this.#settings;
    if (remoteLeader === undefined) {
      const mustYield = (positions: ArrayLike<number> | undefined) => clients.mustYieldLeader(positions);
      return { is: "here", arm: leader!, outlet: this.outletFor(leader!), mustYield };
    }
    const { name, heard, holdAfterMs } = remoteLeader;
    return {
      ...{ is: "remote", name, holdAfterMs, calibration: heard!.calibration, source: this.#remote },
      mustYield: () => clients.mustYieldLeader(undefined),
    };
  }

  /** Where the leader is, for who wants to know, as it was seen: in steps. */
  shown(seen: Conditions["leader"]): ArrayLike<number> {
    if (!this.#isLed) return this.#clients.leaderPositions;
    return seen.is === "reached" ? seen.positions : UNKNOWN_POSITIONS;
  }

  /** Where the positions of a leader go; undefined where they are not sent. Tells of a new epoch. */
  outletFor({ calibration }: ConnectedArm): SampleOutlet | undefined {
    if (!this.#settings.isSent) return undefined;
    if (this.#outlet?.calibration !== calibration) {
      const epoch = newEpoch();
      this.#outlet = { calibration, outlet: new SampleOutlet(this.#link, epoch) };
      this.#parts.sink({ kind: "epoch", epoch });
    }
    return this.#outlet.outlet;
  }

  /** The leader of another machine; undefined where none is to be heard. */
  #observeRemote(): LeaderCondition | undefined {
    this.#trouble = (this.#parts.memory.troubles.take() as LeaderTrouble | undefined) ?? this.#trouble;
    const { leader, trouble } = this.#trouble ?? {};
    return this.#remote.observe(leader === this.#settings.remoteLeader?.name ? trouble : undefined);
  }

  /** A leader of this pair that is followed, or was before a client. */
  get #hasLeader(): boolean {
    return this.#settings.remoteLeader === undefined && rolesHere(this.#settings).includes("leader");
  }

  /** A client is as good as a leader, or as one that is silent. */
  #client(leader: ArmConnection): LeaderCondition {
    const torque: TorqueState = this.#hasLeader ? observeArm(leader, undefined).torque : "off";
    const problem = this.#clients.problem;
    if (problem !== undefined) return { is: "silent", torque, problem };
    const positions = Array.from(this.#clients.targets.positions, steps);
    return { is: "reached", torque, positions, temperaturesC: [], isConfigured: true };
  }
}
