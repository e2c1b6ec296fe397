/** Who drives a pair of the default configuration, and who records it, for tests that are not about that. */
import { defaultConfig } from "../../src/config/config.ts";
import { ClientDrives } from "../../src/daemon/driving/clients.ts";
import { Drive } from "../../src/daemon/network/drive.ts";
import { RemoteFigures } from "../../src/daemon/network/remote-figures.ts";
import { RecorderPlace } from "../../src/daemon/recorder-place.ts";
import { pairSettings } from "../../src/daemon/settings/pair-settings.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import type { MainMemory } from "../../src/teleop/shared/control-memory.ts";

/** What a status needs of it. */
export function aDrive(
  memory: MainMemory,
  settings: PairSettings = pairSettings(defaultConfig),
): {
  readonly drive: Drive;
  readonly remote: RemoteFigures;
  readonly clients: ClientDrives;
  readonly recorderPlace: RecorderPlace;
} {
  const drive = new Drive({
    settings,
    apply: (wanted) => memory.mailbox.sendSettings(wanted),
    tellTrouble: () => {},
    tell: () => {},
  });
  const clients = new ClientDrives({
    ...{
      memory,
      tell: () => {},
      borrower: () => undefined,
      hasFollower: () => settings.armsHere !== "leader",
    },
    ...{ leaderPort: () => undefined, pair: () => ({ state: "waiting", why: "" }), endTargets: () => {} },
  });
  const recorderPlace = new RecorderPlace(
    () => {},
    () => undefined,
  );
  return { drive, clients, remote: new RemoteFigures(memory), recorderPlace };
}
