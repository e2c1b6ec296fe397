/**
 * Two simulated arms that nobody has set up, and the page that does it. The keys of this terminal are the hands: they pull
 * boards and move arms, as the page asks for it. "new" servos are as from the factory, "calibrated" ones carry their
 * calibration. Naming the boards, which root's helper does on a machine, the simulation does itself.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimClient } from "../../src/sim/control/client.ts";
import { moveLeader, poseBoth } from "../../src/sim/testing/hands.ts";
import { startSim } from "../../src/sim/testing/start.ts";

const program = join(import.meta.dir, `../../dist/so101-linux-${process.arch}`);
/** Off a terminal there are no hands: it is shown that all starts. */
const SECONDS_WITHOUT_HANDS = 5;

type ArmName = "leader" | "follower";

/** What a key does. */
interface Key {
  readonly key: string;
  readonly says: string;
  press(client: SimClient): Promise<unknown>;
}

const pulled = new Set<ArmName>();

async function pullOrPlug(client: SimClient, arm: ArmName): Promise<void> {
  const isOut = pulled.has(arm);
  await client.request({ do: isOut ? "plug" : "pull", arm });
  if (isOut) pulled.delete(arm);
  else pulled.add(arm);
  console.log(`  the board of that arm is ${isOut ? "plugged in" : "pulled out"}`);
}

const keys: readonly Key[] = [
  {
    key: "1",
    says: "pull the board with serial 5AB9067929, or plug it in",
    press: (on) => pullOrPlug(on, "leader"),
  },
  { key: "2", says: "the same with 5AB9067722", press: (on) => pullOrPlug(on, "follower") },
  {
    key: "l",
    says: "move the leader, which is the arm on 5AB9067929",
    press: (client) => moveLeader({ client }),
  },
  { key: "m", says: "bring both arms to the middle of their range", press: (on) => play(on, "middle") },
  { key: "s", says: "move every joint of both arms from end to end", press: (on) => play(on, "sweep") },
  { key: "a", says: "put both arms into one pose", press: (client) => poseBoth({ client }, 0.3) },
  { key: "b", says: "put both arms into another pose", press: (client) => poseBoth({ client }, 0.7) },
  { key: "w", says: "wave with the leader", press: (on) => on.request({ do: "motion", play: "wave" }) },
];

async function play(client: SimClient, motion: "middle" | "sweep"): Promise<void> {
  for (const arm of ["leader", "follower"] as const)
    await client.request({ do: "motion", arm, play: motion });
}

/** Starts all, and ends it when `over` resolves; returns what was wrong, in words. */
async function demonstrate(
  dir: string,
  arms: "new" | "configured",
  over: Promise<unknown>,
): Promise<string[]> {
  const config = join(dir, "pair.toml");
  const socket = join(dir, "control.sock");
  const roles = ["leader", "follower"] as const;
  const sections = roles.map((role) => `[${role}]\nport = "${join(dir, role)}"\nid = "${role}"\n`);
  await Bun.write(config, `calibration_dir = "${join(dir, "calibration")}"\n${sections.join("")}`);
  await using sim = await startSim({
    binary: program,
    dir,
    arms,
    boards: "new",
    motion: "still",
    eepromZeros: false,
  });
  const stdio = ["ignore", "ignore", "inherit"] as const;
  const service = Bun.spawn([program, "teleoperate", "--json", "--config", config, "--socket", socket], {
    stdio: [...stdio],
  });
  const web = Bun.spawn(
    [
      program,
      "web",
      "--listen",
      process.env.LISTEN ?? "127.0.0.1:8101",
      "--socket",
      socket,
      "--config",
      config,
      "--sim-dir",
      dir,
    ],
    { env: { ...process.env, STATE_DIRECTORY: dir }, stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const { value } = await web.stdout.getReader().read();
    const [url] = /http\S+/.exec(new TextDecoder().decode(value)) ?? [];
    if (url === undefined) return ["the page did not start"];
    console.log(`Two simulated arms that nobody has set up: open ${url}#set-up`);
    console.log(
      "The simulation names the boards, as root's helper does on a machine. Your hands are these keys:",
    );
    for (const { key, says } of keys) console.log(`  ${key}  ${says}`);
    console.log("  q  end");
    const listening = listen(sim.client);
    const ended = await Promise.race([over, listening, service.exited, web.exited]);
    return typeof ended === "number" ? [`a program ended by itself, with exit code ${ended}`] : [];
  } finally {
    web.kill("SIGTERM");
    await web.exited;
    service.kill("SIGTERM");
    await service.exited;
  }
}

/** Does what the keys say. Resolves when it is to end. */
async function listen(client: SimClient): Promise<void> {
  if (!process.stdin.isTTY) return new Promise(() => {});
  process.stdin.setRawMode(true);
  for await (const chunk of process.stdin) {
    for (const pressed of String(chunk)) {
      if (pressed === "q" || pressed === "\u0003") return;
      const key = keys.find((one) => one.key === pressed);
      if (key === undefined) continue;
      console.log(`  ${key.says}`);
      await key.press(client);
    }
  }
}

const [asked] = process.argv.slice(2);
if (asked !== "new" && asked !== "calibrated") {
  console.error(`demo: ARMS is "new" or "calibrated", not ${JSON.stringify(asked)}`);
  process.exit(2);
}
const { promise: over, resolve: end } = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end());
if (!process.stdin.isTTY) setTimeout(end, SECONDS_WITHOUT_HANDS * 1e3);
const dir = await mkdtemp(join(tmpdir(), "so101-demo-"));
try {
  const troubles = await demonstrate(dir, asked === "new" ? "new" : "configured", over);
  for (const trouble of troubles) console.error(`demo: ${trouble}`);
  process.exitCode = troubles.length === 0 ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
process.exit();
