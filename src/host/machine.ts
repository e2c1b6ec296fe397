/** Facts about the machine, as the kernel and systemd tell them. What cannot be known is undefined; nothing throws. */
import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { type ProgramName, runAside, systemPrograms } from "./programs.ts";

/** The board's name in the device tree, `Raspberry Pi 3 Model B Plus Rev 1.3`. */
export function machineModel(): string | undefined {
  return read("/proc/device-tree/model")?.replace(/\0+$/, "");
}

/** The distribution by its own name, `Debian GNU/Linux 13 (trixie)`. */
export function distribution(): string | undefined {
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read("/etc/os-release") ?? "")?.[1];
}

/** What the kernel was started with. */
export function kernelCommandLine(): string {
  return read("/proc/cmdline")?.trim() ?? "";
}

/** Whether the kernel has a USB serial driver, or can load it; undefined where its modules cannot be seen. */
export function hasDriver(name: string): boolean | undefined {
  const modules = `/lib/modules/${release()}`;
  if (!existsSync(modules)) return existsSync(`/sys/module/${name}`) || undefined;
  const listed = (file: string) =>
    new RegExp(`/${name.replaceAll(/[_-]/g, "[_-]")}\\.ko`).test(read(join(modules, file)) ?? "");
  return existsSync(`/sys/module/${name}`) || listed("modules.dep") || listed("modules.builtin");
}

/** The names of all running programs, as far as this user may see them. */
export function runningPrograms(): ReadonlySet<string> {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return new Set(pids.flatMap((pid) => read(`/proc/${pid}/comm`)?.trim() ?? []));
}

/** Free space where `path` is, in MB. */
export function freeMegabytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return (bavail * bsize) / 1e6;
  } catch {
    return undefined;
  }
}

/** How often the kernel has said since boot that the supply was too weak; undefined when its log cannot be read. */
export async function underVoltagesSinceBoot(): Promise<number | undefined> {
  const log =
    (await said("journalctl", "--boot", "--dmesg", "--quiet", "--no-pager", "--output=cat")) ??
    (await said("dmesg"));
  return log?.match(/under-?voltage detected/gi)?.length ?? (log === undefined ? undefined : 0);
}

/** Properties of a unit, as `systemctl show` has them; undefined where systemd does not run. */
export async function unitProperties(
  unit: string,
  names: readonly string[],
): Promise<Record<string, string> | undefined> {
  const text = await said("systemctl", "show", `--property=${names.join(",")}`, unit);
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

/** The architecture of the system's packages, `arm64`; undefined where there is no dpkg. */
export function packageArchitecture(): string | undefined {
  return output("dpkg", "--print-architecture")?.trim();
}

/** Whether a Debian package is installed. */
export function hasPackage(name: string): boolean {
  return output("dpkg", "--status", name)?.includes("\nStatus: install ok installed\n") ?? false;
}

function output(name: ProgramName, ...args: string[]): string | undefined {
  const outcome = systemPrograms.run(name, ...args);
  return outcome?.success ? outcome.stdout : undefined;
}

/** As {@link output}, beside whatever else goes on. */
async function said(name: ProgramName, ...args: string[]): Promise<string | undefined> {
  const outcome = await runAside(name, args);
  return outcome?.success ? outcome.stdout : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
