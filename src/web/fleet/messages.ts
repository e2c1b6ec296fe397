/** What a page is told of the fleet. */
import type { FleetRow } from "../../remote/fleet-list/protocol.ts";

export type { FleetRow };

/** Where a page stands in the order of all changes: `id` is of the server that counts them. */
export interface FleetPlace {
  readonly id: string;
  readonly change: number;
}

/** What has changed since the place that was asked about; what is known until then is to be forgotten where `isAnew`. */
export interface FleetReply extends FleetPlace {
  /** This machine's name at the broker; null before it is known. */
  readonly machine: string | null;
  /** Why nothing new is heard of the fleet, and what to do, in words; null while it is. */
  readonly trouble: string | null;
  readonly isAnew: boolean;
  readonly pairs: readonly FleetRow[];
  /** The names of pairs that are no more. */
  readonly removed: readonly string[];
}
