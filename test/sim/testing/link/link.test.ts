/** Two network namespaces and the bad link between them. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { congestionControls } from "../../../../src/sim/testing/link/congestion.ts";
import { Link } from "../../../../src/sim/testing/link/link.ts";
import { makeNamespaces, removeNamespaces } from "../../../../src/sim/testing/link/namespaces.ts";
import { NETWORKS, needing } from "../../../support/needs.ts";

const { test } = needing(NETWORKS);
const SCRIPT = join(import.meta.dir, "../../../support/link-end.ts");

/** Sends datagrams from a to b, which echoes them; how long each took both ways, ms. */
async function echoes({ a, b }: Link): Promise<number[]> {
  const echo = Bun.spawn([...b.enter, process.execPath, SCRIPT, b.address], { stdout: "pipe" });
  await echo.stdout.getReader().read();
  const sender = [...a.enter, process.execPath, SCRIPT, b.address, "20"];
  const { stdout } = Bun.spawnSync(sender, { stderr: "inherit" });
  echo.kill("SIGKILL");
  await echo.exited;
  return JSON.parse(stdout.toString());
}

test("what it carries is late by its delay each way, and nothing gets through a cut either way", async () => {
  await using link = await Link.start({ conditions: { delayMs: 20 }, congestionControl: "reno" });
  expect(link.congestionControl).toBe("reno");
  const took = await echoes(link);
  expect(took).toHaveLength(20);
  expect(Math.min(...took)).toBeGreaterThan(40);

  const before = await link.cut("a to b");
  expect(await echoes(link)).toEqual([]);
  const between = await link.cut("b to a");
  expect(between.ab).toEqual({ ...before.ab, lost: before.ab.lost + 20 });
  expect(await echoes(link)).toEqual([]);
  const after = await link.join();
  expect(after.ba.lost - between.ba.lost).toBe(20);
  expect(after.ab.carried - between.ab.carried).toBe(20);
  expect(await echoes(link)).toHaveLength(20);
});

test("nothing is left of it, neither when it ends nor when it or its maker is killed", async () => {
  const path = (namespace: string) => `/run/netns/${namespace}`;
  const link = await Link.start({ conditions: { delayMs: 0 } });
  const { namespace } = link.a;
  expect(existsSync(path(namespace))).toBe(true);
  await link[Symbol.asyncDispose]();
  expect(existsSync(path(namespace))).toBe(false);

  const source = `import { Link } from ${JSON.stringify(join(import.meta.dir, "../../../../src/sim/testing/link/link.ts"))};
    const { a } = await Link.start({ conditions: { delayMs: 0 } });
    console.log(a.namespace);`;
  const maker = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stdin: "ignore" });
  const { value } = await maker.stdout.getReader().read();
  const left = path(new TextDecoder().decode(value).trim());
  expect(existsSync(left)).toBe(true);
  maker.kill("SIGKILL");
  while (existsSync(left)) await Bun.sleep(10);

  // Of a process with this name nothing runs any more: 2²² is the most that Linux counts to.
  Bun.spawnSync(["ip", "netns", "add", "so101-4194304-1-a"]);
  removeNamespaces(Object.values(makeNamespaces()));
  expect(existsSync(path("so101-4194304-1-a"))).toBe(false);
});

test("a congestion control that the kernel does not have is refused", async () => {
  expect(congestionControls()).toContain("reno");
  const start = Link.start({ conditions: { delayMs: 0 }, congestionControl: "vegetables" });
  await expect(start).rejects.toThrow("the kernel has no congestion control vegetables");
});
