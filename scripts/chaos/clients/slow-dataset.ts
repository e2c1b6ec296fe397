/** A dataset whose episodes move all joints more slowly than a follower aligns: whoever replays it, no limit is met. */
import { JOINTS } from "../../../src/arm/joints.ts";
import { DatasetWriter } from "../../../src/dataset/writer.ts";

const FPS = 30;
const SECONDS = 6;
/** Of the range: around which each episode moves, and by how much, %. */
const MIDDLES = [0, 15, -20];
const SWING = 8;
const SWINGS_PER_S = 0.25;

/** Writes it. */
export async function writeDataset(dir: string): Promise<{ dataset: string; episodes: number }> {
  const writer = await DatasetWriter.create(dir, { fps: FPS, units: "range" });
  const length = FPS * SECONDS;
  for (const middle of MIDDLES) {
    const action = Float32Array.from({ length: length * JOINTS.length }, (_, index) => {
      const swing = Math.sin((2 * Math.PI * SWINGS_PER_S * Math.floor(index / JOINTS.length)) / FPS);
      const isGripper = index % JOINTS.length === JOINTS.indexOf("gripper");
      return (isGripper ? 50 : middle) + SWING * swing;
    });
    await writer.saveEpisode({ task: "chaos", frames: { action, state: action, length }, gaps: [] });
  }
  await writer.close();
  return { dataset: dir, episodes: MIDDLES.length };
}
