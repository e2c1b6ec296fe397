/** Starting the page's server, as a service and by hand. */
import { expect, test } from "bun:test";
import { started } from "../../src/web/start.ts";

const running = { url: "http://0.0.0.0:8101/", stop: async () => {} };

/** A systemd that keeps what it is told. */
function manager() {
  const heard: string[] = [];
  return {
    heard,
    watchdogMs: undefined,
    notify: (...assignments: readonly string[]) => void heard.push(...assignments),
  };
}

test("as a service it waits for what keeps it from starting, and says each reason once", async () => {
  const systemd = manager();
  const reasons = ["the port is taken", "the port is taken", "the file is wrong\nin two keys"];
  const told: string[] = [];
  const server = await started({
    start: () => {
      const why = reasons.shift();
      // The pauses grow: what comes after the first is not waited for here.
      if (why === undefined || told.length > 0) return running as never;
      throw new Error(why);
    },
    off: "off",
    manager: systemd,
    told: (error) => {
      told.push((error as Error).message);
      return (error as Error).message;
    },
    signal: new AbortController().signal,
  });
  expect(server?.url).toBe(running.url);
  expect(told).toEqual(["the port is taken"]);
  expect(systemd.heard).toEqual([
    "READY=1",
    "STATUS=the port is taken",
    "READY=1",
    "STATUS=the page is at http://0.0.0.0:8101/",
  ]);
});

test("by hand nobody waits", async () => {
  const failing = started({
    start: () => {
      throw new Error("the port is taken");
    },
    off: "off",
    manager: undefined,
    told: String,
    signal: new AbortController().signal,
  });
  await expect(failing).rejects.toThrow("the port is taken");
});

test("switched off it has succeeded, and says so", async () => {
  const systemd = manager();
  const options = { start: () => undefined, off: "it is off", manager: systemd, told: String };
  expect(await started({ ...options, signal: new AbortController().signal })).toBeUndefined();
  expect(systemd.heard).toEqual(["READY=1", "STATUS=it is off"]);
});

test("stopped while it waits, it ends at once", async () => {
  const controller = new AbortController();
  const ended = started({
    start: () => {
      throw new Error("the port is taken");
    },
    off: "off",
    manager: manager(),
    told: String,
    signal: controller.signal,
  });
  controller.abort();
  expect(await ended).toBeUndefined();
});
