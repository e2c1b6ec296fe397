/** One pair that clients drive, and replays of a dataset. */
import { join } from "node:path";
import { CalibrationStore } from "../../../src/arm/calibration/store.ts";
import { drawFault, LOCAL_DRAWS } from "../faults.ts";
import { onePair, type Scene, type SceneOptions } from "../scene.ts";
import { CLIENT_FAULTS } from "./faults.ts";
import { GivenTargets } from "./given.ts";
import { writeDataset } from "./slow-dataset.ts";
import type { ClientVictims } from "./victims.ts";

/** So many of the faults are of clients. */
const CLIENTS_SHARE = 0.6;
/** A client drives, or the leader does, by what is known of it within so long, ms. */
const TARGETS_OF_MS = 150;

/** Makes the scene; nothing of it runs yet. */
export async function withClients(options: SceneOptions): Promise<Scene> {
  const { sim, random, path } = options;
  const scene = onePair(options);
  const follower = new CalibrationStore(sim.paths.calibration).load({ role: "follower", id: "follower" });
  const given = new GivenTargets(follower);
  const replay = { path, ...(await writeDataset(join(sim.dir, "dataset"))) };
  const victims: ClientVictims = {
    ...{ client: sim.client, program: scene.follower, ports: sim.paths },
    ...{ control: `${sim.dir}/control.sock`, given, replay },
  };
  return {
    ...scene,
    name: "one pair with clients",
    targetsOfMs: TARGETS_OF_MS,
    given,
    draw: (taken) =>
      // One at a time moves the leader, or lets it lie.
      !taken.has("hand") && random.chance(CLIENTS_SHARE)
        ? drawFault<ClientVictims>(random, victims, taken, CLIENT_FAULTS)
        : drawFault(random, victims, taken, LOCAL_DRAWS),
  };
}
