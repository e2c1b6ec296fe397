/** Why a service could not be asked, in words. */
import { basename } from "node:path";
import { lockPath } from "../api/address.ts";
import { ApiError, type ApiProblem } from "../api/client.ts";
import { MAIN_PAIR, pairsOrMain, unitOf } from "../config/pairs.ts";
import { lockOwnerOf } from "../linux/owners/owner.ts";
import { nameOfOwner } from "../linux/owners/program.ts";
import { visible } from "../linux/text/visible.ts";
import { type Audience, command } from "../messages/audience.ts";
import { sayError } from "../messages/problems.ts";

/** Whatever was thrown as a sentence, also when it was a service that could not be asked. */
export function messageOf(error: unknown, audience: Audience): string {
  return error instanceof ApiError ? describeApiProblem(error.problem, audience) : sayError(error, audience);
}

/** Says what is wrong, and what to do. */
export function describeApiProblem(problem: ApiProblem, audience: Audience): string {
  switch (problem.kind) {
    case "not running": {
      const [first] = problem.paths;
      const owner = problem.paths.map((path) => lockOwnerOf(lockPath(path))).find(Boolean);
      if (owner !== undefined) {
        return (
          `${nameOfOwner(owner)} has this pair of arms, and does not answer at ${problem.paths.join(" or ")} — ` +
          "ask it as its own user, or end it"
        );
      }
      // A pair's socket has its name; of another one that was given nobody knows whose it is.
      const start =
        audience.socket === undefined || pairsOrMain().includes(pairAt(first!))
          ? `start it with "sudo systemctl start ${nameOfUnit(pairAt(first!))}", or run `
          : "run ";
      return (
        `the service does not run (nothing answers at ${problem.paths.join(" or ")}) — ` +
        `${start}"${command(audience, "teleoperate")}"`
      );
    }
    case "denied":
      return (
        `you may not talk to the service at ${problem.path} — use sudo, or join the group dialout ` +
        "(sudo adduser $USER dialout)"
      );
    case "silent":
      return "the service does not answer: it may be stopped or hang";
    case "ended":
      return "the service has ended";
    case "unknown":
      return (
        "what answers is no service of this version — after an upgrade, restart it with " +
        `"sudo systemctl restart ${nameOfUnit(audience.pair ?? MAIN_PAIR)}"`
      );
    case "recalled":
      return `${wants(problem.why)}: the service has the arms again`;
    case "refused":
      return `the service refused: ${visible(problem.reason)}`;
  }
}

/** Why a service wants the arms that it has lent. */
function wants(why: string): string {
  switch (why) {
    case "pause":
      return "somebody asked to pause the arms";
    case "release":
      return "somebody asked to release the follower";
    default:
      return "the service that had lent the arms ends";
  }
}

/** The pair that a socket is named after. */
function pairAt(path: string): string {
  return basename(path, ".sock");
}

function nameOfUnit(pair: string): string {
  return unitOf(pair).replace(/\.service$/, "");
}
