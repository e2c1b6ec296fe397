/** What other programs may have a service tell, as it tells it. */
import type { Tellable } from "../../api/protocol.ts";
import type { Notice } from "../../teleop/reporting/events.ts";

/** How what others have told is told; `machine` is what the machine calls itself at its broker, `client` the address of one of LeRobot's. */
export function toldByOthers(
  what: Tellable,
  machine?: string,
  client?: string,
): Pick<Notice, "severity" | "problem"> {
  switch (what) {
    case "claim began":
      return { severity: "info", problem: { code: "claim.began" } };
    case "claim made":
      return { severity: "info", problem: { code: "claim.made" } };
    case "claim failed":
      return { severity: "info", problem: { code: "claim.failed" } };
    case "network pause":
      return { severity: "info", problem: { code: "network.command", stage: "asked", wish: "pause" } };
    case "network release":
      return { severity: "info", problem: { code: "network.command", stage: "asked", wish: "release" } };
    case "network resume":
      return { severity: "info", problem: { code: "network.command", stage: "asked", wish: "resume" } };
    case "network command not done":
      return { severity: "warning", problem: { code: "network.command", stage: "not done" } };
    case "network command retained":
      return { severity: "warning", problem: { code: "network.command-ignored", why: "retained" } };
    case "network command unknown":
      return { severity: "warning", problem: { code: "network.command-ignored", why: "unknown" } };
    case "network commands too many":
      return { severity: "warning", problem: { code: "network.command-ignored", why: "too many" } };
    case "network name twice":
      return { severity: "warning", problem: { code: "network.name-twice", machine } };
    case "lerobot second client":
      return { severity: "warning", problem: { code: "lerobot.second-client", client } };
    case "lerobot no command":
      return { severity: "warning", problem: { code: "lerobot.no-command", client } };
  }
}
