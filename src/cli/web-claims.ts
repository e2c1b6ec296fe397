/** `so101 web claim` and `so101 web claims`: who may make the arms move from the page, seen and settled on the machine. */
import { Command } from "commander";
import { printLine } from "../linux/text/stdout.ts";
import { Claims } from "../web/access/claims.ts";
import { Codes } from "../web/access/codes.ts";
import { isUnitsState, stateDir } from "../web/access/state.ts";
import { UsageError } from "../workflows/errors.ts";
import { addJsonOption } from "./options/arm.ts";

interface ClaimsOptions {
  readonly revoke?: string;
  readonly json?: true;
}

/** Makes `claim`. */
export function claimCommand(): Command {
  return new Command("claim")
    .summary("a code that claims a page, where nobody can be beside the arms")
    .description(
      "Makes a code that claims one page: typed there within ten minutes, it lets that page make the arms move and " +
        "change settings for 30 days. A new code ends the one before. Who is beside the arms needs none: the page asks " +
        "for three motions of the leader, or for a board to be unplugged.",
    )
    .action(() => {
      const code = new Codes(ownState("claim")).make(Date.now());
      printLine(`${code.slice(0, 4)}-${code.slice(4)}`);
      printLine("Type this on the page, at Access, within ten minutes. It claims one page, for 30 days.");
    });
}

/** Makes `claims`. */
export function claimsCommand(): Command {
  const command = new Command("claims")
    .summary("the pages that are claimed; ends their claims")
    .description(
      "Lists the pages that may make the arms move: when each was claimed, and how its browser calls itself. With " +
        "--revoke the claim of that id ends, or all do, at once: an open page notices within a second.",
    )
    .option("--revoke <id>", 'end the claim of this id; "all" ends every one')
    .action(list);
  return addJsonOption(command);
}

function list({ revoke, json }: ClaimsOptions): void {
  const claims = new Claims(ownState("claims"));
  const nowMs = Date.now();
  if (revoke !== undefined) {
    const count = claims.revoke(revoke, nowMs);
    if (count === 0 && revoke !== "all") {
      throw new UsageError(`no claim has the id ${JSON.stringify(revoke)}: "so101 web claims" lists them`);
    }
    if (json) printLine(JSON.stringify({ event: "revoked", count }));
    else printLine(count === 0 ? "no claim was there to end" : `${count} ended`);
    return;
  }
  const all = claims.list(nowMs);
  for (const { id, name, claimedAtMs } of all) {
    const at = new Date(claimedAtMs).toISOString();
    if (json) printLine(JSON.stringify({ event: "claim", id, claimedAt: at, name }));
    else printLine(`${id}  ${at.slice(0, 16).replace("T", " ")} UTC  ${name}`);
  }
  if (all.length === 0 && !json) printLine("no page is claimed");
}

/** Where the claims are that count on this machine. Throws {@link UsageError} for a user who must be root for it. */
function ownState(command: string): string {
  if (isUnitsState() && process.geteuid?.() !== 0) {
    throw new UsageError(`the page's claims are root's to change here: sudo so101 web ${command}`);
  }
  return stateDir();
}
