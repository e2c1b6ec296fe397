import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { programPath } from "../support/program.ts";
import { armArguments } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);
const ESCAPE = "\u001b[";

/** Runs a command on a pseudo-terminal, whose size stty sets. */
const onTerminal = (command: string[], size = "rows 24 cols 80") => [
  ...["script", "--quiet", "--return", "--command"],
  ...[`stty ${size}; exec ${command.join(" ")}`, "/dev/null"],
];

/** What the program prints while it teleoperates for some seconds. */
async function output(
  sim: RunningSim,
  how: { terminal?: boolean; size?: string; env?: Record<string, string>; args?: string[] },
) {
  const command = [programPath, "teleoperate", ...armArguments(sim), "--duration", "5", ...(how.args ?? [])];
  // A terminal has colours, whatever the machine that tests has to say about its own.
  const { NO_COLOR: _, CI: __, ...inherited } = process.env;
  const env = { ...inherited, TERM: "xterm-256color" };
  const child = Bun.spawn(how.terminal ? onTerminal(command, how.size) : command, {
    env: { ...env, ...how.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect({ code: await child.exited, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

describe("off a terminal", () => {
  test("there is a line for each change, with its time, and a summary at the end", async () => {
    await using sim = await startSim({ arms: "configured" });
    const lines = (await output(sim, {})).trimEnd().split("\n");
    const texts = lines.map((line) => {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
      return line.slice(25);
    });
    const states = texts.map((text) => /^(\w+):/.exec(text)?.[1]).filter((state) => state !== undefined);
    expect(states).toEqual(["connecting", "aligning", "following", "stopped"]);
    expect(texts.at(-1)).toMatch(/^[\d.]+ Hz, \d+ of \d+ ticks too late, /);
  });

  test("for the journal, which systemd names by its file, a line has its priority instead of a time", async () => {
    await using sim = await startSim({ arms: "configured" });
    await sim.client.request({
      do: "registers",
      arm: "leader",
      joint: "gripper",
      values: { model_number: 9 },
    });
    const path = join(sim.dir, "journal");
    await Bun.write(path, "");
    const { dev, ino } = await stat(path);
    const child = Bun.spawn([programPath, "teleoperate", ...armArguments(sim), "--duration", "2"], {
      env: { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` },
      stdout: Bun.file(path),
    });
    expect(await child.exited).toBe(0);
    const lines = (await Bun.file(path).text()).trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^<[346]>[a-z]/);
    expect(lines.find((line) => line.startsWith("<3>faulted"))).toContain("a servo of model 9");
  });

  test("a variable left over from another journal changes nothing", async () => {
    await using sim = await startSim({ arms: "configured" });
    expect(await output(sim, { env: { JOURNAL_STREAM: "1:2" } })).toMatch(/^\d{4}-/);
  });

  test("a reader that does not read keeps neither the arms from moving nor the program from stopping", async () => {
    await using sim = await startSim({ arms: "configured" });
    const pipe = join(sim.dir, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    // The pipe is full before the program starts, and open for somebody who never reads.
    const reader = Bun.spawn(["sh", "-c", `exec 3<>"$0"; echo open; exec sleep 60`, pipe], {
      stdout: "pipe",
    });
    await reader.stdout.getReader().read();
    const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    expect(() => {
      for (;;) writeSync(fd, "x".repeat(4096));
    }).toThrow("EAGAIN");
    const args = ["teleoperate", "--json", ...armArguments(sim), "--duration", "4"];
    const blocking = ["sh", "-c", `pipe=$1; shift; exec "$@" >"$pipe"`, "sh", pipe, programPath, ...args];
    expect(await Bun.spawn(blocking).exited).toBe(0);
    reader.kill();
    closeSync(fd);
    const { follower } = await sim.client.request({ do: "state" });
    expect(follower.joints.elbow_flex.registers).toMatchObject({ torque_enable: 0, acceleration: 254 });
  });

  test("with --json each line is an object with time and event, the last but one the summary", async () => {
    await using sim = await startSim({ arms: "configured" });
    const lines = (await output(sim, { args: ["--json"] })).trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const event of events)
      expect(event).toMatchObject({ time: expect.any(String), event: expect.any(String) });
    expect(events.at(-1)).toMatchObject({ event: "stopped", how: "the follower is released" });
    expect(events.at(-2)).toMatchObject({
      event: "summary",
      ticks: expect.any(Number),
      joints: {
        elbow_flex: { leader: expect.any(Number), follower: expect.any(Number), goal: expect.any(Number) },
      },
    });
  });
});

describe("on a terminal", () => {
  test("one live screen has state, rate and each joint, and fits 80 columns", async () => {
    await using sim = await startSim({ arms: "configured" });
    const shown = await output(sim, { terminal: true });
    const plain = Bun.stripANSI(shown);
    expect(plain).toMatch(/following {2}[\d.]+ Hz, \d+ of \d+ ticks too late/);
    expect(plain).toMatch(/elbow_flex +-?[\d.]+ % \( *\d+\) +-?[\d.]+ % \( *\d+\) +\d+ +\d+/);
    expect(plain).toContain("Ctrl-C stops the follower gently");
    // The summary that comes below, when all is over, may wrap.
    const screens = plain.split(/\r?\n/).filter((line) => !/^[\d.]+ Hz/.test(line));
    for (const line of screens) expect(line.length).toBeLessThanOrEqual(80);
    expect(shown).toContain(`${ESCAPE}32m`);
    expect(shown.lastIndexOf(`${ESCAPE}?25h`)).toBeGreaterThan(shown.lastIndexOf(`${ESCAPE}?25l`));
  });

  test("one without a size, such as a serial console, gets lines", async () => {
    await using sim = await startSim({ arms: "configured" });
    expect(await output(sim, { terminal: true, size: "rows 0 cols 0" })).toContain(
      "Z following: the follower",
    );
  });

  test("NO_COLOR is honoured", async () => {
    await using sim = await startSim({ arms: "configured" });
    const shown = await output(sim, { terminal: true, env: { NO_COLOR: "1" } });
    expect(shown).toContain("following");
    expect(shown).not.toContain(`${ESCAPE}32m`);
  });
});
