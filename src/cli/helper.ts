/** `so101 helper`: root's helper, as systemd starts it. Not for people: no help lists it. */
import { Command } from "commander";
import { runHelper } from "../daemon/helper/server.ts";
import { PAGE_USER } from "../helper/protocol.ts";
import { groupId, userId } from "../linux/groups.ts";
import { UsageError } from "../workflows/errors.ts";

/** The first file descriptor that systemd hands over (sd_listen_fds(3)). */
const LISTEN_FD = 3;
/** The service asks every ten seconds while it runs, so that the helper is there when a board comes back. */
const END_AFTER_MS = 60_000;
/** Who may use the boards may ask. */
const GROUP = "dialout";

/** Makes the command. */
export function helperCommand(): Command {
  return new Command("helper")
    .description(
      "Does what takes root for the service, the tools and the page: a few things. systemd starts it by its socket.",
    )
    .action(async () => {
      if (Number(process.env.LISTEN_PID) !== process.pid || process.env.LISTEN_FDS !== "1") {
        throw new UsageError(
          "this is root's helper, which systemd starts by so101-helper.socket: there is nothing to run here",
        );
      }
      await runHelper({
        listenOn: { fd: LISTEN_FD },
        group: groupId(GROUP),
        changer: userId(PAGE_USER),
        endAfterMs: END_AFTER_MS,
      });
    });
}
