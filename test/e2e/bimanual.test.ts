/** `so101 assign --bimanual` on a machine with a real systemd, whose udev only says that there are four boards. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { SimClient } from "../../src/sim/control/client.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety } from "../../src/sim/testing/safety.ts";
import { MACHINE_NEEDS, Machine } from "../support/machine.ts";
import { needing } from "../support/needs.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";

setDefaultTimeout(120_000);

const SIDES = ["left", "right"] as const;

/** Each arm's board: its node and its serial number, in the order left leader, left follower, right leader, … */
const BOARDS = SIDES.flatMap((side, at) =>
  (["leader", "follower"] as const).map((arm, index) => ({
    arm: `/run/arms/${side}/${arm}`,
    node: `/dev/ttyACM${20 + 2 * at + index}`,
    serial: `${side}-${arm}`.toUpperCase(),
  })),
);

const armsUnit = `[Service]
RuntimeDirectory=arms/%i
WorkingDirectory=/run/arms/%i
ExecStart=/usr/bin/so101 sim --dir . --arms configured --motion still --leader-id my_%i --follower-id my_%i
ExecStartPost=/bin/sh -c 'until [ -e sim.sock ]; do sleep 0.1; done; \\
  chgrp dialout leader follower && chmod 660 leader follower'
`;

const serviceUnit = (command: string) => `[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify
NotifyAccess=main
User=so101
SupplementaryGroups=dialout
RuntimeDirectory=so101-teleop
RuntimeDirectoryPreserve=yes
ExecStart=${command}
Restart=always
[Install]
WantedBy=multi-user.target
`;

/** udev as far as it is asked: which boards there are, and their names by the rules when it is told to apply them. */
const UDEVADM = `#!/bin/sh
case "$1 $2" in
"info -e")
${BOARDS.map(
  ({ node, serial }) => `cat <<EOF
P: /devices/${serial}
N: ${node.slice("/dev/".length)}
E: DEVNAME=${node}
E: ID_VENDOR_ID=1a86
E: ID_SERIAL_SHORT=${serial}
EOF
echo`,
).join("\n")}
;;
"trigger "*)
  mkdir -p /dev/so101
${BOARDS.map(
  ({
    node,
    serial,
  }) => `  for name in $(sed -n 's|.*{serial}=="${serial}", SYMLINK+="\\(.*\\)"|\\1|p' /etc/udev/rules.d/98-so101-arms.rules); do
    ln -sfn ${node} "/dev/$name"
  done`,
).join("\n")}
;;
esac
`;

const single = `calibration_dir = "/run/arms/left/calibration"
[leader]
port = "/run/arms/left/leader"
id = "my_left"
[follower]
port = "/run/arms/left/follower"
id = "my_left"
`;

needing(...MACHINE_NEEDS).describe("a bimanual set-up", () => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await Machine.boot();
    await machine.must("useradd", "--system", "so101");
    const units = "/usr/lib/systemd/system";
    await machine.write(`${units}/arms@.service`, armsUnit);
    await machine.write(`${units}/so101-teleop.service`, serviceUnit("/usr/bin/so101 teleoperate"));
    await machine.write(
      `${units}/so101-teleop@.service`,
      serviceUnit("/usr/bin/so101 teleoperate --pair %i"),
    );
    await machine.write("/etc/so101-teleop/config.toml", single);
    for (const side of SIDES) {
      const text = `# the ${side} side's\ncalibration_dir = "/run/arms/${side}/calibration" # simulated\n`;
      await machine.write(`/etc/so101-teleop/${side}.toml`, text);
    }
    await machine.write("/usr/bin/udevadm", UDEVADM);
    await machine.must("chmod", "755", "/usr/bin/udevadm");
    await machine.must("mkdir", "-p", "/run/udev", "/etc/udev/rules.d");
    await machine.must("touch", "/run/udev/control");
    await machine.must("systemctl", "daemon-reload");
    for (const side of SIDES) await machine.must("systemctl", "start", `arms@${side}`);
    for (const { arm, node } of BOARDS) {
      await machine.must("touch", node);
      await machine.must("sh", "-c", `mount --bind "$(realpath ${arm})" ${node}`);
    }
    await machine.must("systemctl", "enable", "--now", "so101-teleop");
    await untilFollowing("main");
  });

  afterAll(async () => {
    if (machine === undefined) return;
    await using _ = machine;
    for (const side of SIDES) {
      const sim = await SimClient.connect(machine.path(`/run/arms/${side}/sim.sock`));
      await sim.request({ do: "sync" });
      sim.close();
      const entries = await recordEntries(machine.path(`/run/arms/${side}/record.ndjson`));
      const limits = { rateHz: 200, followSpeedDegPerS: 360, alignSpeedDegPerS: 45 };
      expect(checkSafety(entries, limits)).toEqual([]);
    }
  });

  const so101 = (...args: string[]) => machine.run(["so101", ...args]);

  async function untilFollowing(pair: string): Promise<void> {
    for (const deadline = performance.now() + 30_000; ; await Bun.sleep(100)) {
      const { stdout } = await so101("status", "--pair", pair);
      if (stdout.startsWith("following")) return;
      if (performance.now() > deadline) throw new Error(`${pair} does not follow: ${stdout}`);
    }
  }

  const state = async (unit: string) => {
    const enabled = (await machine.run(["systemctl", "is-enabled", unit])).stdout.trim();
    return [enabled, (await machine.run(["systemctl", "is-active", unit])).stdout.trim()];
  };

  test("who says no on a terminal has the single pair go on", async () => {
    const options = SIDES.flatMap((side) =>
      (["leader", "follower"] as const).flatMap((arm) => [
        `--${side}-${arm}`,
        `${side}-${arm}`.toUpperCase(),
      ]),
    );
    await using screen = new ProgramOnTerminal(["assign", "--bimanual", "my", ...options], {
      program: [...machine.enter(), "so101"],
    });
    await screen.until("Go on?");
    screen.type("n");
    expect(await screen.exited()).toBe(130);
    expect(await state("so101-teleop")).toEqual(["enabled", "active"]);
    expect(await state("so101-teleop@left")).toEqual(["disabled", "inactive"]);
    expect(await machine.must("cat", "/etc/so101-teleop/left.toml")).not.toContain("my_left");
  });

  test("takes the place of the single pair, and both follow", async () => {
    const given = BOARDS.flatMap(({ serial }) => [`--${serial.toLowerCase()}`, serial]);
    const refused = await so101("assign", "--bimanual", "my", ...given);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("give --yes");
    const { stdout, stderr, code } = await so101("assign", "--bimanual", "my", ...given, "--yes");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain("/dev/so101/right-follower leads to /dev/ttyACM23.");
    expect(await state("so101-teleop")).toEqual(["disabled", "inactive"]);
    for (const side of SIDES) {
      expect(await state(`so101-teleop@${side}`)).toEqual(["enabled", "active"]);
      await untilFollowing(side);
      expect(await machine.must("cat", `/etc/so101-teleop/${side}.toml`)).toBe(
        `# the ${side} side's\ncalibration_dir = "/run/arms/${side}/calibration" # simulated\n\n` +
          `[leader]\nid = "my_${side}"\n\n[follower]\nid = "my_${side}"`,
      );
    }
    const all = await so101("status", "--all");
    const [left, main, right] = all.stdout.trim().split("\n");
    expect(left).toStartWith("left: following");
    expect(main).toBe("main: its service is switched off — sudo systemctl enable --now so101-teleop.service");
    expect(right).toStartWith("right: following");
    expect(all.code).toBe(0);
  });

  test("done again, it changes nothing and disturbs nobody", async () => {
    const pids = () => machine.must("systemctl", "show", "--property=MainPID", "--value", "so101-teleop@*");
    const before = await pids();
    const given = BOARDS.flatMap(({ serial }) => [`--${serial.toLowerCase()}`, serial]);
    const { stdout, code } = await so101("assign", "--bimanual", "my", ...given, "--yes");
    expect(stdout).toContain("/etc/udev/rules.d/98-so101-arms.rules says so already.");
    expect(code).toBe(0);
    expect(await pids()).toBe(before);
  });

  test("a service that is away keeps nobody else from what all are asked for", async () => {
    await machine.must("systemctl", "stop", "so101-teleop@left");
    const { stdout, code } = await so101("release", "--all");
    const [left, , right] = stdout.trim().split("\n");
    expect(left).toStartWith("left: the service does not run");
    expect(right).toBe("right: released: the torque of the follower is off");
    expect(code).toBe(1);
  });
});
