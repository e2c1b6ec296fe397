/** Hints what to do where the arms' boards have not been named: their links will never be there by themselves. */
import { existsSync } from "node:fs";
import { ROLES } from "../../arm/joints.ts";
import { canBeNamed, namingRules } from "../../host/naming-rules.ts";
import type { Hint } from "../../messages/hints.ts";
import type { ControlEvent } from "../../teleop/reporting/events.ts";
import type { PairSettings } from "../../teleop/settings.ts";
import { problemsIn } from "./about.ts";

/** For an event that misses a board which no rule names: whose. */
export function unnamedBoards(settings: () => PairSettings): (event: ControlEvent) => Hint[] {
  return (event) => {
    const missing = problemsIn(event).filter(({ code }) => code === "board.missing");
    if (missing.length === 0) return [];
    const names = new Set(namingRules().map(({ link }) => link));
    const unnamed = ROLES.filter((role) => {
      const { port } = settings().arms[role];
      return canBeNamed(port) && !existsSync(port) && !names.has(port);
    });
    const isAboutThem = missing.some(({ arm }) => arm === undefined || unnamed.includes(arm.role));
    return unnamed.length > 0 && isAboutThem ? [{ is: "unnamed", roles: unnamed }] : [];
  };
}
