/** What a servo did not do, as an error with what is known of it. */
import type { Bus } from "./bus.ts";
import type { RegisterName } from "./registers.ts";

/** What a servo did: nothing, something that arrived damaged, or anything but take what was written to it. */
export type BusTrouble = "timeout" | "corrupted" | "not written";

/** What a servo's trouble is about, where that is one register. */
export interface Concerned {
  readonly register: RegisterName;
  /** What it was to hold, or reports to hold. */
  readonly value: number;
  /** Where its joint is, in steps, where it did not take a goal. */
  readonly position?: number | undefined;
}

/** A servo did not do what it was asked. The message is the fact, and names the servo as its bus does. */
export class BusError extends Error {
  override readonly name: string = "BusError";
  /** The bus that the servo is on. */
  readonly bus: Bus;
  /** The servo's id. */
  readonly id: number;
  readonly trouble: BusTrouble;
  /** What it does not take, or reports, where it is about one register. */
  readonly register: RegisterName | undefined;
  readonly value: number | undefined;
  /** Where its joint is, in steps, where it did not take a goal. */
  readonly position: number | undefined;

  constructor(bus: Bus, id: number, trouble: BusTrouble, about?: Concerned) {
    super(busFact(bus.nameOf(id), trouble, about));
    this.bus = bus;
    this.id = id;
    this.trouble = trouble;
    this.register = about?.register;
    this.value = about?.value;
    this.position = about?.position;
  }
}

/** What happened, without what to do about it; `servo` names the servo. */
export function busFact(
  servo: string,
  trouble: BusTrouble,
  about: { readonly [Key in keyof Concerned]?: Concerned[Key] | undefined } = {},
): string {
  const { register, value, position } = about;
  if (trouble === "timeout") return `no answer from ${servo}`;
  const what = register && `${register} = ${value}`;
  if (trouble === "corrupted") {
    if (register === "present_position") return `${servo} reports ${value}, which is no position`;
    return what === undefined ? `the replies of ${servo} arrive damaged` : `${servo} reports ${what}`;
  }
  if (register === "goal_position" && position !== undefined) {
    return `${servo} has the goal ${value} and is at ${position}: it moves, or does not take its goal`;
  }
  if (register === "torque_enable" && value === 0) return `${servo} does not confirm that its torque is off`;
  return `${servo} does not take ${what ?? "what is written to it"}`;
}
