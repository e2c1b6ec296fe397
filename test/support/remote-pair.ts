/** A follower in virtual time whose leader is on another machine. */
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { VirtualLink } from "./virtual-link.ts";
import { type Choices, VirtualPair } from "./virtual-pair.ts";

/** Under which its samples come. */
export const EPOCH = "00112233445566ff";

/** A follower here, and the leader's samples from elsewhere: as the leader's arm beside it stands. */
export function remotePair(choices: Choices = {}, remote: Partial<PairSettings["remoteLeader"]> = {}) {
  let link!: VirtualLink;
  const it = new VirtualPair({
    ...choices,
    settings: { armsHere: "follower", ...choices.settings },
    link: (clock) => {
      link = new VirtualLink(clock);
      return link;
    },
  });
  const calibration = calibrationOf(it);
  const settings: PairSettings = {
    ...it.settings,
    remoteLeader: {
      name: "desk/main",
      holdAfterMs: 250,
      heard: { epoch: EPOCH, normalisation: "range", calibration },
      ...remote,
    },
  };
  it.memory.mailbox.sendSettings(settings);
  const send = (
    fromS: number,
    toS: number,
    positions: () => readonly number[],
    delayMs: (s: number) => number,
  ) => {
    for (let s = fromS; s < toS; s += 0.005) {
      it.at(s, () => link.sample(positions(), { epoch: EPOCH, afterMs: delayMs(s) }));
    }
  };
  /** Sends where the leader's arm is, at 200 Hz, after so many ms, from one time to another. */
  const stream = (fromS: number, toS: number, delayMs: (s: number) => number = () => 2) =>
    send(fromS, toS, () => it.positions("leader"), delayMs);
  /** Sends that it stands there. */
  const stand = (fromS: number, toS: number, positions: readonly number[]) =>
    send(
      fromS,
      toS,
      () => positions,
      () => 2,
    );
  return { it, link, stream, stand, settings };
}

function calibrationOf(it: VirtualPair): Calibration {
  return new CalibrationStore(it.settings.calibrationDir).load({ role: "leader", id: "leader" });
}
