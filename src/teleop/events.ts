/** What the control thread tells the main thread, at changes only: never from within a tick that changes nothing. */
import type { Calibration } from "../arm/calibration.ts";
import type { Role } from "../arm/joints.ts";
import type { PairState } from "./shared.ts";

/** How much a notice asks of the reader: nothing, a look, or an action without which it will not go on. */
export type Severity = "info" | "warning" | "fault";

/** One message from the control thread. */
export type ControlEvent =
  | {
      readonly kind: "state";
      readonly from: PairState | undefined;
      readonly to: PairState;
      readonly why: string;
    }
  | { readonly kind: "notice"; readonly severity: Severity; readonly message: string }
  | { readonly kind: "calibration"; readonly role: Role; readonly calibration: Calibration }
  | { readonly kind: "stopped"; readonly how: string };

/** Takes the control thread's messages. */
export type Tell = (event: ControlEvent) => void;
