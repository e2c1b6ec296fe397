/** What the machine knows of the cause of an event, in words to be put behind it. */
import type { Role } from "../arm/joints.ts";
import { type Audience, command } from "./audience.ts";

/** Something that is known beside an event itself. */
export type Hint =
  /** The Raspberry Pi got too little voltage at the same moment. */
  | { readonly is: "under-voltage" }
  /** The boards of these arms have no names yet, so that their links will never be there by themselves. */
  | { readonly is: "unnamed"; readonly roles: readonly Role[] };

/** Says a hint. */
export function sayHint(hint: Hint, audience: Audience): string {
  if (hint.is === "under-voltage") {
    return " (the Raspberry Pi got too little voltage at the same moment: its supply is the likely cause)";
  }
  const [first, ...others] = hint.roles;
  const which = others.length > 0 ? "no board has been named yet" : `the ${first}'s board has no name yet`;
  return ` (${which}: plug both boards in and run "${command(audience, "assign")}")`;
}
