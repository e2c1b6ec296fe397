/** What meets odd files: the tools that read calibrations and configurations, and the names that they open. */
import type { RunningSim } from "../../src/sim/testing/start.ts";

/** What a tool reads and writes of the world. */
export interface Tool {
  readonly name: string;
  readonly args: (world: World) => string[];
  /** Whether it needs the leader's calibration file, and fails without; or only tells. */
  readonly calibration?: "fails" | "tells";
  readonly needsConfig?: true;
  readonly needsSource?: true;
  readonly needsSocket?: true;
  /** Whether it is about what was cut off. Where servos and file agree, others need not look at that. */
  readonly settles?: true;
  /** Whether it may change the leader's file, its servos, the configuration. */
  readonly changes?: "file" | "servos" | "config";
  /** Where it takes longer than others, ms. */
  readonly takesMs?: number;
}

/** The folders and files that tools meet. */
export interface World {
  readonly arms: RunningSim;
  readonly tree: string;
  readonly config: string;
  readonly source: string;
  readonly target: string;
  readonly socket: string;
}

/** Where the leader's calibration is. */
export const LEADER = "tree/teleoperators/so101_leader/leader.json";
const beside = (ending: string) => LEADER.replace(".json", ending);

const one = ({ arms, tree }: World) => [
  ...["--id", "leader", "--calibration-dir", tree, "--port", arms.paths.leader, "--yes"],
];
const both = ({ config }: World) => ["--config", config];

export const TOOLS: readonly Tool[] = [
  { name: "show", args: (world) => ["calibration", "show", "leader", ...one(world)], calibration: "tells" },
  {
    name: "check",
    args: (world) => ["calibration", "check", "leader", ...one(world)],
    calibration: "fails",
  },
  {
    name: "check of both",
    args: (world) => ["calibration", "check", ...both(world)],
    calibration: "fails",
    needsConfig: true,
  },
  {
    name: "import",
    args: (world) => ["calibration", "import", "leader", world.source, ...one(world)],
    needsSource: true,
    changes: "file",
  },
  {
    name: "export",
    args: (world) => ["calibration", "export", "leader", world.target, ...one(world)],
    calibration: "fails",
  },
  { name: "pull", args: (world) => ["calibration", "pull", "leader", ...one(world)], changes: "file" },
  {
    name: "apply",
    args: (world) => ["calibration", "apply", "leader", ...one(world)],
    calibration: "fails",
    changes: "servos",
  },
  {
    name: "finish",
    args: (world) => ["calibration", "finish", "leader", ...one(world)],
    settles: true,
    changes: "servos",
  },
  {
    name: "undo",
    args: (world) => ["calibration", "undo", "leader", ...one(world)],
    settles: true,
    changes: "servos",
  },
  { name: "status", args: ({ socket }) => ["status", "--socket", socket], needsSocket: true },
  { name: "release", args: ({ socket }) => ["release", "--socket", socket], needsSocket: true },
  {
    name: "doctor",
    args: (world) => ["doctor", ...both(world), "--socket", world.socket],
    calibration: "tells",
    needsConfig: true,
  },
  {
    name: "teleoperate",
    args: (world) => ["teleoperate", ...both(world), "--duration", "0.5", "--socket", `${world.socket}.own`],
    calibration: "tells",
    needsConfig: true,
  },
  {
    name: "park --here",
    args: (world) => ["park", "--here", "--yes", ...both(world), "--socket", world.socket],
    needsConfig: true,
    changes: "config",
  },
  { name: "relax", args: (world) => ["relax", "leader", "--yes", ...both(world)], needsConfig: true },
  // Alone it watches both arms for a quarter of a minute: tried where it must refuse to.
  {
    name: "compare",
    args: (world) => ["calibration", "compare", "--yes", ...both(world)],
    calibration: "fails",
    needsConfig: true,
    takesMs: 20_000,
  },
];

/** Where something odd can be, and what a tool that needs it does about it. */
export interface Place {
  readonly path: string;
  /** What it is to be otherwise: `file` may also be one with an odd content. */
  readonly is: "file" | "folder" | "socket";
  readonly met: (tool: Tool) => "fails" | "tells" | undefined;
}

export const PLACES: readonly Place[] = [
  { path: LEADER, is: "file", met: ({ calibration }) => calibration },
  { path: beside(".unfinished"), is: "file", met: ({ settles }) => (settles ? "fails" : undefined) },
  { path: `${LEADER}.old`, is: "file", met: () => undefined },
  { path: beside(".probe"), is: "file", met: () => undefined },
  { path: "tree/teleoperators/so_leader/leader.json", is: "file", met: () => undefined },
  { path: "tree/teleoperators/so101_leader", is: "folder", met: ({ calibration }) => calibration },
  { path: "tree/teleoperators/so_leader", is: "folder", met: () => undefined },
  { path: "tree/teleoperators", is: "folder", met: ({ calibration }) => calibration },
  { path: "lerobot/teleoperators/so101_leader/leader.json", is: "file", met: () => undefined },
  { path: "config.toml", is: "file", met: ({ needsConfig }) => (needsConfig ? "fails" : undefined) },
  { path: "source.json", is: "file", met: ({ needsSource }) => (needsSource ? "fails" : undefined) },
  { path: "so101.sock", is: "socket", met: ({ needsSocket }) => (needsSocket ? "fails" : undefined) },
];
