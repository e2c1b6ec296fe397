/** Who reads a message: what a command must say so that it can be pasted as it stands. */
import { ROLES, type Role } from "../arm/joints.ts";

/** What was given on the command line in place of an arm's configured values. */
export interface GivenArm {
  readonly port?: string | undefined;
  readonly id?: string | undefined;
}

/** Who reads a message. An empty one has the machine's only pair, as it is configured. */
export interface Audience {
  /** The pair; undefined for the only one, which needs no name. */
  readonly pair?: string | undefined;
  /** `--config`, where it was given: the configuration file in place of the pair's own. */
  readonly config?: string | undefined;
  /** `--calibration-dir`, where it was given. */
  readonly calibrationDir?: string | undefined;
  /** `--socket`, where it was given: the service's control socket in place of the pair's own. */
  readonly socket?: string | undefined;
  /** What was given of each arm. */
  readonly arms?: { readonly [role in Role]?: GivenArm };
}

/** The options of a command about an arm or a service, as far as a message must repeat them. */
export interface GivenOptions extends GivenArm {
  readonly pair?: string | undefined;
  readonly config?: string | undefined;
  readonly calibrationDir?: string | undefined;
  readonly socket?: string | undefined;
}

/** The reader of a command that was given these options. */
export function audienceOf({ port, id, ...given }: GivenOptions): Audience {
  const { pair, config, calibrationDir, socket } = given;
  return { pair, config, calibrationDir, socket, arms: { leader: { port, id }, follower: { port, id } } };
}

/** What each command of the program that messages name can be told. */
const commands = {
  assign: ["pair"],
  calibrate: ["pair", "config", "arm"],
  "calibration apply": ["pair", "config", "arm"],
  "calibration check": ["pair", "config", "arm"],
  "calibration finish": ["pair", "config", "arm"],
  "calibration import": ["pair", "config", "arm"],
  "calibration pull": ["pair", "config", "arm"],
  "calibration show": ["pair", "config", "arm"],
  "calibration undo": ["pair", "config", "arm"],
  "find-port": ["pair", "config", "calibrations"],
  park: ["pair", "config", "socket"],
  relax: ["pair", "config", "arm"],
  release: ["pair", "socket"],
  resume: ["pair", "socket"],
  "setup-motors": ["pair", "config", "arm"],
  status: ["pair", "socket"],
  teleoperate: ["pair", "config", "socket"],
} as const satisfies Record<string, readonly ("pair" | "config" | "socket" | "arm" | "calibrations")[]>;

/** A command of the program that messages name. */
export type CommandName = keyof typeof commands;

/** The commands that only root can run: they change what is root's. */
const NEED_ROOT: ReadonlySet<CommandName> = new Set<CommandName>(["assign"]);

/** The names of the program's commands. */
export const COMMAND_NAMES = Object.keys(commands) as CommandName[];

/**
 * A command of the program as this reader can paste it: `so101 calibration pull leader --pair left`. `words` follow the
 * command's name: the arm, where it is about one, and whatever else it needs.
 */
export function command(audience: Audience, name: CommandName, ...words: readonly string[]): string {
  const takes: readonly string[] = commands[name];
  const role = ROLES.find((one) => one === words[0]);
  const arm = role === undefined ? undefined : audience.arms?.[role];
  const option = (flag: string, value: string | undefined) => (value === undefined ? [] : [flag, value]);
  const line = [
    ...(NEED_ROOT.has(name) ? ["sudo"] : []),
    "so101",
    ...name.split(" "),
    ...words,
    ...(takes.includes("pair") ? option("--pair", audience.pair) : []),
    ...(takes.includes("socket") ? option("--socket", audience.socket) : []),
    ...(takes.includes("config") ? option("--config", audience.config) : []),
    ...(takes.includes("arm") ? [...option("--port", arm?.port), ...option("--id", arm?.id)] : []),
    ...(takes.includes("arm") || takes.includes("calibrations")
      ? option("--calibration-dir", audience.calibrationDir)
      : []),
  ];
  return shellLine(line);
}

/** Words as a line that a shell takes apart into them again. */
export function shellLine(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

/** A word as a shell takes it for one. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
