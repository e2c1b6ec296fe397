/** Which other programs have a serial port open: looked for in our own /proc, and by root's helper where rights lack. */
import { lookForOthers } from "../linux/owners/openers.ts";
import type { Owner } from "../linux/owners/program.ts";
import { targetOf } from "../linux/real-path.ts";

/** What is known of who has a port. */
export interface Others {
  readonly programs: readonly Owner[];
  /** False where there may be others that neither this process nor the helper could see. */
  readonly isWhole: boolean;
}

/** Looks for other programs that have the port at a path open, which may be a link. Never rejects. */
export async function othersOn(path: string, helperSocket?: string): Promise<Others> {
  const { others, isWhole } = lookForOthers(path);
  if (isWhole || others.length > 0) return { programs: others, isWhole };
  const port = targetOf(path);
  if (port === undefined) return { programs: others, isWhole };
  // Loaded where it is wanted: root needs it never.
  const { askHelper } = await import("./client.ts");
  const reply = await askHelper({ ask: "who has", port }, helperSocket);
  return reply ? { programs: reply.programs, isWhole: true } : { programs: others, isWhole };
}
