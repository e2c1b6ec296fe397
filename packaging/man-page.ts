/** The manual page so101(1), out of the help of the program itself: the two cannot differ. */
import type { Command } from "commander";
import { allCommands } from "../src/cli/all.ts";
import { commandLine } from "../src/cli/command-line.ts";
import { version } from "../src/host/version.ts";
import { DOC_DIR } from "./manual.ts";

const FILES: readonly (readonly [path: string, what: string])[] = [
  ["/etc/so101-teleop/config.toml", "configuration of the main pair; of a further pair <pair>.toml"],
  ["/usr/share/so101-teleop/config.toml", "what config.toml was made of at the first installation"],
  ["/usr/share/so101-teleop/lerobot_robot_so101_remote-*.whl", "LeRobot's plugin, for a workstation"],
  [
    "/etc/so101-teleop/network/",
    "certificates, keys and passwords for the network's broker, for root and user so101-network",
  ],
  ["/var/lib/so101-teleop/calibration/", "calibrations, in LeRobot's tree, for group dialout to write"],
  ["/var/lib/so101-teleop/datasets/", "datasets that are recorded here, for group dialout to write"],
  ["/etc/udev/rules.d/98-so101-arms.rules", "which board is which arm, written by so101 assign"],
  ["/var/lib/so101-web/", "what the page keeps: who is claimed; for user so101-web"],
  ["/etc/avahi/services/so101.service", "announces the page in the local network"],
  [
    "/run/so101-helper.sock",
    "asks root's helper which program has a port, for root and group dialout; has it name boards, set keys of a " +
      "configuration and enable a pair, for root and user so101-web",
  ],
  ["/run/so101-teleop/main.sock", "control socket, for root and group dialout"],
  ["/run/so101-teleop/main.sock.lock", "its lock: who has it drives the arms"],
  [
    "/run/so101-network/",
    "where the network's client tells how other machines are, for root and group dialout",
  ],
  [`${DOC_DIR}/mosquitto/`, "a broker's configuration and access list, to begin with"],
  [`${DOC_DIR}/`, "the manual: what it does when, troubleshooting, calibration, every event's code"],
];

/** The page in roff; `date` as YYYY-MM-DD. */
export function manPage(date: string): string {
  const program = commandLine(allCommands());
  const lines = [
    `.TH SO101 1 "${date}" "so101 ${version}" "User Commands"`,
    ".SH NAME",
    "so101 \\- teleoperate a pair of SO\\-ARM100/101 robot arms",
    ".SH SYNOPSIS",
    ".B so101",
    ".I command",
    ".RI [ options ]",
    ".SH DESCRIPTION",
    text(program.description()),
    ".PP",
    "As the service so101\\-teleop it does so from boot on. Every command says more with",
    ".BR \\-\\-help .",
    ".SH COMMANDS",
    ...program.commands.flatMap((command) => sectionOf(command, "")),
    ".SH FILES",
    ...FILES.flatMap(([path, what]) => [".TP", `.I ${text(path)}`, text(what)]),
    ".SH EXIT STATUS",
    ...[
      ["0", "done; also when teleoperation was stopped by a signal"],
      ["1", "it failed, or what was asked about is not as it should be"],
      ["2", "wrong usage or configuration"],
      ["130", "interrupted before the job was done"],
    ].flatMap(([code, what]) => [".TP", `.B ${code}`, what!]),
    ".SH SEE ALSO",
    ".BR systemctl (1),",
    ".BR journalctl (1),",
    ".BR udev (7)",
  ];
  return `${lines.join("\n")}\n`;
}

function sectionOf(command: Command, prefix: string): string[] {
  const name = `${prefix}${command.name()}`;
  const help = command.createHelp();
  const terms = [
    ...help.visibleArguments(command).map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== "--help")
      .map((one) => [help.optionTerm(one), help.optionDescription(one)]),
  ];
  return [
    `.SS ${text(name)}`,
    text(command.description() || command.summary()),
    ...terms.flatMap(([term, what]) => [".TP", `.B ${text(term!)}`, text(what!)]),
    ...command.commands.flatMap((one) => sectionOf(one, `${name} `)),
  ];
}

/** Text as roff takes it: no accidental requests, hyphens that can be copied. */
function text(plain: string): string {
  return plain
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}
