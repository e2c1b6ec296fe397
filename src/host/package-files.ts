/** The files that make a machine teleoperate, beside the program itself: in the Debian package and in the program. */
import announcement from "../../packaging/avahi/so101.service" with { type: "text" };
import calibrations from "../../packaging/calibrations.sh" with { type: "text" };
import config from "../../packaging/config.toml" with { type: "text" };
import helperService from "../../packaging/systemd/so101-helper.service" with { type: "text" };
import helperSocket from "../../packaging/systemd/so101-helper.socket" with { type: "text" };
import lerobotService from "../../packaging/systemd/so101-lerobot.service" with { type: "text" };
import networkService from "../../packaging/systemd/so101-network.service" with { type: "text" };
import rulesService from "../../packaging/systemd/so101-rules.service" with { type: "text" };
import service from "../../packaging/systemd/so101-teleop.service" with { type: "text" };
import webService from "../../packaging/systemd/so101-web.service" with { type: "text" };
import sysusers from "../../packaging/systemd/sysusers.conf" with { type: "text" };
import tmpfiles from "../../packaging/systemd/tmpfiles.conf" with { type: "text" };
import rules from "../../packaging/udev/70-so101-teleop.rules" with { type: "text" };

/** A file and where it belongs. */
export interface PackageFile {
  readonly path: string;
  readonly text: string;
  /** Somebody's to edit: never overwritten, and kept when the package goes. */
  readonly isConfiguration?: true;
}

/** Where the program belongs. */
export const PROGRAM_PATH = "/usr/bin/so101";
/** The unit of the main pair. */
export const MAIN_UNIT = "so101-teleop.service";

/** The page's unit. */
export const WEB_UNIT = "so101-web.service";

/** The unit of the network's client. */
export const NETWORK_UNIT = "so101-network.service";

/** The unit that answers LeRobot's programs. */
export const LEROBOT_UNIT = "so101-lerobot.service";

/** What root's helper is started by. */
export const HELPER_SOCKET_UNIT = "so101-helper.socket";
/** Root's helper. */
export const HELPER_UNIT = "so101-helper.service";

/** Has udev read its rules again, for root's helper. */
export const RULES_UNIT = "so101-rules.service";

/** The configuration as it is shipped: the main pair's file is made of it, once. */
export const SHIPPED_CONFIG = { path: "/usr/share/so101-teleop/config.toml", text: config } as const;

/** Functions of a shell: to whom the folder of the calibrations belongs. Its head says what it may be called with, and when. */
export const CALIBRATIONS_SCRIPT = calibrations;

/** The unit of any further pair: the main pair's, started for a named pair. */
function templateUnit(unit: string): string {
  return unit
    .replace(/^Description=.*$/m, (line) => `${line} (pair %i)`)
    .replace(/^(ExecStart=.*)$/m, "$1 --pair %i");
}

/** The page's part of the main pair's file: there is one page, of all pairs. */
const PAGE_PART = /^# The page for the phone.*\n(?:.+\n)*\n/m;
/** The machine's part of `[network]`: all pairs have one broker. */
const MACHINE_PART = /^# What follows is of this machine.*\n(?:.+\n)*\n/m;

/** The configuration file of a further pair, to be edited by a person: the main pair's, with the names of its own. */
export function configTemplate(pair: string): string {
  return config
    .replace(PAGE_PART, "")
    .replace(MACHINE_PART, "")
    .replaceAll("/dev/ttyUSB_leader_arm", `/dev/so101/${pair}-leader`)
    .replaceAll("/dev/ttyUSB_follower_arm", `/dev/so101/${pair}-follower`)
    .replaceAll(/^#id = "(leader|follower)"/gm, `#id = "${pair}-$1"`)
    .replace('listen = "0.0.0.0:5555"', 'listen = "0.0.0.0:5565"')
    .replaceAll("systemctl reload so101-teleop ", `systemctl reload so101-teleop@${pair} `);
}

/** All of them. */
export const PACKAGE_FILES: readonly PackageFile[] = [
  SHIPPED_CONFIG,
  { path: "/etc/avahi/services/so101.service", text: announcement, isConfiguration: true },
  { path: `/usr/lib/systemd/system/${MAIN_UNIT}`, text: service },
  { path: "/usr/lib/systemd/system/so101-teleop@.service", text: templateUnit(service) },
  { path: `/usr/lib/systemd/system/${HELPER_SOCKET_UNIT}`, text: helperSocket },
  { path: `/usr/lib/systemd/system/${HELPER_UNIT}`, text: helperService },
  { path: `/usr/lib/systemd/system/${RULES_UNIT}`, text: rulesService },
  { path: `/usr/lib/systemd/system/${NETWORK_UNIT}`, text: networkService },
  { path: `/usr/lib/systemd/system/${LEROBOT_UNIT}`, text: lerobotService },
  { path: `/usr/lib/systemd/system/${WEB_UNIT}`, text: webService },
  { path: "/usr/lib/sysusers.d/so101-teleop.conf", text: sysusers },
  { path: "/usr/lib/tmpfiles.d/so101-teleop.conf", text: tmpfiles },
  { path: "/usr/lib/udev/rules.d/70-so101-teleop.rules", text: rules },
];
