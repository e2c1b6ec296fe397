/** What hands and things in the way do to the arms. */
import { JOINTS } from "../../src/sim/arm/joints.ts";
import { type Draw, nothing } from "./fault.ts";

const STEPS_PER_DEG = 4096 / 360;

/** What is done to the arms from outside. */
export const HAND_FAULTS: Readonly<Record<string, Draw>> = {
  block(random, { client }) {
    const joint = random.of(JOINTS);
    const forMs = random.between(300, 3000);
    return {
      ...{ kind: "obstacle", text: `${joint} blocked for ${Math.round(forMs)} ms`, forMs, lingersMs: 0 },
      uses: [`block ${joint}`],
      async begin() {
        const { follower } = await client.request({ do: "state" });
        const position = follower.joints[joint].position + random.whole(-150, 150);
        await client.request({ do: "block", arm: "follower", joint, position });
      },
      end: () => client.request({ do: "block", arm: "follower", joint, position: null }).then(() => {}),
    };
  },
  yank(random, { client }) {
    const joint = random.of(JOINTS);
    const by = random.of([-1, 1]) * random.whole(300, 1500);
    const speed = random.of([3000, 8000, 1e6]);
    return {
      ...{
        kind: "yanked leader",
        text: `${joint} of the leader by ${by} at ${speed} steps/s`,
        forMs: 600,
        lingersMs: 0,
      },
      uses: ["hand"],
      async begin() {
        await client.request({ do: "motion", arm: "leader", play: "still" });
        const { leader } = await client.request({ do: "state" });
        const position = Math.min(Math.max(leader.joints[joint].position + by, 0), 4095);
        await client.request({ do: "push", arm: "leader", joint, position, speed, force: true });
      },
      end: () => client.request({ do: "motion", arm: "leader", play: "wave" }).then(() => {}),
    };
  },
  "pushed follower"(random, { client }) {
    const joint = random.of(JOINTS);
    const by = random.of([-1, 1]) * random.whole(50, 600);
    return {
      ...{
        kind: "pushed follower",
        text: `${joint} of the follower by ${by}`,
        forMs: 0,
        lingersMs: 0,
        uses: [],
      },
      async begin() {
        const { follower } = await client.request({ do: "state" });
        const position = follower.joints[joint].position + by;
        await client.request({ do: "push", arm: "follower", joint, position, speed: 1500, force: true });
      },
      end: nothing,
    };
  },
  /** The leader squeezes past an object, so long that the gripper overloads, or not, and lets go. */
  grasp(random, { client }) {
    const forMs = random.between(500, 4_500);
    const [squeezeDeg, openDegPerS] = [random.between(5, 40), random.between(100, 300)];
    return {
      ...{
        kind: "grasp",
        text: `a grasp ${Math.round(squeezeDeg)}° deep for ${Math.round(forMs)} ms`,
        forMs,
        lingersMs: 1_000,
        harmless: true,
      },
      uses: ["hand", "block gripper"],
      async begin() {
        await client.request({ do: "motion", arm: "leader", play: "still" });
        const { leader, follower } = await client.request({ do: "state" });
        await client.request({
          ...{ do: "block", arm: "follower", joint: "gripper" },
          position: follower.joints.gripper.position,
        });
        await client.request({
          ...{ do: "push", arm: "leader", joint: "gripper", force: true, speed: 100 * STEPS_PER_DEG },
          position: Math.max(leader.joints.gripper.position - squeezeDeg * STEPS_PER_DEG, 0),
        });
      },
      async end() {
        const { leader } = await client.request({ do: "state" });
        await client.request({
          ...{ do: "push", arm: "leader", joint: "gripper", force: true, speed: openDegPerS * STEPS_PER_DEG },
          position: Math.min(leader.joints.gripper.position + (squeezeDeg + 20) * STEPS_PER_DEG, 4095),
        });
        await client.request({ do: "block", arm: "follower", joint: "gripper", position: null });
        await client.request({ do: "motion", arm: "leader", play: "wave" });
      },
    };
  },
};
