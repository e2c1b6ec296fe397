/** Which events are looked for. */
import type { NumberedEvent } from "../../../api/protocol.ts";
import type { JointName } from "../../../arm/joints.ts";

/** What an event must be to be shown. */
export interface Filter {
  /** So grave at least. */
  readonly gravity: NumberedEvent["severity"];
  /** "" for all, also for what is about no joint. */
  readonly joint: JointName | "";
  /** Words, each of which is in the message or the code, in small letters or in capitals. */
  readonly text: string;
}

const GRAVITIES: readonly NumberedEvent["severity"][] = ["info", "warning", "fault"];

/** Whether an event is one of those. */
export function passes(
  { severity, code, message }: NumberedEvent,
  { gravity, joint, text }: Filter,
): boolean {
  const said = `${code} ${message}`.toLowerCase();
  return (
    GRAVITIES.indexOf(severity) >= GRAVITIES.indexOf(gravity) &&
    said.includes(joint) &&
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => said.includes(word))
  );
}
