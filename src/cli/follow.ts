/** `so101 follow`: whose leader the follower follows, until the service starts again. */
import { Command } from "commander";
import { askService } from "../api/client.ts";
import { isRemoteLeader } from "../config/network.ts";
import { printLine } from "../linux/text/stdout.ts";
import { UsageError } from "../workflows/errors.ts";
import { addJsonOption } from "./options/arm.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

interface Options extends ServiceOptions {
  readonly json?: true;
}

/** Makes the command. */
export function followCommand(): Command {
  const made = new Command("follow")
    .summary("choose whose leader the follower follows")
    .description(
      "Has the follower follow the leader of another machine, MACHINE/PAIR, or that of its own pair, local, until the " +
        "service starts again: then the configuration says it. The follower approaches that leader's pose slowly first.",
    )
    .argument("<leader>", "a machine and its pair, such as desk/main; or local")
    .addHelpText(
      "after",
      `
Examples:
  so101 follow desk/main
  so101 follow local --pair left

Exit codes: 0 done, 1 it failed, 2 wrong usage.`,
    )
    .action(follow);
  return addJsonOption(addServiceOptions(made));
}

async function follow(leader: string, { json, ...service }: Options): Promise<void> {
  if (leader !== "local" && !isRemoteLeader(leader)) {
    throw new UsageError(
      `${JSON.stringify(leader)} is no leader: give a machine and its pair, such as desk/main, or local`,
    );
  }
  await askService(socketPaths(service), { do: "follow", leader });
  const whose = leader === "local" ? "the leader of its own pair" : `the leader ${leader}`;
  printLine(
    json
      ? JSON.stringify({ time: new Date().toISOString(), event: "follow", leader })
      : `the follower follows ${whose}: it approaches its pose slowly first, once it is heard`,
  );
}
