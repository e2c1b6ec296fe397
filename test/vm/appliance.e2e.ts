/**
 * The appliance as its user has it: the package installed in an arm64 Debian, two USB boards with arms behind them,
 * outside of which the packets are recorded. One story, each test from where the one before left the machine.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { version } from "../../package.json";
import { moveLeader, poseBoth } from "../../src/sim/testing/hands.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety, needlessWrites } from "../../src/sim/testing/safety.ts";
import { type RunningSim, startSim } from "../../src/sim/testing/start.ts";
import { PHONE, startBrowser, troublesOf } from "../support/browser.ts";
import { needing, program } from "../support/needs.ts";
import { programPath } from "../support/program.ts";
import { ProgramOnTerminal } from "../support/terminal.ts";
import { playWizard } from "../support/wizard.ts";
import { buildImage, Machine, type Suite } from "./machine.ts";
import { SimulatedBoard } from "./simulated-board.ts";
import { UsbBoard } from "./usb-board.ts";
import { withNextVersion } from "./versions.ts";

const LEADER = "5AB9067929";
const FOLLOWER = "5AB9067722";
const PACKAGE = resolve(import.meta.dir, `../../dist/so101-teleop_${version}_arm64.deb`);
const MINUTES = 60_000;

const suites = (process.env.SO101_SUITES ?? "bookworm trixie").split(" ") as Suite[];

describe.each(suites)("%s", (suite) => {
  let machine: Machine;
  let sim: RunningSim;
  let leader: SimulatedBoard;
  let follower: SimulatedBoard;
  const startUpsMs: number[] = [];

  beforeAll(async () => {
    await buildImage(suite);
    sim = await startSim({ binary: programPath, motion: "wave" });
    leader = await SimulatedBoard.open({ serial: LEADER }, sim.paths.leader);
    follower = await SimulatedBoard.open({ serial: FOLLOWER }, sim.paths.follower);
    machine = await Machine.start(suite);
  }, 30 * MINUTES);

  afterAll(async () => {
    await leader?.close();
    await follower?.close();
    await machine?.stop();
    await sim?.stop();
  }, MINUTES);

  /** Waits for the service's state, as `so101 status` tells it. */
  const untilState = (state: string) =>
    machine.until(`so101 status --json 2>/dev/null | grep -q '"state":"${state}"'`, {
      otherwise: "so101 status; journalctl -b --no-pager -u so101-teleop | tail -20",
    });
  const mainPid = () => machine.run("systemctl show -p MainPID --value so101-teleop");
  /** A command on a terminal of the machine. Its programs start in seconds, and udev takes as long for all its ttys. */
  const onTerminal = (command: string) =>
    new ProgramOnTerminal([], { program: machine.onTerminal(command), patienceMs: 2 * MINUTES });
  const untilAnotherPid = (pid: string) =>
    machine.until(
      `[ "$(systemctl show -p MainPID --value so101-teleop)" != "${pid}" ] && systemctl -q is-active so101-teleop`,
    );
  const journal = (options = "") => machine.run(`journalctl -b --no-pager -o cat -u so101-teleop ${options}`);
  const followerTorque = async () => {
    const arms = await sim.client.request({ do: "state" });
    return Object.values(arms.follower.joints).map(({ energised }) => energised);
  };

  /** From the second board's node, or the service's start, to the first goal: the beginning of the first alignment. */
  const startUpMs = async () => {
    const [nodes, [started], alignings] = await Promise.all([
      machine.run("journalctl -b --no-pager -o short-monotonic -k | grep -E 'ttyACM[0-9]+: USB ACM'"),
      machine.run("systemctl show -p ExecMainStartTimestampMonotonic --value so101-teleop"),
      machine.run("journalctl -b --no-pager -o short-monotonic -u so101-teleop | grep 'aligning:'"),
    ]).then((outputs) => outputs.map((output) => output.split("\n")) as [string[], [string], string[]]);
    const ms = (line: string) => Number(/^\[\s*([\d.]+)\]/.exec(line)![1]) * 1000;
    const from = Math.max(ms(nodes.at(-1)!), Number(started) / 1000);
    return alignings.map(ms).find((at) => at > from)! - from;
  };

  test(
    "apt installs the package; the service runs, waits, and says which command comes next",
    async () => {
      await machine.copyIn(PACKAGE, "/root/so101.deb");
      await machine.run("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/so101.deb", {
        withinMs: 5 * MINUTES,
      });
      await machine.until("systemctl -q is-active so101-teleop");
      expect(await machine.run("systemctl is-enabled so101-teleop")).toBe("enabled");
      expect(await machine.run("systemctl status --no-pager so101-teleop")).toContain("sudo so101 assign");
      expect(await journal()).toContain("sudo so101 assign");
      expect(
        await machine.run("ps -o user= -p $(systemctl show -p MainPID --value so101-teleop)"),
      ).toStartWith("so101");
      console.log(await machine.run("systemd-analyze security --no-pager so101-teleop | tail -1"));
      expect(await journal()).not.toContain("not-real-time");
      const score = /: (\d+\.\d+) /.exec(
        await machine.run("systemd-analyze security --no-pager so101-teleop | tail -1"),
      );
      expect(Number(score![1])).toBeLessThanOrEqual(1.5);
    },
    10 * MINUTES,
  );

  test(
    "the page is reached from private networks, and from no other",
    async () => {
      await machine.until("systemctl is-active so101-web");
      const reach = (address: string) => `timeout 10 bash -c ': </dev/tcp/${address}/8101'`;
      // Each from the address itself, which is this machine's own.
      await machine.run("ip address add 10.11.12.13/32 dev lo; ip address add 203.0.113.7/32 dev lo");
      await machine.until(reach("10.11.12.13"));
      await machine.run(`! ${reach("203.0.113.7")}`);
      await machine.run("ip address del 10.11.12.13/32 dev lo; ip address del 203.0.113.7/32 dev lo");
      const score = /: (\d+\.\d+) /.exec(
        await machine.run("systemd-analyze security --no-pager so101-web | tail -1"),
      );
      expect(Number(score![1])).toBeLessThanOrEqual(2);
    },
    2 * MINUTES,
  );

  test(
    "assign names the boards, and the service says that calibrations are missing",
    async () => {
      await leader.usb.plug(machine.usbPort(0));
      await follower.usb.plug(machine.usbPort(1));
      await machine.until("[ -e /dev/ttyACM0 ] && [ -e /dev/ttyACM1 ]");
      const said = await machine.run(`so101 assign --leader ${LEADER} --follower ${FOLLOWER}`, {
        withinMs: MINUTES,
      });
      console.log(said);
      expect(said).toContain("/dev/ttyUSB_leader_arm leads to");
      expect(said).toContain("so101 calibration pull leader");
      await untilState("faulted");
      expect(await journal()).toContain("so101 calibration pull");
    },
    5 * MINUTES,
  );

  test(
    "calibrations are pulled from the arms, and teleoperation begins by itself",
    async () => {
      for (const role of ["leader", "follower"]) {
        await machine.run(`so101 calibration pull ${role} --yes`, { withinMs: MINUTES });
      }
      await untilState("following");
      console.log(await machine.run("so101 status; so101 doctor || true"));
      const memory = await machine.run(
        "grep VmRSS /proc/$(systemctl show -p MainPID --value so101-teleop)/status",
      );
      console.log(memory);
      expect(Number(/\d+/.exec(memory)![0]) / 1e3).toBeLessThanOrEqual(80);
    },
    5 * MINUTES,
  );

  test(
    "an episode is recorded into the folder that the package made, and LeRobot would take it",
    async () => {
      const record = "so101 record --task Wave --fps 30 --episode-time 3 --reset-time 1 --episodes 1 --json";
      const said = await machine.run(`runuser -u nobody -g dialout -- ${record}`, { withinMs: 5 * MINUTES });
      console.log(said);
      expect(said).toContain('"saved":1');
      const check = "so101 dataset check /var/lib/so101-teleop/datasets/*";
      expect(await machine.run(check)).toContain("(1 episode, 90 frames): LeRobot takes it");
    },
    6 * MINUTES,
  );

  test(
    "LeRobot's service ends where it is to listen nowhere, and else says what it lacks",
    async () => {
      await machine.until("! systemctl is-active so101-lerobot");
      expect(await machine.run("systemctl show -p Result --value so101-lerobot")).toBe("success");
      const config = "/etc/so101-teleop/config.toml";
      await machine.run(`cp ${config} /tmp/config`);
      await machine.run(`sed -i '/^\\[lerobot\\]$/a listen = "127.0.0.1"' ${config}`);
      await machine.run("systemctl restart so101-lerobot");
      await machine.until("journalctl -b -u so101-lerobot | grep -q 'sudo apt install libzmq5'", {
        otherwise: "journalctl -b --no-pager -u so101-lerobot | tail",
      });
      await machine.run(`cp /tmp/config ${config} && systemctl restart so101-lerobot`);
      await machine.until("! systemctl is-active so101-lerobot");
    },
    3 * MINUTES,
  );

  test("on a terminal the leader is told by moving it, or by unplugging it", async () => {
    await using moving = onTerminal("so101 assign");
    await moving.until("How will you tell");
    moving.type("\r");
    await moving.until("Borrow them, which releases the follower?");
    moving.type("\r");
    // The leader waves; the follower is released meanwhile.
    await moving.until("The service has both arms");
    expect(moving.has("/dev/ttyUSB_leader_arm leads to")).toBe(true);
    await using unplugging = onTerminal("so101 assign");
    await unplugging.until("How will you tell");
    unplugging.type("\u001b[B\r");
    await unplugging.until("Unplug the USB cable of the leader arm");
    await leader.usb.unplug();
    await unplugging.until("Plug it in again");
    await leader.usb.plug(machine.usbPort(0));
    await unplugging.until("The service has both arms");
    console.log(unplugging.everything);
    expect(await machine.run("so101 assign --show")).toContain(`${LEADER}, now /dev/ttyACM0`);
    await untilState("following");
  }, 600_000);

  test("assigned the wrong way round, it says so; assigned again, it goes on", async () => {
    const wrong = await machine.run(`so101 assign --leader ${FOLLOWER} --follower ${LEADER}`);
    expect(wrong).toContain("faulted");
    expect(wrong).toContain("exchange the two: run");
    await machine.run(`so101 assign --leader ${LEADER} --follower ${FOLLOWER}`);
    await untilState("following");
  }, 300_000);

  test("boards that cannot be told apart are known by their USB socket, and that is said", async () => {
    const twin = new UsbBoard({ serial: LEADER });
    await twin.plug(machine.usbPort(2));
    await machine.until("[ -e /dev/ttyACM2 ]");
    const bySerial = await machine.try(`so101 assign --print --leader ${LEADER} --follower ${FOLLOWER}`);
    expect(bySerial.output).toContain("2 boards have the serial number");
    const byPort = await machine.run(`so101 assign --print --leader /dev/ttyACM2 --follower ${FOLLOWER}`);
    expect(byPort).toContain("Always plug it in there");
    expect(byPort).toMatch(/ENV\{ID_PATH\}=="\S+", SYMLINK\+="ttyUSB_leader_arm"/);
    await twin.unplug();
    const nameless = new UsbBoard({});
    await machine.until("[ ! -e /dev/ttyACM2 ]");
    await nameless.plug(machine.usbPort(2));
    await machine.until("[ -e /dev/ttyACM2 ]");
    expect(await machine.run(`so101 assign --print --leader /dev/ttyACM2 --follower ${FOLLOWER}`)).toContain(
      "has no serial number",
    );
    await nameless.unplug();
    await machine.until("[ ! -e /dev/ttyACM2 ]");
    await untilState("following");
  }, 300_000);

  test(
    "after a reboot it teleoperates with nobody logged in",
    async () => {
      await machine.reboot();
      await untilState("following");
      // At the shutdown it still had its devices and its time.
      expect(await machine.run("journalctl -b -1 --no-pager -o cat -u so101-teleop")).toContain(
        "the follower is released",
      );
      startUpsMs.push(await startUpMs());
      console.log(await machine.run("journalctl -b --no-pager -o short-monotonic -u so101-teleop"));
      console.log(await machine.run("systemd-analyze critical-chain --no-pager so101-teleop.service"));
      for (let restarts = 0; restarts < 3; restarts++) {
        await machine.run("systemctl restart so101-teleop");
        await untilState("following");
        startUpsMs.push(await startUpMs());
      }
      const after = await machine.run("systemctl show -p After --value so101-teleop");
      expect(after).not.toMatch(/network|multi-user|\.device/);
    },
    10 * MINUTES,
  );

  test(
    "boards come back in swapped order and ports",
    async () => {
      for (const swapped of [true, false, true]) {
        await leader.usb.unplug();
        await follower.usb.unplug();
        await untilState("waiting");
        await machine.until("[ ! -e /dev/ttyACM0 ] && [ ! -e /dev/ttyACM1 ]");
        const [first, second] = swapped ? [follower, leader] : [leader, follower];
        await first.usb.plug(machine.usbPort(0));
        await machine.until("[ -e /dev/ttyACM0 ]");
        await second.usb.plug(machine.usbPort(swapped ? 2 : 1));
        await untilState("following");
        const leaderAt = await machine.run("readlink -f /dev/ttyUSB_leader_arm");
        expect(leaderAt).toBe(swapped ? "/dev/ttyACM1" : "/dev/ttyACM0");
        startUpsMs.push(await startUpMs());
      }
    },
    10 * MINUTES,
  );

  test(
    "an arm's power goes and comes back",
    async () => {
      for (const arm of ["leader", "follower"] as const) {
        await sim.client.request({ do: "power", arm, on: false });
        await machine.until(`so101 status --json | grep -qE '"state":"(holding|waiting)"'`);
        await sim.client.request({ do: "power", arm, on: true });
        await untilState("following");
      }
    },
    5 * MINUTES,
  );

  test(
    "killed, it is back, and the arm was held",
    async () => {
      const pid = await mainPid();
      await machine.run(`kill -9 ${pid}`);
      expect(await followerTorque()).not.toContain(false);
      await untilAnotherPid(pid);
      await untilState("following");
    },
    5 * MINUTES,
  );

  test(
    "hanging, systemd's watchdog ends it, and it is back",
    async () => {
      const pid = await mainPid();
      await machine.run(`kill -STOP ${pid}`);
      await untilAnotherPid(pid);
      await untilState("following");
      expect(await machine.run("journalctl -b --no-pager -o cat -u so101-teleop")).toContain("watchdog");
    },
    5 * MINUTES,
  );

  test(
    "an upgrade hands over with the arm held, and keeps the edited configuration",
    async () => {
      await withNextVersion(PACKAGE, (next) => machine.copyIn(next, "/root/next.deb"));
      await machine.run("sed -i 's/^#rate_hz = 200/rate_hz = 150/' /etc/so101-teleop/config.toml");
      const pid = await mainPid();
      await sim.client.request({ do: "mark", text: "upgrade" });
      await machine.run("DEBIAN_FRONTEND=noninteractive apt-get install -y /root/next.deb", {
        withinMs: 5 * MINUTES,
      });
      expect(await mainPid()).not.toBe(pid);
      await untilState("following");
      await sim.client.request({ do: "mark", text: "upgraded" });
      expect(await machine.run("grep -c '^rate_hz = 150' /etc/so101-teleop/config.toml")).toBe("1");
      expect(await journal()).toContain("held for the program that comes next");
      const entries = [...(await recordEntries(sim.paths.record))];
      const markAt = (text: string) => entries.findIndex((one) => one.kind === "mark" && one.text === text);
      const during = entries.slice(markAt("upgrade"), markAt("upgraded"));
      expect(
        during.filter((one) => one.kind === "event" && one.arm === "follower" && one.event === "limp"),
      ).toEqual([]);
    },
    10 * MINUTES,
  );

  test(
    "a broken edit of the configuration is told, and mended without a restart",
    async () => {
      await machine.run("echo 'rate_hz = \"fast\"' >> /etc/so101-teleop/config.toml");
      await machine.run("systemctl reload so101-teleop");
      await machine.until("journalctl -b -o cat -u so101-teleop | grep -q 'stays as it was'");
      await machine.run("systemctl restart so101-teleop");
      await machine.until("systemctl status --no-pager so101-teleop | grep -q 'Status: .faulted'");
      await machine.run("sed -i '$d' /etc/so101-teleop/config.toml");
      await untilState("following");
    },
    5 * MINUTES,
  );

  needing(program("chromium", "chromium")).test(
    "on the page, reached from another machine, boards that nobody has named come to following",
    async () => {
      await sim.client.request({ do: "motion", play: "still" });
      // As on a new machine: no torque, no names and no calibrations. The arms carry theirs.
      await machine.run("so101 release");
      await machine.run(
        "rm -rf /etc/udev/rules.d/98-so101-arms.rules /var/lib/so101-teleop/calibration/*; udevadm control --reload",
      );
      const boards = { [LEADER]: { usb: leader.usb, at: 0 }, [FOLLOWER]: { usb: follower.usb, at: 1 } };
      for (const { usb } of Object.values(boards)) await usb.unplug();
      await machine.until("[ ! -e /dev/ttyACM0 ] && [ ! -e /dev/ttyACM1 ]");
      for (const { usb, at } of Object.values(boards)) await usb.plug(machine.usbPort(at));
      await machine.until("[ -e /dev/ttyACM0 ] && [ -e /dev/ttyACM1 ]");
      await untilState("waiting");
      const boardIn = (text: string) => Object.entries(boards).find(([serial]) => text.includes(serial))![1];
      const browser = await startBrowser();
      try {
        const page = await browser.newPage({ viewport: PHONE });
        const troubles = troublesOf(page, machine.pageUrl);
        await page.goto(machine.pageUrl);
        const actions = await playWizard(
          page,
          {
            pull: (board) => boardIn(board).usb.unplug(),
            plugIn: (board) => boardIn(board).usb.plug(machine.usbPort(boardIn(board).at)),
            moveLeader: () => moveLeader(sim),
            firstPose: () => poseBoth(sim, 0.3),
            secondPose: () => poseBoth(sim, 0.7),
          },
          3 * MINUTES,
        );
        console.log(actions.join("\n"));
        expect(actions.length).toBeLessThanOrEqual(8);
        expect(troubles).toEqual([]);
      } finally {
        await browser.close();
      }
      await untilState("following");
      await sim.client.request({ do: "motion", play: "wave" });
      expect(await machine.run("so101 assign --show")).toContain(`${LEADER}, now`);
      console.log(await machine.run("systemd-analyze security --no-pager so101-web | tail -1"));
    },
    15 * MINUTES,
  );

  test(
    "removed, the arms are limp; purged, only the calibrations stay",
    async () => {
      await machine.run("apt-get remove -y so101-teleop", { withinMs: 2 * MINUTES });
      expect(await followerTorque()).not.toContain(true);
      expect(
        (await machine.try("ls /usr/bin/so101 /usr/lib/systemd/system/so101-teleop.service")).code,
      ).not.toBe(0);
      await machine.run("ls /etc/so101-teleop/config.toml /etc/udev/rules.d/98-so101-arms.rules");
      const said = await machine.run("apt-get purge -y so101-teleop", { withinMs: 2 * MINUTES });
      expect(said).toContain("/var/lib/so101-teleop/calibration");
      expect((await machine.try("ls -d /etc/so101-teleop")).code).not.toBe(0);
      expect((await machine.try("ls /etc/udev/rules.d/98-so101-arms.rules")).code).not.toBe(0);
      expect((await machine.try("id so101-teleop")).code).not.toBe(0);
      expect(await machine.run("find /var/lib/so101-teleop ! -user root")).toBe("");
      expect(await machine.run("find /var/lib/so101-teleop -name '*.json' | wc -l")).toBe("2");
    },
    10 * MINUTES,
  );

  test(
    "and every packet kept the safety rules",
    async () => {
      await sim.client.request({ do: "sync" });
      const entries = [...(await recordEntries(sim.paths.record))];
      expect(checkSafety(entries, { followSpeedDegPerS: 360 }).slice(0, 5)).toEqual([]);
      expect(needlessWrites(entries)).toEqual([]);
      const sorted = startUpsMs.toSorted((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)]!;
      console.log(
        `${suite}: first goal after the boards were there, ms: ${sorted.map(Math.round).join(", ")}; median ${Math.round(median)}`,
      );
    },
    MINUTES,
  );
});
