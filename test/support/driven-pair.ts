/** A pair in virtual time that a client drives. */
import type { ControlEvent } from "../../src/teleop/reporting/events.ts";
import { VirtualLink } from "./virtual-link.ts";
import { type Choices, VirtualPair } from "./virtual-pair.ts";

/** Under which the targets of the first client come, and of a second one. */
export const EPOCH = "00112233445566ff";
export const OTHER_EPOCH = "ff00112233445566";

/** How often a client sends, Hz. */
const RATE_HZ = 30;

/** A pair of still arms, and a client's way to it. */
export function drivenPair(choices: Choices = {}) {
  let link!: VirtualLink;
  const it = new VirtualPair({
    ...choices,
    targets: (clock) => {
      link = new VirtualLink(clock);
      return link;
    },
  });
  /** Has a client give targets from one time to another, s. */
  const drive = (
    fromS: number,
    toS: number,
    targets: (s: number) => readonly number[],
    { epoch = EPOCH, rateHz = RATE_HZ }: { readonly epoch?: string; readonly rateHz?: number } = {},
  ) => {
    const count = Math.round((toS - fromS) * rateHz);
    for (let i = 0; i < count; i++) {
      const s = fromS + i / rateHz;
      it.at(s, () => link.sample(targets(s), { epoch }));
    }
  };
  /** What was told of drives, from one time on. */
  const drives = (fromS = 0) =>
    it.events.flatMap(({ atS, event }) => (atS >= fromS && event.kind === "drive" ? told(event) : []));
  return {
    it,
    link,
    drive,
    drives,
    begin: (s: number, epoch = EPOCH) => it.at(s, () => it.memory.session.begin(epoch)),
  };
}

function told(event: Extract<ControlEvent, { kind: "drive" }>): string {
  return event.is === "over" ? `over: ${event.why}` : event.is;
}

/** A pose beside the one in which both arms stand. */
export function besides(it: VirtualPair, steps: number): number[] {
  return it.positions("follower").map((position) => position + steps);
}
