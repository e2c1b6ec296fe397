/** `so101 install` and `uninstall`: what the Debian package does, from the bare program, for systems without apt. */
import { Command } from "commander";
import { PROGRAM_PATH } from "../host/package-files.ts";
import { install, uninstall } from "../workflows/install.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";

/** Makes both commands. */
export function installCommands(): Command[] {
  const installing = new Command("install")
    .summary("make this machine teleoperate from boot on, without the Debian package")
    .description(
      `Copies this program to ${PROGRAM_PATH}, writes the service, its user, the udev rules and a commented configuration, ` +
        "and starts the service: all that the Debian package does. Needs root and systemd. A configuration that is " +
        "there stays. Where apt is, use the package.",
    )
    .action(() => interruptible(async (signal) => install(operatorFor({}, signal))));
  const uninstalling = new Command("uninstall")
    .summary("undo so101 install")
    .description(
      "Stops the service, which releases the follower, and removes what so101 install wrote. The configuration, the " +
        "boards' names and the calibrations stay.",
    )
    .option(
      "--purge",
      "remove the configuration, the boards' names and the service's user too; calibrations stay",
    )
    .action(({ purge }: { readonly purge?: true }) =>
      interruptible(async (signal) => uninstall(purge ? "purge" : "keep", operatorFor({}, signal))),
    );
  return [installing, uninstalling];
}
