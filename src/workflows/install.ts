/** Installing the program without the Debian package, for systems without apt: what the package does, and its undoing. */
import { chmodSync, copyFileSync, existsSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { CONTROL_DIR } from "../api/address.ts";
import { CONFIG_DIR, MAIN_PAIR, pairConfigPath } from "../config/pairs.ts";
import { hasPackage, packageArchitecture } from "../host/machine.ts";
import { RULES_DIR, RULES_FILE } from "../host/naming-rules.ts";
import {
  CALIBRATIONS_SCRIPT,
  HELPER_SOCKET_UNIT,
  HELPER_UNIT,
  LEROBOT_UNIT,
  MAIN_UNIT,
  NETWORK_UNIT,
  PACKAGE_FILES,
  PROGRAM_PATH,
  SHIPPED_CONFIG,
  WEB_UNIT,
} from "../host/package-files.ts";
import { type ProgramName, systemPrograms } from "../host/programs.ts";
import { ServiceError } from "../host/service.ts";
import { makeFolder, replaceFile, syncFolder } from "../linux/files.ts";
import type { Operator } from "./operator.ts";

const CALIBRATIONS = "/var/lib/so101-teleop";
/** Where a compiled program's own files are. */
const WITHIN_PROGRAM = "/$bunfs/";
/** Of each the first is enabled. */
const PAIR_UNITS = [MAIN_UNIT, "so101-teleop@*.service"] as const;
const HELPER_UNITS = [HELPER_SOCKET_UNIT, HELPER_UNIT] as const;
/** The folder of what the page keeps: who is claimed. */
const PAGE_STATE = "/var/lib/so101-web";
/** Those of the services. */
const USERS = ["so101-teleop", "so101-network", "so101-lerobot", "so101-web"] as const;

/**
 * Does what the Debian package does: copies this program, writes the service, its user, the udev rules and a commented
 * configuration, and starts the service. A configuration that is there stays. Needs root and systemd.
 * Throws an Error that says why this machine cannot be set up so; {@link ServiceError}.
 */
export function install(operator: Operator): void {
  requireMachine("install");
  const tell = (message: string) => operator.tell("done", message);
  const running = existsSync(PROGRAM_PATH) && isActive();
  const isFirst = !existsSync(`/usr/lib/systemd/system/${MAIN_UNIT}`);
  if (process.execPath !== PROGRAM_PATH) {
    copyProgram();
    tell(`${PROGRAM_PATH} is written.`);
  }
  for (const { path, text, isConfiguration } of PACKAGE_FILES) {
    if (isConfiguration && existsSync(path)) {
      tell(`${path} stays as it is.`);
      continue;
    }
    makeFolder(dirname(path));
    replaceFile(path, text, 0o644);
    tell(`${path} is written.`);
  }
  const config = pairConfigPath(MAIN_PAIR);
  if (existsSync(config)) tell(`${config} stays as it is.`);
  // One that somebody has taken away is not wanted.
  else if (isFirst) {
    makeFolder(dirname(config));
    replaceFile(config, SHIPPED_CONFIG.text, 0o644);
    tell(`${config} is made.`);
  }
  system("systemd-sysusers", "so101-teleop.conf");
  arrangeCalibrations("calibrations_to_group again", operator);
  if (existsSync("/run/udev/control")) {
    system("udevadm", "control", "--reload");
    system("udevadm", "trigger", "--action=change", "--subsystem-match=usb", "--subsystem-match=tty");
  }
  if (!existsSync("/run/systemd/system")) {
    system("systemctl", "enable", HELPER_SOCKET_UNIT, MAIN_UNIT, NETWORK_UNIT, LEROBOT_UNIT, WEB_UNIT);
    tell("Installed. systemd does not run here: the service starts at the next boot.");
    return;
  }
  system("systemctl", "daemon-reload");
  // Of this version when it is asked next.
  system("systemctl", "stop", HELPER_UNIT);
  system("systemctl", "enable", "--now", HELPER_SOCKET_UNIT);
  // A program that runs already leaves the follower held; systemd starts the new one, which goes on from there.
  if (running) system("systemctl", "kill", "--kill-who=main", "--signal=USR2", ...PAIR_UNITS);
  system("systemctl", "enable", "--now", MAIN_UNIT);
  for (const unit of [NETWORK_UNIT, LEROBOT_UNIT, WEB_UNIT]) {
    system("systemctl", "enable", unit);
    system("systemctl", "restart", unit);
  }
  tell("Installed, and running. What comes next: sudo so101 assign");
  tell(`The page for the phone beside the arms: http://${hostname()}.local:8101`);
}

/**
 * Removes what {@link install} wrote; the calibrations stay. The configuration, the boards' names and the service's user
 * are the machine's "settings", which stay unless they are to go. Throws as {@link install}.
 */
export function uninstall(settings: "keep" | "purge", operator: Operator): void {
  requireMachine("uninstall");
  const tell = (message: string) => operator.tell("done", message);
  // An older version may have brought fewer units.
  for (const [unit, ...others] of [
    [WEB_UNIT],
    [LEROBOT_UNIT],
    [NETWORK_UNIT],
    PAIR_UNITS,
    HELPER_UNITS,
  ] as const) {
    if (!existsSync(`/usr/lib/systemd/system/${unit}`)) continue;
    if (existsSync("/run/systemd/system")) system("systemctl", "stop", unit, ...others);
    system("systemctl", "disable", unit);
  }
  for (const { path, isConfiguration } of PACKAGE_FILES) {
    if (!isConfiguration) rmSync(path, { force: true });
  }
  rmSync(PROGRAM_PATH, { force: true });
  if (settings === "purge") {
    rmSync(CONFIG_DIR, { recursive: true, force: true });
    rmSync(`${RULES_DIR}/${RULES_FILE}`, { force: true });
    arrangeCalibrations("calibrations_to_root", operator);
    rmSync(CONTROL_DIR, { recursive: true, force: true });
    rmSync(PAGE_STATE, { recursive: true, force: true });
    for (const { path, isConfiguration } of PACKAGE_FILES) if (isConfiguration) rmSync(path, { force: true });
    for (const user of USERS) if (hasUser(user)) system("userdel", user);
  }
  for (const folder of [`${CALIBRATIONS}/calibration`, CALIBRATIONS]) removeIfEmpty(folder);
  if (existsSync("/run/systemd/system")) system("systemctl", "daemon-reload");
  if (existsSync("/run/udev/control")) system("udevadm", "control", "--reload");
  tell("Removed.");
  if (existsSync(CALIBRATIONS)) tell(`The arms' calibrations are kept in ${CALIBRATIONS}/calibration.`);
  if (settings === "keep" && existsSync(CONFIG_DIR)) tell(`The configuration is kept in ${CONFIG_DIR}.`);
}

/** Throws an Error that says why this machine cannot be set up so. Nothing has been changed then. */
function requireMachine(command: string): void {
  const architecture = packageArchitecture();
  if (architecture !== undefined && !["arm64", "amd64"].includes(architecture)) {
    throw new Error(
      `this system is ${architecture}, a 32-bit one, and the program needs 64 bits — put the 64-bit Raspberry Pi OS on ` +
        "the card: a Raspberry Pi 3 and everything newer runs it",
    );
  }
  if (process.geteuid?.() !== 0) throw new Error(`this takes root — run it as: sudo so101 ${command}`);
  if (hasPackage("so101-teleop")) {
    const instead =
      command === "install" ? "apt install ./so101-teleop_…_arm64.deb" : "apt remove so101-teleop";
    throw new Error(`the Debian package so101-teleop is installed here — use it instead: sudo ${instead}`);
  }
  for (const program of ["systemctl", "systemd-sysusers", "systemd-tmpfiles"] as const) {
    if (systemPrograms.find(program) === undefined) {
      throw new Error(
        `${program} is missing: the service needs systemd — without it, start "so101 teleoperate" yourself`,
      );
    }
  }
  if (!import.meta.path.startsWith(WITHIN_PROGRAM)) {
    throw new Error("this runs from its source: make build, then dist/so101-linux-… install");
  }
}

/** The file appears whole or not at all, also where the old one runs. */
function copyProgram(): void {
  const temporary = `${PROGRAM_PATH}.new`;
  try {
    copyFileSync(process.execPath, temporary);
    chmodSync(temporary, 0o755);
    renameSync(temporary, PROGRAM_PATH);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(PROGRAM_PATH));
}

function isActive(): boolean {
  return systemPrograms.run("systemctl", "--quiet", "is-active", MAIN_UNIT)?.success === true;
}

function hasUser(name: string): boolean {
  return systemPrograms.run("getent", "passwd", name)?.success === true;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds something, or is not there.
  }
}

/** Has the package's own script do it. What it finds odd is told, and is no reason to stop. */
function arrangeCalibrations(
  call: "calibrations_to_group again" | "calibrations_to_root",
  operator: Operator,
): void {
  const odd = systemPrograms.run("sh", "-c", `${CALIBRATIONS_SCRIPT}\n${call}`)?.stderr.trim() ?? "";
  if (odd !== "") operator.tell("warning", odd);
}

/** Runs a program of the system. Throws ServiceError with what it said. */
function system(name: ProgramName, ...args: string[]): void {
  const outcome = systemPrograms.run(name, ...args);
  if (outcome?.success) return;
  const why = outcome === undefined ? "it is not installed here" : outcome.stderr.trim();
  throw new ServiceError(`${[name, ...args].join(" ")} failed: ${why || "it gave no reason"}`);
}
