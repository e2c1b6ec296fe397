/** Whom a pair's follower follows, and whose positions it sends: the leader on a bus of ours, or one of another machine. */
import type { ArmConnection } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import type { Role } from "../arm/joints.ts";
import type { PairParts } from "./context.ts";
import type { Followed } from "./loop/follow.ts";
import { observeArm } from "./observe.ts";
import type { Connected, ConnectedArm } from "./preparation.ts";
import { type SampleLink, SocketLink } from "./remote/link.ts";
import { newEpoch, SampleOutlet } from "./remote/outlet.ts";
import { RemoteLeader } from "./remote/remote-leader.ts";
import { type LeaderTrouble, type PairSettings, rolesHere } from "./settings.ts";
import type { ArmCondition, LeaderCondition } from "./state/conditions.ts";

/** Which arms of this machine are used: all that are here, but for a leader that is not followed. */
function rolesIn(settings: PairSettings): readonly Role[] {
  return settings.remoteLeader === undefined ? rolesHere(settings) : ["follower"];
}

/** The leaders of one pair. */
export class Leaders {
  readonly #parts: PairParts;
  readonly #link: SampleLink;
  readonly #remote: RemoteLeader;
  #settings: PairSettings;
  #roles: readonly Role[];
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
    this.#settings = settings;
    this.#roles = rolesIn(settings);
    this.#remote.heed(settings.remoteLeader, settings);
  }

  /** The arms of this machine that are used. */
  get roles(): readonly Role[] {
    return this.#roles;
  }

  /** The leader that is followed, wherever it is. */
  get arm(): ArmIdentity {
    const { remoteLeader } = this.#settings;
    return remoteLeader === undefined ? this.#parts.arms.leader : { role: "leader", id: remoteLeader.name };
  }

  /** Takes other settings; true when other arms are used from now on, or another leader followed. */
  heed(settings: PairSettings): boolean {
    const before = this.#settings;
    this.#settings = settings;
    this.#roles = rolesIn(settings);
    this.#remote.heed(settings.remoteLeader, settings);
    return before.remoteLeader?.name !== settings.remoteLeader?.name;
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
      this.#roles.includes(role) ? observeArm(connections[role], arm?.marks) : absent;
    this.#trouble = (this.#parts.memory.troubles.take() as LeaderTrouble | undefined) ?? this.#trouble;
    const { leader: name, trouble } = this.#trouble ?? {};
    const remote = this.#remote.observe(name === this.#settings.remoteLeader?.name ? trouble : undefined);
    // Whoever carries samples is noticed to be gone also while none are sent.
    if (remote === undefined) this.#link.look();
    return { leader: remote ?? seen("leader", leader), follower: seen("follower", follower) };
  }

  /** Whom the connected follower follows. */
  followed({ leader }: Connected): Followed {
    const { remoteLeader } = this.#settings;
    if (remoteLeader === undefined) return { is: "here", arm: leader!, outlet: this.outletFor(leader!) };
    const { name, heard, holdAfterMs } = remoteLeader;
    return { is: "remote", name, holdAfterMs, calibration: heard!.calibration, source: this.#remote };
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
}
