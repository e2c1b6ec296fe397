/** Why a pair's service says nothing, for a page. */
import { ApiError } from "../../api/client.ts";
import { nameOfUser } from "../../host/people.ts";
import type { Audience } from "../../messages/audience.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import type { PageMessage } from "../messages.ts";

type Absence = Pick<Extract<PageMessage, { kind: "absent" }>, "because" | "why">;

/** By what asking the service ended with. */
export function absenceOf(error: unknown, audience: Audience): Absence {
  if (!(error instanceof ApiError)) return { because: "failed", why: messageOf(error, audience) };
  const { kind } = error.problem;
  // A watcher has nothing that could be recalled.
  const because = kind === "recalled" ? "failed" : kind;
  // Who looks at the page is not who may not: its program is.
  const why = because === "denied" ? denied() : messageOf(error, audience);
  return { because, why };
}

function denied(): string {
  const user = nameOfUser(process.geteuid!());
  return (
    `the program of this page may not talk to the service: it runs as ${user}, who is not of the group dialout — on the ` +
    `machine: "sudo adduser ${user} dialout", then "sudo systemctl restart so101-web", or start it anew`
  );
}
