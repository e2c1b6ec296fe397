/** The compiled program lending its arms: to its own commands, and to borrowers that come to harm. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { askService, eventsOf } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { JOINTS } from "../../src/arm/joints.ts";
import { programPath, run } from "../support/program.ts";
import { type Arms, RunningTeleoperation } from "../support/teleoperation.ts";

setDefaultTimeout(60_000);

const PATIENCE_MS = 20_000;
const BORROWER = join(import.meta.dir, "../support/borrower.ts");

let service: RunningTeleoperation;
let socket: string;
const children: Bun.Subprocess[] = [];

beforeEach(async () => {
  service = await RunningTeleoperation.start({ sim: { arms: "configured", motion: "still" } });
  socket = join(service.sim.dir, "control.sock");
  // Where commands look for a user's own service.
  mkdirSync(join(service.sim.dir, "run"));
  symlinkSync(service.sim.dir, join(service.sim.dir, "run", "so101-teleop"));
  await service.untilState("following");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  await service[Symbol.asyncDispose]();
});

const env = () => ({ XDG_RUNTIME_DIR: join(service.sim.dir, "run") });
const onArm = (role: "leader" | "follower") => [
  ...[role, "--port", service.sim.paths[role], "--id", role],
  ...["--calibration-dir", service.sim.paths.calibration],
];
const so101 = (...args: string[]) => run([programPath, ...args], { cwd: "/", env: env() });
const ask = (...args: string[]) => so101(...args, "--socket", socket);
const status = async () => (await askService([socket], { do: "status" })) as Status;
const isOff = ({ follower }: Arms) => JOINTS.every((joint) => !follower.joints[joint].energised);
const isOn = ({ follower }: Arms) => JOINTS.every((joint) => follower.joints[joint].energised);

async function until(isSo: (now: Status) => boolean, what: string): Promise<Status> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await status();
    if (isSo(now)) return now;
    if (performance.now() > deadline) throw new Error(`${what} did not come: ${JSON.stringify(now.events)}`);
    await Bun.sleep(20);
  }
}

/** A command that has the arms until it is ended. */
function calibrating() {
  const args = ["calibrate", ...onArm("leader"), "--yes", "--sweep-for", "1000"];
  const child = Bun.spawn([programPath, ...args], { env: env(), stdout: "pipe", stderr: "pipe" });
  children.push(child);
  return { child, stdout: new Response(child.stdout).text(), stderr: new Response(child.stderr).text() };
}

/** A program that has borrowed the arms, and has the follower hold. */
async function holding() {
  const child = Bun.spawn([process.execPath, BORROWER, socket, service.sim.paths.follower], {
    stdout: "pipe",
  });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("holds\n");
  expect(isOn(await service.sim.client.request({ do: "state" }))).toBe(true);
  return child;
}

test("a command that somebody agrees to has the arms, and the service has them again afterwards", async () => {
  const { pid } = await status();
  const unasked = await so101("calibration", "check", ...onArm("leader"));
  expect(unasked.stderr).toContain("The service has the arms. Borrow them, which releases the follower?");
  expect([unasked.code, (await status()).state]).toEqual([2, "following"]);
  const { stdout, stderr, code } = await so101("calibration", "check", ...onArm("leader"), "--yes");
  expect({ stdout: stdout.trimEnd().split("\n"), stderr, code }).toEqual({
    stdout: [
      "The service has the arms. Borrow them, which releases the follower? It goes on as before afterwards — yes",
      "Borrowing the arms: the follower is released …",
      "The service has the arms again: the follower will go slowly to the leader's pose.",
      'leader "leader" can be used.',
    ],
    ...{ stderr: "", code: 0 },
  });
  await until(({ state, alignments }) => state === "following" && alignments === 2, "following again");
  expect((await status()).pid).toBe(pid);
  expect(service.states()).toEqual([
    ...["connecting", "aligning", "following"],
    ...["waiting", "connecting", "aligning", "following"],
  ]);
  const codes = (await eventsOf([socket])).map(({ code: told }) => told);
  expect(codes).toContain("SO101-E100 pair.lent");
  expect(codes).toContain("SO101-E101 pair.taken-back");
});

test("relax leaves the service released, until it is resumed", async () => {
  const { stdout, code } = await so101("relax", ...onArm("follower"), "--yes");
  expect(stdout).toContain('The service has the arms again, and stays released: "so101 resume" goes on.');
  expect(code).toBe(0);
  await until(({ mode, isObeyed }) => mode === "released" && isObeyed === true, "the release");
  expect(isOff(await service.sim.client.request({ do: "state" }))).toBe(true);
  expect((await ask("resume")).code).toBe(0);
  await until(({ state }) => state === "following", "following");
});

test("a release ends the command that has the arms, and is success only then", async () => {
  const command = calibrating();
  const { lent, why } = await until(
    ({ lent: to, state }) => to !== undefined && state === "waiting",
    "the loan",
  );
  expect(lent).toMatchObject({ pid: command.child.pid, for: "calibrate leader" });
  expect(why).toContain(`(pid ${command.child.pid}) has borrowed the arms (calibrate leader)`);
  const resumed = await ask("resume");
  expect([resumed.code, resumed.stderr]).toEqual([1, expect.stringContaining("has borrowed the arms")]);
  const second = await so101("calibration", "check", ...onArm("follower"), "--yes");
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining(`(pid ${command.child.pid})`)]);
  const released = await ask("release");
  expect([released.code, released.stderr]).toEqual([0, ""]);
  expect(await command.child.exited).toBe(130);
  expect(await command.stderr).toContain(
    "somebody asked to release the follower: the service has the arms again",
  );
  expect(await status()).toMatchObject({ mode: "released", isObeyed: true });
});

test("a borrower that is killed while the follower holds: it is found held, and aligned from there", async () => {
  const borrower = await holding();
  borrower.kill("SIGKILL");
  await until(({ state, alignments }) => state === "following" && alignments === 2, "following again");
  expect(service.states().slice(-4)).toEqual(["waiting", "connecting", "aligning", "following"]);
});

test("a borrower that is stopped: a release fails and names it, and is done when it is gone", async () => {
  const borrower = await holding();
  borrower.kill("SIGSTOP");
  const { code, stderr } = await ask("release");
  expect(code).toBe(1);
  expect(stderr).toContain(`(pid ${borrower.pid})`);
  expect(isOn(await service.sim.client.request({ do: "state" }))).toBe(true);
  expect(await status()).toMatchObject({ mode: "released", isObeyed: false });
  borrower.kill("SIGKILL");
  await until(({ isObeyed }) => isObeyed === true, "the release");
  expect(isOff(await service.sim.client.request({ do: "state" }))).toBe(true);
});

test("a service that is to end takes the arms back first, and leaves the follower as it was told to", async () => {
  const command = calibrating();
  await until(({ lent, state }) => lent !== undefined && state === "waiting", "the loan");
  expect(await service.stop()).toBe(0);
  expect(await command.child.exited).toBe(130);
  expect(service.events.at(-1)).toMatchObject({ event: "stopped", how: "the follower is released" });
  expect(isOff(await service.sim.client.request({ do: "state" }))).toBe(true);
});

test("a service that is killed meanwhile ends the borrower's work; the next one has the arms", async () => {
  const command = calibrating();
  await until(({ lent, state }) => lent !== undefined && state === "waiting", "the loan");
  service.kill("SIGKILL");
  await service.exited();
  expect(await command.child.exited).toBe(130);
  expect(await command.stderr).toContain("the service has ended");
  const before = service.events.length;
  service.restart();
  await service.untilState("following", before);
});
