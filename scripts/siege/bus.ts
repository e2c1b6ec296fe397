/** Lines that lie: hostile bytes and forged registers on the leader's bus and the follower's, while it teleoperates and while tools look. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ARMS, type ArmName } from "../../src/sim/arm/joints.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { SafetyCheck, type SafetyRule } from "../../src/sim/testing/safety.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { Program, teleoperateBoth } from "../chaos/program.ts";
import type { Attack, AttackReport, Siege } from "./attack.ts";
import { HANGUPS, LIES_ABOUT_MOTION, MODES } from "./bus/modes.ts";

const RATE_HZ = 200;
/** A program teleoperates through so many modes, then it is told to end in the midst of one. */
const MODES_A_LIFE = 6;
const MODE_S = { shortest: 1.2, longest: 4 };
const FOLLOWING_WITHIN_MS = 15_000;
/** Releasing an arm that does not answer takes three seconds, and that of a leader may come before. */
const ENDS_WITHIN_MS = 20_000;
/** A tool looks for servos of other ids and speeds, which takes some seconds. */
const TOOL_WITHIN_MS = 45_000;
const MOST_RESIDENT_KB = 200_000;
/** At once so many lines may come, and so many a second when it goes on; each change of state is one for programs. */
const LINES_AT_ONCE = 40;
const LINES_A_SECOND = 2;
/** Of the attack's time, the rest is the tools'. */
const TELEOPERATING_SHARE = 0.75;

/** The rules that a lie about positions or goals breaks by itself. */
const BROKEN_BY_LIES: ReadonlySet<SafetyRule> = new Set([
  "energised away from its goal",
  "goal jumped",
  "goals too fast",
]);

/** What came of it so far. */
interface Outcome {
  tried: number;
  teleoperations: number;
  tools: number;
  mostLinesASecond: number;
  mostResidentKB: number;
  readonly lost: string[];
  readonly hung: string[];
}

/** The attack. */
export const bus: Attack = {
  name: "bus",
  async run(siege): Promise<AttackReport> {
    const outcome: Outcome = {
      ...{ tried: 0, teleoperations: 0, tools: 0, mostLinesASecond: 0, mostResidentKB: 0 },
      ...{ lost: [], hung: [] },
    };
    const endMs = performance.now() + siege.seconds * 1e3;
    const toolsFromMs = endMs - siege.seconds * 1e3 * (1 - TELEOPERATING_SHARE);
    const modes = shuffled(siege);
    for (let life = 0; performance.now() < toolsFromMs; life++)
      await teleoperate(life, modes, siege, outcome);
    for (let life = 0; life === 0 || performance.now() < endMs; life++)
      await useTools(life, modes, siege, outcome);
    const { tried, lost, hung, teleoperations, tools, mostLinesASecond, mostResidentKB } = outcome;
    return {
      ...{ tried, lost, hung, escalated: [] },
      figures: {
        ...{ teleoperations, "tool runs": tools },
        "lines a second at most": mostLinesASecond.toFixed(2),
        "resident MB at most": Math.round(mostResidentKB / 1024),
      },
    };
  },
};

/** A mode on one arm's line. */
interface Hostile {
  readonly role: ArmName;
  readonly mode: string;
}

/** Every mode on both lines, in an order by chance, and so on without end. */
function* shuffled({ random }: Siege): Generator<Hostile, never> {
  for (;;) {
    const all = ARMS.flatMap((role) => [...Object.keys(MODES), HANGUPS].map((mode) => ({ role, mode })));
    while (all.length > 0) yield all.splice(random.whole(0, all.length - 1), 1)[0]!;
  }
}

/** Two arms, and lines between them and who opens `paths`. */
async function startLines({ program, dir, random }: Siege, life: string) {
  const folder = join(dir, life);
  await mkdir(folder, { recursive: true });
  const sim = await startSim({
    binary: program,
    dir: join(folder, "arms"),
    arms: "configured",
    motion: "wave",
  });
  const lines = ARMS.map((role) => {
    const seed = `${random.whole(0, 1e9)}`;
    const script = join(import.meta.dir, "bus/line.ts");
    return Bun.spawn([process.execPath, script, sim.paths[role], join(folder, role), seed], {
      ...{ stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    });
  });
  for (const { stdout } of lines) await stdout.getReader().read();
  const paths = { ...sim.paths, leader: join(folder, "leader"), follower: join(folder, "follower") };
  const set = (role: ArmName, mode: string) => {
    const { stdin } = lines[ARMS.indexOf(role)]!;
    stdin.write(`${mode}\n`);
    stdin.flush();
  };
  return {
    sim: { ...sim, paths } as RunningSim,
    set,
    async stop() {
      for (const line of lines) {
        if (line.exitCode !== null)
          throw new Error("a line has ended by itself: what was told of it is void");
        line.kill();
        await line.exited;
      }
      await sim.stop();
    },
  };
}

async function teleoperate(life: number, modes: Iterator<Hostile>, siege: Siege, outcome: Outcome) {
  const { program: path, random, say } = siege;
  const lines = await startLines(siege, `life-${life}`);
  const program = new Program(teleoperateBoth(path, lines.sim, RATE_HZ));
  const done: Hostile[] = [];
  // Every second life begins on lines that lie.
  if (life % 2 === 0) program.start();
  if (life % 2 === 0) await until(() => program.state === "following", FOLLOWING_WITHIN_MS);
  for (let count = 0; count < MODES_A_LIFE; count++) {
    const { role, mode } = modes.next().value as Hostile;
    done.push({ role, mode });
    outcome.tried++;
    say(`${mode} on the ${role}'s line`);
    lines.set(role, mode);
    if (count === 0 && life % 2 === 1) program.start();
    const before = program.lines.length;
    const forS = random.between(MODE_S.shortest, MODE_S.longest);
    await Bun.sleep(forS * 1e3);
    const told = program.lines.length - before;
    outcome.mostLinesASecond = Math.max(outcome.mostLinesASecond, told / forS);
    if (told > LINES_AT_ONCE + LINES_A_SECOND * forS)
      outcome.lost.push(`${told} lines in ${forS.toFixed(1)} s of ${mode} on the ${role}'s line`);
    const isLast = count === MODES_A_LIFE - 1;
    // Sometimes another mode joins it, on the other line.
    if (!isLast && random.chance(0.7)) lines.set(role, "");
  }
  const where = done.map(({ role, mode }) => `${mode} (${role})`).join(", ");
  await endInTime(program, where, outcome);
  const resident = program.lives.flatMap(({ samples }) => samples.map(({ residentKB }) => residentKB));
  const mostKB = Math.max(0, ...resident);
  outcome.teleoperations++;
  outcome.mostResidentKB = Math.max(outcome.mostResidentKB, mostKB);
  if (mostKB > MOST_RESIDENT_KB) outcome.lost.push(`it grew to ${Math.round(mostKB / 1024)} MB: ${where}`);
  outcome.lost.push(...program.troubles.map((trouble) => `${trouble}: ${where}`));
  outcome.lost.push(...(await judge(lines.sim, done)));
  await lines.stop();
}

async function endInTime(program: Program, where: string, outcome: Outcome): Promise<void> {
  const late = setTimeout(() => {
    outcome.hung.push(`SIGTERM did not end it in ${ENDS_WITHIN_MS / 1e3} s: ${where}`);
    program.signal("SIGKILL");
  }, ENDS_WITHIN_MS);
  await program.end("SIGTERM");
  clearTimeout(late);
}

/** What the arms were told: by the safety rules, and nothing to their EEPROM. */
async function judge({ client, paths }: RunningSim, done: readonly Hostile[]): Promise<string[]> {
  await client.request({ do: "sync" });
  const where = done.map(({ role, mode }) => `${mode} (${role})`).join(", ");
  const lies = done.some(({ role, mode }) => role === "follower" && LIES_ABOUT_MOTION.has(mode));
  const check = new SafetyCheck({ followSpeedDegPerS: 360, alignSpeedDegPerS: 45 });
  const lost: string[] = [];
  for (const entry of await recordEntries(paths.record)) {
    check.see(entry);
    if (entry.kind === "event" && entry.event === "eeprom")
      lost.push(`EEPROM of the ${entry.arm}'s ${entry.joint} was written, ${entry.register}: ${where}`);
  }
  for (const { arm, joint, rule, message } of check.violations) {
    if (lies && BROKEN_BY_LIES.has(rule)) continue;
    lost.push(`${rule}, ${joint ?? "all joints"} of the ${arm}: ${message}: ${where}`);
  }
  return lost.slice(0, 5);
}

async function useTools(life: number, modes: Iterator<Hostile>, siege: Siege, outcome: Outcome) {
  const { program, say } = siege;
  const lines = await startLines(siege, `tools-${life}`);
  const { paths, dir } = lines.sim;
  const config = join(dir, "config.toml");
  const arm = (role: ArmName) => `[${role}]\nport = "${paths[role]}"\nid = "${role}"\n`;
  await Bun.write(config, `calibration_dir = "${paths.calibration}"\n${arm("leader")}${arm("follower")}`);
  const { role, mode } = modes.next().value as Hostile;
  say(`tools, with ${mode} on the ${role}'s line`);
  lines.set(role, mode);
  const tools = [
    ["doctor", "--config", config, "--socket", join(dir, "none.sock")],
    ["calibration", "check", "--config", config],
    ["calibration", "show", role, "--config", config],
    ["find-port", "--list", paths.leader, paths.follower, "--calibration-dir", paths.calibration],
    ["monitor", role, "--json", "--once", "--config", config, "--socket", join(dir, "none.sock")],
  ];
  await Promise.all(
    tools.map(async (tool) => {
      outcome.tried++;
      outcome.tools++;
      const child = Bun.spawn([program, ...tool], {
        ...{
          stdin: "ignore",
          stdout: "pipe",
          stderr: "pipe",
          timeout: TOOL_WITHIN_MS,
          killSignal: "SIGKILL",
        },
      });
      const [code] = await Promise.all([
        child.exited,
        new Response(child.stdout).bytes(),
        new Response(child.stderr).bytes(),
      ]);
      const what = `${tool.slice(0, 2).join(" ")} with ${mode} on the ${role}'s line`;
      if (child.signalCode === "SIGKILL")
        outcome.hung.push(`${what} did not end in ${TOOL_WITHIN_MS / 1e3} s`);
      else if (![0, 1, 2].includes(code)) outcome.lost.push(`${what} ended with exit code ${code}`);
    }),
  );
  outcome.lost.push(...(await judge(lines.sim, [{ role, mode }])));
  await lines.stop();
}

async function until(wanted: () => boolean, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!wanted() && performance.now() < deadline) await Bun.sleep(20);
}
