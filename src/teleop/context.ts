/** What a pair has from outside: time and ports, the shared memory, who hears of it. */
import type { ArmPorts } from "../arm/connection.ts";
import type { EventSink } from "./reporting/events.ts";
import type { ControlMemory } from "./shared/control-memory.ts";

/** What a pair runs with. */
export interface PairContext {
  readonly ports: ArmPorts;
  readonly memory: ControlMemory;
  readonly sink: EventSink;
  /** What a transition that is no edge does: in tests it throws, in the field the pair starts over. */
  readonly onMissingEdge: "throw" | "start over";
}
