/** Reading an arm whole: every servo's control table, who answers and where the joints are. */
import type { Bus } from "../../feetech/bus.ts";
import { BusError } from "../../feetech/bus-error.ts";
import { ReadRequest, spanOf } from "../../feetech/requests.ts";
import { STEPS_PER_TURN } from "../../feetech/units.ts";
import { sleepForUs } from "../../linux/clock.ts";
import { idOf, JOINTS } from "../joints.ts";
import { IMAGE_SPAN, ServoImage, type ServoImages } from "./servo-image.ts";

/** The ids of an arm's servos, in the joints' order. */
export const SERVO_IDS: readonly number[] = JOINTS.map(idOf);

/** Everything that is read of an arm before it is used; in the joints' order. */
export interface ArmReading {
  readonly images: ServoImages;
  /** The register `maximum_acceleration`, which lies beyond the images; undefined where it could not be read. */
  readonly maximumAccelerations: readonly (number | undefined)[];
}

/** A read of the six joints' positions in one packet, for {@link Bus.exchange}. */
export function positionsRead(): ReadRequest {
  return new ReadRequest(SERVO_IDS, spanOf("present_position"));
}

/** Before each further round: a servo that starts again after a loss of power is silent for up to 0.2 s. */
const ASK_AGAIN_AFTER_US = [0, 20_000, 80_000, 200_000];

/**
 * Reads the six servos whole, each that does not answer again after a while, for a third of a second. Throws
 * {@link PortError} when the port is lost.
 */
export function readArm(bus: Bus): ArmReading {
  const reads = SERVO_IDS.map((id) => new ReadRequest([id], IMAGE_SPAN));
  for (const read of reads) bus.exchange(read);
  for (const afterUs of ASK_AGAIN_AFTER_US) {
    const silent = reads.filter((read) => !read.complete);
    if (silent.length === 0) break;
    sleepForUs(bus.clock, afterUs);
    for (const read of silent) {
      bus.counters.add(read.ids[0]!, "retry");
      bus.exchange(read);
    }
  }
  const images = reads.map((read) => (read.complete ? new ServoImage(read.data) : null));
  const accelerations = new ReadRequest(SERVO_IDS, spanOf("maximum_acceleration"));
  const complete = images.every((image) => image !== null) && answers(() => bus.readAll(accelerations));
  return {
    images,
    maximumAccelerations: SERVO_IDS.map((_, index) =>
      complete ? accelerations.value(index, "maximum_acceleration") : undefined,
    ),
  };
}

/** Reads the six servos' images. Throws {@link BusError} for the first that does not answer, {@link PortError}. */
export function readWholeArm(bus: Bus): ServoImage[] {
  return readArm(bus).images.map((image, index) => {
    const id = SERVO_IDS[index]!;
    if (image === null) throw new BusError(bus, id, "timeout");
    return image;
  });
}

function answers(ask: () => void): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof BusError) return false;
    throw error;
  }
}

/** True when a position is one that an STS3215 in single-turn mode can report. Anything else is no position. */
export function isPosition(steps: number): boolean {
  return steps >= 0 && steps < STEPS_PER_TURN;
}
