/** A hand at a simulated leader that does what the page asks for. */
import type { Page } from "playwright-core";
import type { JointName } from "../../src/arm/joints.ts";
import type { RunningSim } from "../../src/sim/testing/start.ts";

/** How long a motion may be waited for. */
const PATIENCE = { timeout: 20_000 } as const;

/** What the page asks for, by its words: the joint, and by how many steps a hand that obeys moves it. */
const WORDS: readonly (readonly [RegExp, JointName, number])[] = [
  [/base to the right/, "shoulder_pan", 300],
  [/base to the left/, "shoulder_pan", -300],
  [/upper arm forward/, "shoulder_lift", 300],
  [/upper arm back/, "shoulder_lift", -300],
  [/Lower the forearm/, "elbow_flex", 300],
  [/Raise the forearm/, "elbow_flex", -300],
  [/handle down/, "wrist_flex", 300],
  [/handle up/, "wrist_flex", -300],
  [/handle to the left/, "wrist_roll", 300],
  [/handle to the right/, "wrist_roll", -300],
  [/Open the trigger/, "gripper", 400],
  [/Close the trigger/, "gripper", -400],
];

/** Makes the three motions that the page asks for. */
export async function claimBesideLeader(page: Page, sim: RunningSim): Promise<void> {
  for (let motion = 1; motion <= 3; motion++) {
    const asked = page.getByText(new RegExp(`^${motion} of 3: (?!let)`));
    await asked.waitFor(PATIENCE);
    await moveAsAsked((await asked.textContent())!, sim);
  }
}

/** Moves the joint that a text asks for, the way that it asks for. */
async function moveAsAsked(text: string, sim: RunningSim): Promise<void> {
  const [, joint, by] = askedIn(text);
  await push(sim, joint, () => by);
}

/** Moves another joint than the one that a text asks for: to where it has room, which the asked one may not have. */
export async function moveAnother(text: string, sim: RunningSim): Promise<void> {
  const joint = askedIn(text)[1] === "shoulder_pan" ? "wrist_roll" : "shoulder_pan";
  await push(sim, joint, (position) => (position > MIDDLE ? -300 : 300));
}

const MIDDLE = 2_048;

function askedIn(text: string): (typeof WORDS)[number] {
  return WORDS.find(([words]) => words.test(text))!;
}

async function push(
  { client }: RunningSim,
  joint: JointName,
  by: (position: number) => number,
): Promise<void> {
  const { position } = (await client.request({ do: "state" })).leader.joints[joint];
  await client.request({ do: "push", arm: "leader", joint, position: position + by(position), speed: 800 });
}
