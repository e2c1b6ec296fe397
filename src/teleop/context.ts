/** What a pair has from outside, and what those who work for it have of it. */
import type { ArmConnection, ArmPorts } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import type { Role } from "../arm/joints.ts";
import type { Keeper } from "./keeper.ts";
import type { Alarms } from "./monitoring/alarms.ts";
import type { SampleLink } from "./remote/link.ts";
import type { EventSink } from "./reporting/events.ts";
import type { Reporter } from "./reporting/reporter.ts";
import type { ControlMemory } from "./shared/control-memory.ts";
import type { StateMachine } from "./state/machine.ts";

/** What a pair runs with: time and ports, the shared memory, who hears of it. */
export interface PairContext {
  readonly ports: ArmPorts;
  readonly memory: ControlMemory;
  readonly sink: EventSink;
  /** The way for samples from and to other machines; that of the memory if left out. */
  readonly link?: SampleLink;
  /** The way for a client's targets; that of the memory if left out. */
  readonly targets?: SampleLink;
  /** What a transition that is no edge does: in tests it throws, in the field the pair starts over. */
  readonly onMissingEdge: "throw" | "start over";
}

/** What preparing, following and recovering need of the pair. */
export interface PairParts extends PairContext {
  readonly arms: Readonly<Record<Role, ArmIdentity>>;
  readonly connections: Readonly<Record<Role, ArmConnection>>;
  readonly machine: StateMachine;
  readonly reporter: Reporter;
  readonly keeper: Keeper;
  readonly alarms: Alarms;
}
