/** Says what to do where the arms' boards have not been named: their links will never be there by themselves. */
import { existsSync } from "node:fs";
import { ROLES } from "../arm/joints.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import { canBeNamed, namingRules } from "../host/naming-rules.ts";
import type { Tell } from "../teleop/events.ts";
import type { PairSettings } from "../teleop/settings.ts";

/** Passes events on to `tell`; one that misses a board which no rule names says which command names it. */
export function explainUnnamed(pair: string, settings: () => PairSettings, tell: Tell): Tell {
  const command = `sudo so101 assign${pair === MAIN_PAIR ? "" : ` --pair ${pair}`}`;
  return (event) => {
    if (!("code" in event) || event.code !== "board.missing") return tell(event);
    const names = new Set(namingRules().map(({ link }) => link));
    const unnamed = ROLES.filter((role) => {
      const { port } = settings().arms[role];
      return canBeNamed(port) && !existsSync(port) && !names.has(port);
    });
    if (unnamed.length === 0 || (event.role !== undefined && !unnamed.includes(event.role)))
      return tell(event);
    const which =
      unnamed.length === ROLES.length
        ? "no board has been named yet"
        : `the ${unnamed[0]}'s board has no name yet`;
    const cure = ` (${which}: plug both boards in and run "${command}")`;
    tell(
      event.kind === "notice"
        ? { ...event, message: event.message + cure }
        : { ...event, why: event.why + cure },
    );
  };
}
