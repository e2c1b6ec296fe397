import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOSQUITTO, Mosquitto } from "../support/mosquitto.ts";
import { needing } from "../support/needs.ts";
import { run } from "../support/program.ts";

const main = join(import.meta.dir, "../../src/main.ts");
const network = (...words: string[]) => [process.execPath, main, "network", ...words];
const inFolder = <T>(work: (dir: string) => Promise<T>) => {
  const dir = mkdtempSync(join(tmpdir(), "so101-network-"));
  return work(dir).finally(() => rmSync(dir, { recursive: true }));
};

test("without a broker there is nothing to do, which is said, and is no failure", () =>
  inFolder(async (dir) => {
    const config = join(dir, "config.toml");
    writeFileSync(config, "");
    const { code, stdout } = await run(network("--config", config), { cwd: dir });
    expect(stdout).toBe(
      `no broker is configured: broker is missing in [network] of ${config} — name one there, or with --broker\n`,
    );
    expect(code).toBe(0);
  }));

test.each([
  [["--broker", "http://broker"], "--broker"],
  [["--broker", "mqtt://broker", "--machine", "a/b"], "--machine"],
  [["--broker", "mqtts://broker", "--broker-certificate", "/desk.crt"], "--broker-key"],
])("%p is refused before anything is connected", (words, named) =>
  inFolder(async (dir) => {
    const { code, stderr } = await run(network(...words), { cwd: dir });
    expect(stderr).toContain(named);
    expect(code).toBe(2);
  }),
);

needing(MOSQUITTO).test(
  "another broker in the configuration is used at once; none ends the program",
  () =>
    inFolder(async (dir) => {
      await using first = await Mosquitto.start();
      await using second = await Mosquitto.start();
      const config = join(dir, "config.toml");
      const say = (url: string) =>
        writeFileSync(config, url === "" ? "" : `[network]\nmachine = "desk"\nbroker = "${url}"\n`);
      say(first.url);
      const child = Bun.spawn(network("--config", config, "--socket", join(dir, "main.sock")), {
        stdin: "ignore",
        stdout: "pipe",
      });
      const joined = async (broker: Mosquitto) => {
        while (!broker.log.includes("as so101-desk-main-voice")) await Bun.sleep(20);
      };
      await joined(first);
      say(second.url);
      await joined(second);
      say("");
      expect(await child.exited).toBe(0);
      expect(await new Response(child.stdout).text()).toContain("no broker is configured");
    }),
  20_000,
);
