/** Having a pair's service run, by root. */
import { existsSync } from "node:fs";
import { ConfigError } from "../config/file.ts";
import { pairConfigPath, unitOf } from "../config/pairs.ts";
import { enableUnit, isBooted, startUnit } from "../host/service.ts";

/**
 * Has the service of a pair started, now and from each boot on; only from the next boot on where systemd does not run.
 * Throws {@link ConfigError} for a pair that has no configuration file, {@link ServiceError}.
 */
export async function enablePairHere(pair: string): Promise<void> {
  const path = pairConfigPath(pair);
  if (!existsSync(path)) {
    throw new ConfigError(`there is no pair "${pair}": ${path} is not there — name its boards first`);
  }
  await enableUnit(unitOf(pair));
  if (isBooted()) await startUnit(unitOf(pair));
}
