/** A loan on the control socket: who gets the arms, how they are wanted back, and what becomes of a borrower. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiError, askService, borrow, type Loan } from "../../src/api/client.ts";
import type { Status } from "../../src/api/protocol.ts";
import { defaultConfig } from "../../src/config/config.ts";
import { type ApiServer, serveApi } from "../../src/daemon/api/server.ts";
import { apiSubject } from "../../src/daemon/api/subject.ts";
import { EventHistory } from "../../src/daemon/events/event-history.ts";
import { tell } from "../../src/daemon/events/told.ts";
import { Lending } from "../../src/daemon/lending.ts";
import { pairSettings } from "../../src/daemon/settings/pair-settings.ts";
import { createMemory, type MainMemory, openMemory } from "../../src/teleop/shared/control-memory.ts";
import type { Mailbox } from "../../src/teleop/shared/mailbox.ts";
import { aDrive } from "../support/drive.ts";
import { RawClient } from "../support/raw-client.ts";

let dir: string;
let path: string;
let server: ApiServer;
let memory: MainMemory;
/** The control thread's part is a test's own. */
let control: Mailbox;
let lending: Lending;
let history: EventHistory;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "so101-loan-"));
  path = join(dir, "main.sock");
  memory = createMemory();
  control = openMemory(memory.buffer).mailbox;
  history = new EventHistory();
  const sink = (event: Parameters<typeof tell>[0]) => history.take(tell(event, [], {}));
  lending = new Lending(memory, (problem) => sink({ kind: "notice", severity: "info", problem }));
  const settings = pairSettings(defaultConfig);
  const reading = { at: new Date(), refused: [], kept: [] };
  const sources = { pair: "main", startedAt: new Date(), settings, memory, history, lending } as const;
  server = await serveApi(
    path,
    apiSubject(
      () => ({ ...sources, calibrations: {}, inTheWay: undefined, ...aDrive(memory), reading }),
      sink,
      () => {},
      () => ({}),
    ),
  );
});

afterEach(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const never = new AbortController().signal;
const messages = () => history.events.map(({ message }) => message);
const codes = () => history.events.map(({ code }) => code);
const status = async () => (await askService([path], { do: "status" })) as Status;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await Bun.sleep(2);
}

/** Borrows, and does the control thread's part. */
async function lent(purpose = "calibrate", torque: "off" | "unknown" = "off"): Promise<Loan> {
  const before = control.loan;
  const borrowing = borrow([path], purpose, never);
  await until(() => control.loan !== 0 && control.loan !== before);
  control.tellLent(control.wish, torque);
  return borrowing;
}

/** A borrower in a process of its own, which is to be ended by whatever a test does to it. */
async function otherBorrower() {
  const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'{"v":1,"do":"lend","for":"dance"}\\n')
for line in s.makefile(): print(line, end="", flush=True)
`;
  const process = Bun.spawn(["python3", "-c", script, path], { stdout: "pipe" });
  await until(() => control.loan !== 0);
  control.tellLent(control.wish, "off");
  const reader = process.stdout.getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  expect(JSON.parse(await next())).toEqual({ v: 1, ok: true, lent: { torque: "off" } });
  return { process, next };
}

describe("arms that are asked for", () => {
  test("are lent when the control thread has closed the ports, not before, and told of on the status", async () => {
    const borrowing = borrow([path], "calibrate", never);
    await until(() => control.loan !== 0);
    expect(await Promise.race([borrowing, Bun.sleep(100).then(() => "not yet")])).toBe("not yet");
    const name = readFileSync("/proc/self/comm", "utf8").trim();
    expect(await status()).toMatchObject({
      mode: "lent",
      lent: { pid: process.pid, name, for: "calibrate", since: expect.any(String) },
    });
    control.tellLent(control.wish, "off");
    const loan = await borrowing;
    expect([loan.torque, loan.recalled.aborted]).toEqual(["off", false]);
    loan.end();
    await until(() => control.loan === 0);
    // Arms that were given back are not wanted back.
    await Bun.sleep(30);
    expect(loan.recalled.aborted).toBe(false);
    const after = await status();
    expect([after.mode, after.lent]).toEqual(["running", undefined]);
    expect(codes()).toEqual(["SO101-E100 pair.lent", "SO101-E101 pair.taken-back"]);
    expect(messages()).toEqual([
      `${name} (pid ${process.pid}) has borrowed the arms (calibrate): the follower is released, and both ports are closed`,
      `${name} (pid ${process.pid}) has given the arms back: the pair goes on as before`,
    ]);
  });

  test("are lent to one at a time: another is told who has them", async () => {
    const loan = await lent("check the calibration");
    const refused = await borrow([path], "dance", never).catch((error: ApiError) => error.problem);
    expect(refused).toEqual({
      kind: "refused",
      reason: expect.stringMatching(
        /^the arms are lent already — \S+ \(pid \d+\) has borrowed the arms \(check the calibration\)$/,
      ),
    });
    expect((await status()).lent?.for).toBe("check the calibration");
    loan.end();
  });

  test("are lent again at once to who comes after one that has given them back", async () => {
    for (let round = 0; round < 20; round++) (await lent("calibrate")).end();
    await until(() => control.loan === 0);
    expect(messages().filter((message) => message.includes("given the arms back"))).toHaveLength(20);
  });

  test("are as free again when who asked goes away before they are lent", async () => {
    const over = new AbortController();
    const borrowing = borrow([path], "calibrate", over.signal);
    await until(() => control.loan !== 0);
    over.abort(new Error("no more"));
    expect(borrowing).rejects.toThrow("no more");
    await until(() => control.loan === 0);
    expect(messages().at(-1)).toContain("has not got the arms");
  });

  test.each([
    ["", "nothing"],
    ["Tanzen", "large letters"],
    ["a".repeat(41), "too long"],
    ["a\u001b[2J", "not seen"],
  ])("are not lent for %j: %s", async (purpose) => {
    const refused = await borrow([path], purpose, never).catch((error: ApiError) => error.problem);
    expect(refused).toEqual({ kind: "refused", reason: expect.stringContaining("40 small letters") });
    expect(control.loan).toBe(0);
  });

  test.each([
    ["the follower is being parked", () => memory.mailbox.requestPark(), "parking pose"],
    ["the program ends", () => memory.mailbox.requestEnd("stop"), "the program is ending"],
    [
      "another program has the follower's port",
      () => memory.claims.claim("follower", { pid: 7, name: "x" }),
      "x (pid 7)",
    ],
  ])("are not lent while %s", async (_, make, why) => {
    make();
    const refused = await borrow([path], "calibrate", never).catch((error: ApiError) => error.problem);
    expect(refused).toEqual({ kind: "refused", reason: expect.stringContaining(why) });
    expect(control.loan).toBe(0);
    expect(codes()).toEqual([]);
  });
});

describe("while arms are lent", () => {
  test.each([
    ["pause", "paused"],
    ["release", "released"],
  ] as const)("a %s asks for them back, and stays what is wanted", async (wish, mode) => {
    const loan = await lent();
    await askService([path], { do: wish });
    await until(() => loan.recalled.aborted);
    expect((loan.recalled.reason as ApiError).problem).toEqual({ kind: "recalled", why: wish });
    expect(control.loan).not.toBe(0);
    expect((await status()).isObeyed).toBe(false);
    loan.end();
    await until(() => control.loan === 0);
    expect(control.mode).toBe(mode);
    expect(messages().at(-1)).toContain("given the arms back");
  });

  test.each(["resume", "park"] as const)("a %s is refused, and says who has them", async (wish) => {
    const loan = await lent();
    const refused = await askService([path], { do: wish }).catch((error: ApiError) => error.problem);
    expect(refused).toEqual({
      kind: "refused",
      reason: expect.stringMatching(/\(pid \d+\) has borrowed the arms \(calibrate\)/),
    });
    loan.end();
  });

  test("a borrower that is killed has given them back", async () => {
    const { process } = await otherBorrower();
    process.kill("SIGKILL");
    await until(() => control.loan === 0);
    expect(messages().at(-1)).toContain("has given the arms back");
  });

  test("one that does not listen has them for another second: then they are taken, if they can be", async () => {
    const { process, next } = await otherBorrower();
    process.kill("SIGSTOP");
    await askService([path], { do: "release" });
    expect((await status()).lent).toMatchObject({ pid: process.pid, for: "dance" });
    await until(() => control.loan === 0);
    expect([control.mode, (await status()).mode]).toEqual(["released", "released"]);
    expect(messages().at(-1)).toContain("was asked to give the arms back, and has not within a second");
    process.kill("SIGCONT");
    expect(JSON.parse(await next())).toEqual({ v: 1, ok: true, recalled: "release" });
    expect(await process.exited).toBe(0);
  });

  test("their connection keeps its place, however many others come, and however long it is silent", async () => {
    const loan = await lent();
    const others = Array.from({ length: 60 }, () => new RawClient(path));
    for (const other of others) other.say('{"v":1,"do":"status"}\n');
    await askService([path], { do: "status" });
    await Bun.sleep(50);
    expect(loan.recalled.aborted).toBe(false);
    expect(control.loan).not.toBe(0);
    for (const other of others) other.close();
    loan.end();
  });

  test("a service that ends asks for them, and its borrower hears of it", async () => {
    const loan = await lent();
    lending.recall("end");
    await until(() => loan.recalled.aborted);
    expect((loan.recalled.reason as ApiError).problem).toEqual({ kind: "recalled", why: "end" });
    const again = await borrow([path], "dance", never).catch((error: ApiError) => error.problem);
    expect(again).toMatchObject({ kind: "refused" });
    loan.end();
  });

  test("a service that is gone is as one that asks for them", async () => {
    const loan = await lent();
    server.close();
    await until(() => loan.recalled.aborted);
    expect((loan.recalled.reason as ApiError).problem).toEqual({ kind: "ended" });
    loan.end();
  });

  test("whoever had their ports is forgotten with the loan", async () => {
    const loan = await lent();
    memory.claims.claim("leader", { pid: process.pid, name: "so101" });
    loan.end();
    await until(() => control.loan === 0);
    expect(memory.claims.has("leader")).toBe(false);
  });
});

test("a follower that did not answer is lent as one that may hold", async () => {
  const loan = await lent("set up motors", "unknown");
  expect(loan.torque).toBe("unknown");
  loan.end();
});
