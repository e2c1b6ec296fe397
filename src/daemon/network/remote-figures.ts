/** What comes of the leader of another machine, as a status tells it. */
import type { Status } from "../../api/protocol.ts";
import { roundTripMs } from "../../feetech/round-trip.ts";
import { formatCode } from "../../teleop/reporting/codes.ts";
import type { MainMemory } from "../../teleop/shared/control-memory.ts";
import type { PairState } from "../../teleop/state/states.ts";
import type { ToldEvent } from "../events/told.ts";

/** Why a follower is held for its leader's sake. */
const SILENT: readonly string[] = [
  formatCode("leader.silent", "leader"),
  formatCode("leader.away", "leader"),
];

/** Takes time and events in, and tells how much of the time the follower has followed. */
export class RemoteFigures {
  readonly #memory: Pick<MainMemory, "telemetry" | "remoteDelays" | "mailbox">;
  readonly #nowMs: () => number;
  #state: PairState = "waiting";
  #holds = 0;
  #wantedMs = 0;
  #followedMs = 0;
  #lastMs: number;
  #isWanted = false;

  constructor(
    memory: Pick<MainMemory, "telemetry" | "remoteDelays" | "mailbox">,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#memory = memory;
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** What is told of the pair; `isRemote` says whether the leader of another machine is to be followed. */
  take(event: ToldEvent, isRemote: boolean): void {
    this.#pass(isRemote);
    if (event.kind !== "state") return;
    if (isRemote && event.to === "holding" && SILENT.includes(event.code)) this.#holds++;
    this.#state = event.to;
  }

  /** The figures of now, while one is followed; `others` are samples that the network's client has kept from it. */
  of(leader: string | null, others: number): Status["remote"] {
    this.#pass(leader !== null);
    if (leader === null) return undefined;
    const { telemetry, remoteDelays } = this.#memory;
    return {
      leader,
      samples: telemetry.counter("remoteSamples"),
      delayMs: { p50: roundTripMs(remoteDelays, 0.5), p99: roundTripMs(remoteDelays, 0.99) },
      longestGapMs: Math.round(telemetry.longestGapUs / 100) / 10,
      old: telemetry.counter("remoteOld"),
      late: telemetry.counter("remoteLate"),
      ofOthers: telemetry.counter("remoteOthers") + telemetry.counter("remoteRubbish") + others,
      missing: telemetry.counter("remoteMissing"),
      holds: this.#holds,
      wantedS: Math.round(this.#wantedMs / 100) / 10,
      followedS: Math.round(this.#followedMs / 100) / 10,
    };
  }

  #pass(isRemote: boolean): void {
    const nowMs = this.#nowMs();
    const { mailbox } = this.#memory;
    if (this.#isWanted) {
      this.#wantedMs += nowMs - this.#lastMs;
      if (this.#state === "following") this.#followedMs += nowMs - this.#lastMs;
    }
    this.#lastMs = nowMs;
    this.#isWanted = isRemote && mailbox.mode === "running" && !mailbox.isLendAsked;
  }
}
