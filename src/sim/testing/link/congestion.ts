/** By which rule TCP in a network namespace sends: Linux has several, and what a bad link does to a stream depends on it. */
import { readFileSync, writeFileSync } from "node:fs";
import { ip } from "./namespaces.ts";

const SYSCTL = "/proc/sys/net/ipv4/tcp_";
const OWN = `${SYSCTL}congestion_control`;
const ALLOWED = `${SYSCTL}allowed_congestion_control`;

/** The congestion controls that this machine's kernel has: "cubic", a Pi's default, and perhaps "bbr". */
export function congestionControls(): string[] {
  return wordsOf(`${SYSCTL}available_congestion_control`);
}

/** Has TCP in these namespaces use one. Throws when the kernel does not have it. */
export function setCongestionControl(namespaces: readonly string[], name: string): void {
  if (!congestionControls().includes(name)) throw new Error(`the kernel has no congestion control ${name}`);
  const allowed = wordsOf(ALLOWED);
  // A namespace may have only what everybody may; the list is the whole machine's, so it is given back.
  const isNew = !allowed.includes(name);
  if (isNew) writeFileSync(ALLOWED, [...allowed, name].join(" "));
  try {
    for (const each of namespaces) ip("netns", "exec", each, "sh", "-c", `echo ${name} > ${OWN}`);
  } finally {
    if (isNew) writeFileSync(ALLOWED, allowed.join(" "));
  }
}

/** Which one TCP in a namespace uses. */
export function congestionControlOf(namespace: string): string {
  return Bun.spawnSync(["ip", "netns", "exec", namespace, "cat", OWN]).stdout.toString().trim();
}

function wordsOf(path: string): string[] {
  return readFileSync(path, "utf8").trim().split(/\s+/);
}
