/** Which arm a command is about: one of a configured pair, or the one on a port that was named. */
import { existsSync } from "node:fs";
import type { NormalisationMode } from "../arm/calibration/normalisation.ts";
import { armIdProblem } from "../arm/calibration/tree.ts";
import type { ArmSettings } from "../arm/connection.ts";
import type { ArmIdentity } from "../arm/identity.ts";
import type { Role } from "../arm/joints.ts";
import { realPath } from "../linux/real-path.ts";
import { type Config, ConfigError, defaultConfig, loadConfig } from "./config.ts";
import { CONFIG_DIR, MAIN_PAIR, onlyPair, pairConfigPath, pairsIn } from "./pairs.ts";
import { absolutePathOf } from "./text.ts";

/** What the command line says about an arm; what is undefined is left to the configuration. */
export interface ArmChoice {
  /** `--pair`: the name of a configured pair. */
  readonly pair?: string | undefined;
  /** `--config`: the configuration file of the pair, wherever it is. */
  readonly config?: string | undefined;
  /** `--port`: a path, relative to the working directory or absolute. */
  readonly port?: string | undefined;
  /** `--id`: LeRobot's id of the arm. */
  readonly id?: string | undefined;
  /** `--calibration-dir`: a path, relative to the working directory or absolute. */
  readonly calibrationDir?: string | undefined;
}

/** An arm by its calibration file alone: its port is known where it is configured or named. */
export interface FiledArm extends ArmIdentity {
  readonly port?: string | undefined;
  /** The root of LeRobot's calibration tree. */
  readonly calibrationDir: string;
  /** How its pair maps one arm's joints to the other's; undefined for an arm that belongs to no configured pair. */
  readonly normalisation?: NormalisationMode | undefined;
}

/** An arm that a command is about. */
export interface ChosenArm extends FiledArm {
  readonly port: string;
  /** The other arm of its pair; undefined for an arm that belongs to no configured pair. */
  readonly counterpart?: ArmSettings;
}

/**
 * The arm in a role: the configured pair's, with the command line's word in place of the file's. With both a port and
 * an id no configuration is needed: unless one is named, the arm is then taken for one of no pair.
 * Throws {@link ConfigError}: no such pair, several and none named, a bad file or id, the counterpart's port.
 */
export function chooseArm(role: Role, choice: ArmChoice, configDir: string = CONFIG_DIR): ChosenArm {
  const complete = choice.port !== undefined && choice.id !== undefined;
  const config = complete && !namesConfig(choice) ? undefined : pairConfig(choice, configDir);
  const id = choice.id ?? config![role].id;
  const problem = armIdProblem(id);
  if (problem !== undefined) throw new ConfigError(`--id: ${problem}`);
  const port = choice.port === undefined ? config![role].port : absolutePathOf(choice.port, "--port");
  const other = role === "leader" ? "follower" : "leader";
  const counterpart = config?.[other];
  if (choice.port !== undefined && counterpart !== undefined && isSameFile(port, counterpart.port)) {
    throw new ConfigError(
      `--port ${choice.port} is the ${other}'s port in the configuration, not the ${role}'s`,
    );
  }
  return {
    role,
    port,
    id,
    calibrationDir: calibrationDirFor(choice, configDir, config),
    normalisation: config?.teleoperation.normalisation,
    ...(counterpart !== undefined && { counterpart }),
  };
}

/**
 * The arm in a role by its file alone, for what needs no port: with an id no configuration is needed.
 * Throws {@link ConfigError} as {@link chooseArm} does.
 */
export function chooseFiledArm(role: Role, choice: ArmChoice, configDir: string = CONFIG_DIR): FiledArm {
  const config = filedConfig(choice, configDir);
  const id = choice.id ?? config![role].id;
  const problem = armIdProblem(id);
  if (problem !== undefined) throw new ConfigError(`--id: ${problem}`);
  return {
    role,
    id,
    port: choice.port === undefined ? config?.[role].port : absolutePathOf(choice.port, "--port"),
    calibrationDir: calibrationDirFor(choice, configDir, config),
    normalisation: config?.teleoperation.normalisation,
  };
}

/** What was named, or the only pair's; undefined for an arm whose id is given where there is none, or several. */
function filedConfig(choice: ArmChoice, configDir: string): Config | undefined {
  if (namesConfig(choice)) return pairConfig(choice, configDir);
  const [pair, ...others] = pairsIn(configDir);
  if (pair !== undefined && others.length === 0) return pairConfig({ pair }, configDir);
  if (choice.id !== undefined) return undefined;
  const path = pairConfigPath(onlyPair(configDir), configDir);
  throw new ConfigError(`${path}: there is no such configuration file — give --id instead, or --config`);
}

/** Where calibration files are: as the command line says, or the configuration. Throws {@link ConfigError}. */
export function calibrationDirFor(
  choice: ArmChoice,
  configDir: string = CONFIG_DIR,
  config?: Config,
): string {
  if (choice.calibrationDir !== undefined) return absolutePathOf(choice.calibrationDir, "--calibration-dir");
  return (config ?? configIfThere(choice, configDir)).calibration_dir;
}

/** The configuration of the pair that the command line names, or of the only one. Throws {@link ConfigError}. */
export function pairConfig({ pair, config: file }: ArmChoice, configDir: string = CONFIG_DIR): Config {
  if (file !== undefined) return loadConfig(file, pair);
  const name = pair ?? onlyPair(configDir);
  const path = pairConfigPath(name, configDir);
  if (existsSync(path)) return loadConfig(path, name);
  throw new ConfigError(
    pair === undefined
      ? `${path}: there is no such configuration file — give --port and --id instead, or --config`
      : `--pair ${pair}: there is no configuration file ${path}`,
  );
}

/** What was named; otherwise the main pair's configuration, or every default where that has no file. */
function configIfThere(choice: ArmChoice, configDir: string): Config {
  if (namesConfig(choice)) return pairConfig(choice, configDir);
  if (!existsSync(pairConfigPath(MAIN_PAIR, configDir))) return defaultConfig;
  return pairConfig({ pair: MAIN_PAIR }, configDir);
}

function namesConfig({ pair, config }: ArmChoice): boolean {
  return pair !== undefined || config !== undefined;
}

function isSameFile(a: string, b: string): boolean {
  return realPath(a) === realPath(b);
}
