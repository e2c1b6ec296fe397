/**
 * Puts odd files at each name in a tree of calibrations, and in place of a configuration, of a file to import and of a
 * socket; and lets every tool meet them. Each run ends in its time and with an exit code that is a promise; says which
 * file is wrong when it needed that; follows no link; and leaves alone what it was not asked to change.
 */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { RunningSim } from "../../src/sim/testing/start.ts";
import {
  calibrationText,
  type Filed,
  giveServos,
  heldByServos,
  leadersCalibration,
  narrower,
  startArms,
} from "./arms.ts";
import type { Attack, Siege } from "./attack.ts";
import { giveToAttacker, giveTreeToAttacker, ODD_FILES, ODD_NODES, type Odd } from "./odd.ts";
import { LEADER, PLACES, type Place, TOOLS, type Tool, type World } from "./tools.ts";
import { lastOf, misbehaviour, type Trial, trial } from "./trial.ts";
import { differences, snapshot } from "./world.ts";

/** A tool needs a fraction of a second; a busy machine many times that. */
const PATIENCE_MS = 10_000;

const SECRET = "SO101-SECRET-OF-ROOT";

export const files: Attack = {
  name: "files",
  async run(siege) {
    // Who works with somebody else's rights must be able to reach the tree.
    chmodSync(siege.dir, 0o711);
    const arms = await startArms(siege.program, join(siege.dir, "arms"));
    try {
      return await new Files(siege, arms, await leadersCalibration(arms)).run();
    } finally {
      await arms.stop();
    }
  },
};

class Files {
  readonly #siege: Siege;
  readonly #arms: RunningSim;
  readonly #held: Filed;
  readonly #folder: string;
  readonly #outside: string;
  readonly #lost: string[] = [];
  readonly #hung: string[] = [];
  readonly #escalated: string[] = [];

  constructor(siege: Siege, arms: RunningSim, held: Filed) {
    this.#siege = siege;
    this.#arms = arms;
    this.#held = held;
    this.#folder = join(siege.dir, "world");
    this.#outside = join(siege.dir, "outside");
  }

  async run() {
    const { random, seconds } = this.#siege;
    const trials = PLACES.flatMap((place) =>
      TOOLS.flatMap((tool) => oddFor(place, tool).map((odd) => ({ place, tool, odd, at: random.next() }))),
    ).toSorted((a, b) => a.at - b.at);
    const endMs = performance.now() + seconds * 1e3;
    let tried = 0;
    let slowestMs = 0;
    let largestMb = 0;
    for (const { place, tool, odd } of trials) {
      if (tried > 0 && performance.now() > endMs) break;
      const { ms, mb } = await this.#try(place, tool, odd);
      slowestMs = Math.max(slowestMs, ms);
      largestMb = Math.max(largestMb, mb);
      tried++;
    }
    this.#clear();
    return {
      tried,
      lost: this.#lost,
      hung: this.#hung,
      escalated: this.#escalated,
      figures: {
        "of all": trials.length,
        "slowest ms": Math.round(slowestMs),
        "most MB": Math.round(largestMb),
      },
    };
  }

  async #try(place: Place, tool: Tool, odd: Odd): Promise<Trial> {
    const what = `${tool.name} with ${odd.name} as ${place.path}`;
    this.#siege.say(what);
    const isUsable = await this.#lay(place, odd);
    const world = this.#world();
    // Its own socket, and what keeps its place.
    const isOut = (path: string) => path.startsWith("so101.sock.own");
    const before = snapshot(this.#folder, isOut);
    const outside = this.#outsideNow();
    const servos = await heldByServos(this.#arms);
    const run = await trial([this.#siege.program, ...tool.args(world)], {
      cwd: this.#siege.dir,
      deadlineMs: PATIENCE_MS + (tool.takesMs ?? 0),
    });
    const text = run.stdout + run.stderr;
    if (run.hung) this.#hung.push(`${what}: it had not ended after ${(run.ms / 1e3).toFixed(0)} s`);
    const wrong = misbehaviour(run);
    if (wrong !== undefined) this.#lost.push(`${what}: it ${wrong}`);
    const met = isUsable ? undefined : place.met(tool);
    if (!run.hung && met !== undefined) {
      if (met === "fails" && run.code === 0)
        this.#lost.push(`${what}: it says that all is well: ${lastOf(text)}`);
      if (!text.includes(basename(place.path)))
        this.#lost.push(`${what}: it does not name it: ${lastOf(text)}`);
    }
    if (text.includes(SECRET)) this.#escalated.push(`${what}: it shows a file of root's`);
    const outsideWrong = differences(outside, this.#outsideNow());
    if (outsideWrong.length > 0)
      this.#escalated.push(`${what}: ${outsideWrong.join(", ")} outside was touched`);
    this.#judgeWorld(what, tool, before, snapshot(this.#folder, isOut), run);
    if ((await heldByServos(this.#arms)) !== servos) {
      if (tool.changes !== "servos" || run.code !== 0) {
        this.#lost.push(`${what}: servos hold something else, and it ended with exit code ${run.code}`);
      }
      await giveServos(this.#arms, this.#held);
    }
    return run;
  }

  /** What must be as it was. */
  #judgeWorld(
    what: string,
    tool: Tool,
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
    { code }: Trial,
  ): void {
    const mayChange = (path: string) =>
      (tool.changes === "config" && path === "config.toml") ||
      (tool.changes === "file" && path.startsWith("tree/teleoperators")) ||
      // What was cut off is over, or is written anew while it is completed; then the file is written, by both names.
      (tool.changes === "servos" && path.startsWith("tree/teleoperators")) ||
      (tool.name === "export" && path.startsWith("lerobot"));
    for (const path of differences(before, after)) {
      const [old, now] = [before.get(path), after.get(path)];
      const isOurLink = now?.startsWith("link to so101_") ?? false;
      if (!mayChange(path) && !isOurLink)
        this.#lost.push(`${what}: ${path} has changed, which it was not to`);
      else if (now === undefined && code !== 0 && old !== "special")
        this.#lost.push(`${what}: ${path} is gone`);
      // What is written is whole.
      else if (path.endsWith(".json") && now !== undefined && !isCalibration(now)) {
        this.#lost.push(`${what}: ${path} was written, and is no calibration`);
      }
      if (path.split("/").at(-1)!.startsWith(".") && now !== undefined) {
        this.#lost.push(`${what}: ${path} was left behind`);
      }
    }
  }

  /** Makes a world in which all is well but for one thing. Returns whether that may be used, too. */
  async #lay(place: Place, odd: Odd): Promise<boolean> {
    this.#clear();
    const { tree, config, source } = this.#world();
    const follower = join(tree, "robots/so101_follower/follower.json");
    const filed = calibrationText(this.#held);
    const good = new Map([
      [join(this.#folder, LEADER), filed],
      [join(this.#folder, `${LEADER}.old`), calibrationText(narrower(this.#held, 10))],
      [
        follower,
        readFileSync(join(this.#arms.paths.calibration, "robots/so101_follower/follower.json"), "utf8"),
      ],
      [source, calibrationText(narrower(this.#held, 20))],
      [config, configText(this.#world())],
    ]);
    for (const [path, text] of good) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    mkdirSync(join(this.#outside, "folder"), { recursive: true });
    chmodSync(this.#outside, 0o700);
    writeFileSync(join(this.#outside, "secret"), SECRET, { mode: 0o600 });
    writeFileSync(join(this.#outside, "folder/leader.json"), SECRET, { mode: 0o600 });
    const path = join(this.#folder, place.path);
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    await odd.put(path, { good: good.get(path) ?? filed, outside: this.#outside });
    // What has no numbers is not spoilt by odd ones; and a configuration may be empty.
    const isSame =
      place.is === "file" &&
      lstatSync(path).size < 1e7 &&
      lstatSync(path).isFile() &&
      readFileSync(path).equals(Buffer.from(good.get(path) ?? filed));
    const isUsable =
      odd.isUsable === "perhaps" || isSame || (path === config && odd.name === "an empty file");
    if (!place.path.startsWith("tree")) return isUsable;
    // The thing alone is somebody else's, or he has the whole tree.
    if (this.#siege.random.chance(0.5)) giveToAttacker(path);
    else giveTreeToAttacker(tree);
    return isUsable;
  }

  #world(): World {
    const at = (name: string) => join(this.#folder, name);
    return {
      arms: this.#arms,
      tree: at("tree"),
      config: at("config.toml"),
      source: at("source.json"),
      target: at("lerobot"),
      socket: at("so101.sock"),
    };
  }

  #clear(): void {
    for (const folder of [this.#folder, this.#outside]) rmSync(folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
  }

  /** What is outside, to the owner, the mode and the moment of the last change. */
  #outsideNow(): ReadonlyMap<string, string> {
    const paths = readdirSync(this.#outside, { recursive: true, encoding: "utf8" });
    return new Map(
      paths.map((path) => {
        const { mode, uid, gid, size, mtimeMs, ctimeMs } = lstatSync(join(this.#outside, path));
        return [path, `${mode} ${uid} ${gid} ${size} ${mtimeMs} ${ctimeMs}`];
      }),
    );
  }
}

/** What is tried at a place by a tool. */
function oddFor({ is, met }: Place, tool: Tool): Odd[] {
  const isRoot = process.geteuid?.() === 0;
  // Where nothing keeps it from its work, it takes long.
  if (tool.takesMs !== undefined && met(tool) !== "fails") return [];
  const kinds = is === "file" && tool.takesMs === undefined ? [...ODD_NODES, ...ODD_FILES] : ODD_NODES;
  return kinds.filter(({ needsRoot }) => isRoot || !needsRoot);
}

function isCalibration(text: string): boolean {
  try {
    return typeof JSON.parse(text).gripper.range_max === "number";
  } catch {
    return false;
  }
}

function configText({ arms, tree }: World): string {
  return `calibration_dir = ${JSON.stringify(tree)}
[leader]
port = ${JSON.stringify(arms.paths.leader)}
[follower]
port = ${JSON.stringify(arms.paths.follower)}
`;
}
