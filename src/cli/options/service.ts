/** The options by which a command finds a running service, the same in every command. */
import { type Command, Option } from "commander";
import { controlPaths } from "../../api/address.ts";
import { onlyPair } from "../../config/pairs.ts";

/** The options of every command that talks to a service; see {@link addServiceOptions}. */
export interface ServiceOptions {
  readonly pair?: string | undefined;
  readonly socket?: string | undefined;
}

/** Adds the options of {@link ServiceOptions} to a command. */
export function addServiceOptions(command: Command): Command {
  return command
    .option("--pair <name>", "which configured pair of arms (default: the only one)")
    .option("--socket <path>", "control socket of the service, instead of the pair's own");
}

/** Adds `--all`: the services of all pairs instead of one. */
export function addAllOption(command: Command): Command {
  return command.addOption(
    new Option("--all", "every pair of arms, a line each").conflicts(["pair", "socket"]),
  );
}

/** Where the service may listen. Throws {@link ConfigError} when there are several pairs and none was named. */
export function socketPaths({ pair, socket }: ServiceOptions): string[] {
  return socket === undefined ? controlPaths(pair ?? onlyPair()) : [socket];
}
