/** The tools that write files, each with what it finds: what the siege ends in the middle of it. */
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import { calibrationText, type Filed, giveServos, leadersCalibration, narrower } from "./arms.ts";
import type { Siege } from "./attack.ts";
import { BOARDS, canHaveMachine, isOfTheSystem, layBoards, onMachine } from "./machine.ts";
import type { Snapshot } from "./world.ts";

/** A tool at work. */
export interface Scenario {
  readonly name: string;
  readonly command: readonly string[];
  /** What settles a calibration that was cut off, where it writes one. */
  readonly settle?: readonly string[];
  /** The exit code of a run that nothing disturbs. */
  readonly ends: number;
  /** Whether it runs programs of the system, which may be hit instead, and whose failure it may put up with. */
  readonly runsOthers: boolean;
  /** Where it writes, beside the world's folder and ports. */
  readonly places: readonly string[];
  /** Whether something in the world is not the tool's, or is another one each time. */
  isLeftOut(path: string): boolean;
  /** Puts a command where it sees the world as this machine's folders. */
  wrapped(command: readonly string[]): readonly string[];
  /** Puts everything as the tool is to find it, into the empty world. */
  prepare(): Promise<void>;
  /** Whether file and servos are of one calibration, or as the tool found them. */
  agrees(left: Pair, before: Pair, after: Pair): boolean;
}

interface Pair {
  readonly files: Snapshot;
  readonly servos: string;
}

const LEADER = "teleoperators/so101_leader/leader.json";

/** All of them, in the folder `world`, with these arms. */
export async function scenarios(siege: Siege, world: string, arms: RunningSim): Promise<Scenario[]> {
  const { program } = siege;
  const tree = join(world, "tree");
  const file = join(tree, LEADER);
  const held = await leadersCalibration(arms);
  const other = narrower(held, 20);
  const third = narrower(held, 40);
  const put = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await Bun.write(path, text);
    await chmod(path, 0o664);
  };
  /** What is in the file, what the servos hold. */
  const with_ = (filed: Filed | undefined, inServos: Filed, more: () => Promise<void> = async () => {}) => ({
    prepare: async () => {
      if (filed !== undefined) await put(file, calibrationText(filed));
      await giveServos(arms, inServos);
      await more();
    },
  });
  const calibration = (name: string, ...args: string[]) => {
    const options = ["--id", "leader", "--calibration-dir", tree, "--yes"];
    return { name, command: [program, "calibration", ...name.split(" "), "leader", ...args, ...options] };
  };
  const port = ["--port", arms.paths.leader];
  const { command: settle } = calibration("finish", ...port);
  const source = join(world, "source.json");
  const target = join(world, "lerobot");
  const config = join(world, "config.toml");
  const unfinished = async () => {
    const before = Object.fromEntries(
      Object.entries(held).map(([joint, { homing_offset, range_min, range_max }]) => [
        joint,
        { homing_offset, range_min, range_max },
      ]),
    );
    await put(
      file.replace(".json", ".unfinished"),
      JSON.stringify({ version: 1, before, after: other }, null, 4),
    );
  };
  const found = [
    { ...calibration("import", source), ...with_(other, held, () => put(source, calibrationText(third))) },
    {
      ...calibration("import", source),
      name: "import into an empty tree",
      ...with_(undefined, held, () => put(source, calibrationText(third))),
    },
    {
      ...calibration("export", target),
      ...with_(other, held, () => put(join(target, LEADER), calibrationText(third))),
    },
    { ...calibration("pull", ...port), ...with_(other, held) },
    { ...calibration("apply", ...port), settle, ...with_(other, held) },
    { ...calibration("finish", ...port), settle, ...with_(held, narrower(held, 10), unfinished) },
    { ...calibration("undo", ...port), settle, ...with_(held, narrower(held, 10), unfinished) },
    {
      name: "park --here",
      command: [program, "park", "--here", "--yes", "--config", config],
      ...with_(held, held, () =>
        put(
          config,
          `# mine\ncalibration_dir = ${JSON.stringify(arms.paths.calibration)}\n[leader]\nport = ${JSON.stringify(
            arms.paths.leader,
          )}\n[follower]\nport = ${JSON.stringify(arms.paths.follower)} # the left one\n`,
        ),
      ),
    },
  ];
  const usual: Omit<Scenario, "name" | "command" | "prepare"> = {
    ends: 0,
    runsOthers: false,
    places: [],
    wrapped: (command) => command,
    isLeftOut: () => false,
    agrees: (left, before, after) => isLike(left, before) || isLike(left, after),
  };
  const calm = () => giveServos(arms, held);
  return [
    ...found.map((scenario) => ({ ...usual, ...scenario })),
    simulator(program, world, { ...usual, prepare: calm }),
    ...ofMachine(siege, world, { ...usual, prepare: calm }),
  ];
}

/** A scenario but for what it runs; its arms are as at the start. */
type Usual = Omit<Scenario, "name" | "command">;

/** The simulator keeps its arms in a folder. */
function simulator(program: string, world: string, usual: Usual): Scenario {
  return {
    ...usual,
    name: "sim",
    command: [program, "sim", "--dir", join(world, "sim"), "--motion", "still", "--duration", "0.2"],
    // Its record has times in it; its ports and its socket are there while it runs.
    isLeftOut: (path) => /^sim\/(record\.ndjson|sim\.sock|leader|follower)$/.test(path),
  };
}

/** The tools that change the machine, where this one lets us make another. */
function ofMachine({ program, dir }: Siege, world: string, usual: Usual): Scenario[] {
  const machine = {
    upper: join(world, "upper"),
    work: join(dir, "work"),
    root: join(dir, "root"),
    shared: dir,
  };
  if (!canHaveMachine(machine)) return [];
  const changing = {
    ...usual,
    runsOthers: true,
    wrapped: (command: readonly string[]) => onMachine(machine, command),
    isLeftOut: isOfTheSystem,
    prepare: async () => {
      await usual.prepare();
      layBoards(machine);
    },
  };
  const boards = ["--leader", BOARDS.leader, "--follower", BOARDS.follower, "--yes"];
  // Nothing answers at these boards, which is said at the end.
  const assigning = { ...changing, ends: 1, places: ["udev/rules.d", "so101-teleop"] };
  return [
    { ...assigning, name: "assign", command: [program, "assign", ...boards] },
    { ...assigning, name: "assign --pair", command: [program, "assign", "--pair", "left", ...boards] },
    {
      ...changing,
      name: "install",
      command: [program, "install"],
      places: ["/usr/bin/so101", "so101-teleop", "so101-helper"],
    },
  ];
}

/** Whether servos and the arm's file are as there. */
function isLike(a: Pair, b: Pair): boolean {
  const path = join("tree", LEADER);
  return a.servos === b.servos && a.files.get(path) === b.files.get(path);
}
