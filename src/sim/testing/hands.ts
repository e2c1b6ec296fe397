/** Hands at simulated arms: what a person does whom a workflow asks for a motion or a pose. */
import { ARMS, JOINTS } from "../arm/joints.ts";
import type { SimClient } from "../control/client.ts";

/** Simulated arms, as far as hands need them. */
interface Reach {
  readonly client: SimClient;
}

/** Moves the leader's elbow by a quarter turn, to whichever side it has room. */
export async function moveLeader({ client }: Reach): Promise<void> {
  const { leader } = await client.request({ do: "state" });
  const { position } = leader.joints.elbow_flex;
  await client.request({
    do: "push",
    arm: "leader",
    joint: "elbow_flex",
    position: position > 2048 ? position - 700 : position + 700,
    speed: 2_000,
  });
}

/** Brings both arms into one pose: each joint at a share of its range. Resolves when they stand there. */
export async function poseBoth({ client }: Reach, share: number): Promise<void> {
  const arms = await client.request({ do: "state" });
  const goals = ARMS.flatMap((arm) =>
    JOINTS.map((joint) => {
      const { min_position_limit: min, max_position_limit: max } = arms[arm].joints[joint].registers;
      return { arm, joint, position: Math.round(min + share * (max - min)) };
    }),
  );
  for (const goal of goals) await client.request({ do: "push", ...goal, speed: 2_000 });
  for (;;) {
    const now = await client.request({ do: "state" });
    const isThere = goals.every(
      ({ arm, joint, position }) => Math.abs(now[arm].joints[joint].position - position) < 5,
    );
    if (isThere) return;
    await Bun.sleep(20);
  }
}
