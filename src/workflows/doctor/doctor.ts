/** The doctor: everything from power to motion is looked at, and each thing that is found comes with its cure. */
import { existsSync } from "node:fs";
import { ApiError, askService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { armsRead, rolesHere } from "../../arm/joints.ts";
import { type Config, ConfigError, defaultConfigOf, loadConfig } from "../../config/config.ts";
import { pairConfigPath, unitOf } from "../../config/pairs.ts";
import { type Audience, command } from "../../messages/audience.ts";
import { broken, type Check, checkServedArms, ok, warning } from "../check.ts";
import { readArms } from "./arms.ts";
import { checkBoards } from "./boards.ts";
import { checkMachine } from "./machine.ts";
import { checkService } from "./service.ts";

/** What is looked at. */
export interface Patient {
  readonly pair: string;
  /** The pair's configuration file, where it is not the usual one. */
  readonly config?: string | undefined;
  /** Where the pair's service may listen. */
  readonly sockets: readonly string[];
  /** Who reads what is found. */
  readonly audience: Audience;
  /** Reads both arms while no service has them; left out, {@link readArms}, each time. */
  readonly read?: typeof readArms;
}

/**
 * Looks at everything that teleoperation needs, from the machine's supply to the servos, and changes nothing. While the
 * service runs it is asked about the arms. Throws {@link ConfigError} for a name that no pair can have.
 */
export async function* examine({
  pair,
  config: file,
  sockets,
  audience,
  read = readArms,
}: Patient): AsyncGenerator<Check> {
  const status = await statusOf(sockets);
  const [configured, about] = configOf(file, pair);
  const config = status === undefined ? configured : withPortsOf(status, configured);
  yield* await checkMachine(config.calibration_dir);
  yield about;
  await others();
  yield* await checkBoards(config, command(audience, "assign"), status?.pid);
  await others();
  yield* await checkService(pair, status, audience);
  yield* status === undefined ? await read(config, audience) : checkServedArms(status);
}

/** Lets whatever else waits in this program have its turn: the page's server hands on stops and samples meanwhile. */
function others(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The service's status; undefined when it does not run, or does not answer. */
async function statusOf(sockets: readonly string[]): Promise<Status | undefined> {
  try {
    return await askService(sockets, { do: "status" });
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** What the running service goes by: it may have been started with other ports than its file has, or with one arm. */
function withPortsOf(status: Status, config: Config): Config {
  const { arms, armsHere = config.network.arms } = status;
  const served = rolesHere(armsRead(status)).map((role) => {
    const { id, port } = arms[role];
    return [role, { ...config[role], id, port }];
  });
  return { ...config, ...Object.fromEntries(served), network: { ...config.network, arms: armsHere } };
}

function configOf(named: string | undefined, pair: string): [Config, Check] {
  const area = "configuration";
  const path = named ?? pairConfigPath(pair);
  // One that was named must be there: where it is not, reading it says so.
  if (named === undefined && !existsSync(path)) {
    const cure =
      "sudo apt install --reinstall -o Dpkg::Options::=--force-confmiss so101-teleop, or: sudo so101 install";
    return [defaultConfigOf(pair), warning(area, `${path} is not there: all settings are defaults`, cure)];
  }
  try {
    return [loadConfig(path, pair), ok(area, path)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Of one that is not there the message says what to do.
    const cure = existsSync(path)
      ? `correct it; then it is read by itself, or: sudo systemctl reload ${unitOf(pair)}`
      : undefined;
    return [
      defaultConfigOf(pair),
      broken(area, error.message.split("\n").join("; "), cure, { do: "correct configuration" }),
    ];
  }
}
