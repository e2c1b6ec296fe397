/** Shows the program at its job, teleoperating two simulated arms, with its page, and says what the arms were really told. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { MARKS } from "./bench/analysis.ts";
import { judge } from "./demo/judge.ts";
import { onStage, program, simulateArms } from "./demo/stage.ts";

/** Off a terminal nobody can end it; on one it ends by itself too, should it be forgotten. */
const seconds = process.stdout.isTTY ? 3600 : 15;

/** Runs the demo in a folder; returns what was wrong, in words. */
async function demonstrate(dir: string): Promise<string[]> {
  await using arms = await simulateArms(dir, seconds);
  const { paths, client } = arms;
  await client.request({ do: "mark", text: MARKS.begin });
  const config = join(dir, "main.toml");
  const socket = join(dir, "main.sock");
  const sections = (["leader", "follower"] as const).map(
    (role) => `[${role}]\nport = "${paths[role]}"\nid = "${role}"\n`,
  );
  await Bun.write(config, `calibration_dir = "${paths.calibration}"\n${sections.join("")}`);
  await using page = await servePage(dir, socket, config);
  // Before the screen, which is below it.
  console.log(`Their page: ${page.url}`);
  const code = await teleoperate(socket, config);
  await client.request({ do: "sync" });
  const troubles = code === 0 ? [] : [`the program ended with exit code ${code}`];
  return [...troubles, ...(await judge(paths.record, "one loop"))];
}

/** Where the page is; `LISTEN=0.0.0.0:8101 make demo` has it for phones, too. */
const LISTEN = process.env.LISTEN ?? "127.0.0.1:8101";

/** Serves the page of the arms; where its port is taken, at one that is free. */
async function servePage(
  dir: string,
  socket: string,
  config: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const address = isFree(LISTEN) ? LISTEN : "127.0.0.1:0";
  const datasets = join(dir, "datasets");
  mkdirSync(datasets);
  const what = ["--sim-dir", dir, "--socket", socket, "--config", config, "--datasets", datasets];
  const command = [program, "web", "--listen", address, ...what];
  // In a session of its own, as the arms are: it is ended here.
  const web = Bun.spawn(command, {
    ...{ detached: true, stdin: "ignore", stdout: "pipe", stderr: "ignore" },
    env: { ...process.env, STATE_DIRECTORY: dir },
  });
  const { value } = await web.stdout.getReader().read();
  const [url = "not served"] = /http\S+/.exec(new TextDecoder().decode(value)) ?? [];
  return {
    url,
    async [Symbol.asyncDispose]() {
      web.kill("SIGTERM");
      await web.exited;
    },
  };
}

/** Whether nobody listens there: the page's server would wait for the port. */
function isFree(address: string): boolean {
  const { hostname, port } = new URL(`http://${address}`);
  try {
    Bun.listen({ hostname, port: Number(port), socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** Runs the program on this terminal until it ends; every signal that would end the demo is for the program. */
async function teleoperate(socket: string, config: string): Promise<number> {
  const teleoperation = Bun.spawn(
    [program, "teleoperate", "--duration", String(seconds), "--config", config, "--socket", socket],
    { stdio: ["inherit", "inherit", "inherit"] },
  );
  endProgram = () => teleoperation.kill("SIGTERM");
  if (stopping) endProgram();
  return teleoperation.exited;
}

let stopping = false;
let endProgram = () => {};
process.on("SIGINT", () => {
  stopping = true; // the terminal has sent it to the program as well
});
for (const signal of ["SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopping = true;
    endProgram();
  });
}
await onStage(demonstrate);
