/** The arms, joint by joint: how they are now, and how they were in the last ten minutes. */
import { armsRead, JOINTS, rolesHere } from "../../../arm/joints.ts";
import { newestSamples } from "../samples.ts";
import type { ScreenProperties } from "../screens.tsx";
import { JointCard } from "./joint-card.tsx";
import { Plots } from "./plots.tsx";
import "./joints.css";

/** What each servo reports. */
export function Joints({ pair, status }: ScreenProperties) {
  const sample = newestSamples.get(pair);
  return (
    <section class="joints" aria-labelledby="joints-title">
      <h2 id="joints-title">Joints</h2>
      {status === undefined ? (
        <p>The service is not heard: nothing is known of the joints now.</p>
      ) : (
        JOINTS.map((joint, index) => (
          <JointCard
            key={joint}
            joint={joint}
            arms={rolesHere(armsRead(status)).map((role) => ({
              role,
              of: status.arms[role].joints[joint],
              angle: sample?.[role][index] ?? null,
            }))}
          />
        ))
      )}
      <Plots pair={pair} armsHere={status && armsRead(status)} />
    </section>
  );
}
