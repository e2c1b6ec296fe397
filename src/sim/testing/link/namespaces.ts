/** Network namespaces for links, and what is left of those whose makers were killed. */
import { existsSync, readdirSync } from "node:fs";

/** Names say whose they are, so that others can tell whether anybody still needs them. */
const NAME = /^so101-(\d+)-\d+-[ab]$/;
let made = 0;

/** Makes two, named after this process; removes those of processes that have ended. Throws what `ip` said. */
export function makeNamespaces(): { readonly a: string; readonly b: string } {
  sweep();
  const prefix = `so101-${process.pid}-${++made}`;
  const names = { a: `${prefix}-a`, b: `${prefix}-b` };
  for (const name of Object.values(names)) {
    ip("netns", "add", name);
    ip("-n", name, "link", "set", "lo", "up");
  }
  return names;
}

/** Removes namespaces, as far as they are there. */
export function removeNamespaces(names: Iterable<string>): void {
  for (const name of names) Bun.spawnSync(["ip", "netns", "delete", name], { stderr: "ignore" });
}

/** Runs `ip`. Throws what it said when it refuses. */
export function ip(...args: readonly string[]): void {
  const { success, stderr } = Bun.spawnSync(["ip", ...args], { stdout: "ignore", stderr: "pipe" });
  if (!success) throw new Error(`ip ${args.join(" ")}: ${stderr.toString().trim()}`);
}

function sweep(): void {
  const all = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  removeNamespaces(
    all.filter((name) => {
      const pid = NAME.exec(name)?.[1];
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    }),
  );
}
