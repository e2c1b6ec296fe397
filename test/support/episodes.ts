/** Episodes for tests: motions as encoders read them. */
import type { Frames } from "../../src/dataset/parquet/write.ts";
import type { NewEpisode } from "../../src/dataset/writer.ts";

/** An episode's frames: both arms swing, on the grid of their encoders. The same seed gives the same. */
export function motion(length: number, seed = 1): Frames {
  let random = seed * 2_654_435_761;
  const tremble = () => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    return random % 3;
  };
  const reading = (frame: number, joint: number, lag: number) => {
    const steps = Math.round(900 * Math.sin((frame - lag) / 40 + seed + joint)) + tremble();
    return (steps * 360) / 4095;
  };
  const filled = (lag: number) =>
    Float32Array.from({ length: 6 * length }, (_, at) => reading(Math.floor(at / 6), at % 6, lag));
  return { action: filled(0), state: filled(3), length };
}

/** What is said of an episode where a test does not care. */
export function episodeOf(length: number, seed = 1, rest: Partial<NewEpisode> = {}): NewEpisode {
  return { task: "Put the cube into the box", frames: motion(length, seed), gaps: [], ...rest };
}

/** How datasets of tests are recorded. */
export const recorded = { fps: 30, units: "degrees" } as const;

/** The lengths of the episodes that `recording-process.ts` records. */
export const RECORDED_LENGTHS = [20, 12, 8, 15];
