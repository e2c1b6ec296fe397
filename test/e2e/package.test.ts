/** The Debian package on a machine with a real systemd, and the same set-up from the bare program. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join, resolve } from "node:path";
import { version } from "../../package.json";
import { SimClient } from "../../src/sim/control/client.ts";
import { recordEntries } from "../../src/sim/testing/record.ts";
import { checkSafety } from "../../src/sim/testing/safety.ts";
import { MACHINE_NEEDS, Machine } from "../support/machine.ts";
import { built, needing } from "../support/needs.ts";
import { withNextVersion } from "../vm/versions.ts";

setDefaultTimeout(180_000);

const dist = resolve(import.meta.dir, "../../dist");
const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const deb = `so101-teleop_${version}_${architecture}.deb`;
const program = `/opt/so101/so101-linux-${process.arch === "arm64" ? "arm64" : "x64"}`;
const here = needing(...MACHINE_NEEDS, built(`${dist}/${deb}`, "deb"));

const PATIENCE_MS = 60_000;
const UNIT = "so101-teleop.service";
const HELPER = "so101-helper.service";
const HELPER_SOCKET = "so101-helper.socket";
const WEB = "so101-web.service";
const NETWORK = "so101-network.service";
const LEROBOT = "so101-lerobot.service";
const RULES = "so101-rules.service";
/** The folder of what its broker knows a machine by. */
const CERTIFICATES = "/etc/so101-teleop/network";
const bound = { from: dist, to: "/opt/so101" };

/** Simulated arms, their ports with the rights of real ones. */
const armsUnit = `[Service]
RuntimeDirectory=arms
WorkingDirectory=/run/arms
ExecStart=${program} sim --dir . --arms configured --motion wave
ExecStartPost=/bin/sh -c 'until [ -e sim.sock ]; do sleep 0.1; done; \\
  chgrp dialout leader follower && chmod 660 leader follower'
`;

/** On the machine: what a test waits for, and what it asks again and again. */
class Appliance {
  readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  async until(wanted: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await wanted())) {
      if (performance.now() > deadline) {
        const { stdout } = await this.machine.run(["journalctl", "--no-pager", "-u", UNIT]);
        throw new Error(`${what} did not come:\n${stdout.slice(-3000)}`);
      }
      await Bun.sleep(100);
    }
  }

  async property(name: string): Promise<string> {
    return this.machine.must("systemctl", "show", "--value", `--property=${name}`, UNIT);
  }

  untilStatus(text: string): Promise<void> {
    return this.until(async () => (await this.property("StatusText")).includes(text), `the status "${text}"`);
  }

  untilAnotherPid(pid: string): Promise<void> {
    return this.until(async () => !["0", pid].includes(await this.property("MainPID")), "another program");
  }

  async has(path: string): Promise<boolean> {
    return (await this.machine.run(["test", "-e", path])).code === 0;
  }
}

here.describe("the Debian package", () => {
  let machine: Machine;
  let appliance: Appliance;
  let sim: SimClient;

  beforeAll(async () => {
    machine = await Machine.boot(bound);
    appliance = new Appliance(machine);
    // A container's image may forbid packages to start anything: this is a machine.
    await machine.must("rm", "-f", "/usr/sbin/policy-rc.d");
    await machine.write("/etc/systemd/system/arms.service", armsUnit);
  });

  afterAll(async () => {
    sim?.close();
    await machine[Symbol.asyncDispose]();
  });

  const torques = async () =>
    Object.values((await sim.request({ do: "state" })).follower.joints).map(({ energised }) => energised);

  test("is installed, runs without any arm, and says which command comes next", async () => {
    await machine.must("dpkg", "--install", `/opt/so101/${deb}`);
    await appliance.until(async () => (await appliance.property("ActiveState")) === "active", "readiness");
    expect(await machine.must("systemctl", "is-enabled", UNIT)).toBe("enabled");
    await appliance.untilStatus("sudo so101 assign");
    const pid = await appliance.property("MainPID");
    expect(await machine.must("stat", "-c", "%U %G", `/proc/${pid}`)).toBe("so101-teleop dialout");
    expect(await machine.must("stat", "-c", "%a %U %G", "/var/lib/so101-teleop/calibration")).toBe(
      "2775 root dialout",
    );
    expect(await machine.must("stat", "-c", "%a %G", "/run/so101-teleop/main.sock")).toBe("660 dialout");
  });

  /** As the manual lists it; of the template as of the main pair's. */
  const listedExposure = async (unit: string) => {
    const manual = await Bun.file(join(import.meta.dir, "../../packaging/doc/install.md")).text();
    const row = manual.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${unit}\``));
    return Number(row!.split("|")[3]);
  };
  const exposure = async (unit: string) => {
    const verdict = await machine.must("systemd-analyze", "security", "--no-pager", unit);
    return Number(/exposure level for \S+: ([\d.]+)/.exec(verdict)![1]);
  };

  test("each service is as hardened as the manual says, the ones that drive arms to 0.8 at most", async () => {
    for (const [unit, listed] of [
      [UNIT, UNIT],
      ["so101-teleop@left.service", "so101-teleop@.service"],
    ] as const) {
      expect(await exposure(unit)).toBeLessThanOrEqual(0.8);
      expect(await exposure(unit)).toBe(await listedExposure(listed));
    }
    for (const unit of [HELPER, WEB, NETWORK, LEROBOT, RULES])
      expect(await exposure(unit)).toBe(await listedExposure(unit));
    for (const unit of [WEB, NETWORK, LEROBOT]) expect(await exposure(unit)).toBeLessThanOrEqual(2);
  });

  const PAGE = "http://127.0.0.1:8101/";
  const web = async (property: string) =>
    machine.must("systemctl", "show", "--value", `--property=${property}`, WEB);
  const get = (url: string, ...options: string[]) =>
    machine.run(["curl", "--silent", "--show-error", "--max-time", "10", ...options, url]);
  /** Runs a program as the page's process is run: with its user, its rights and its folders. */
  const asPage = (...command: string[]) =>
    machine.run(["nsenter", "--target", pagePid, "--mount", "--user", ...command]);
  let pagePid = "0";

  test("the page is there from the installation on, as a user of its own", async () => {
    expect(await machine.must("systemctl", "is-enabled", WEB)).toBe("enabled");
    await appliance.until(async () => (await web("StatusText")).includes("the page is at"), "the page");
    pagePid = await web("MainPID");
    expect(await machine.must("stat", "-c", "%U %G", `/proc/${pagePid}`)).toBe("so101-web dialout");
    expect(await machine.must("stat", "-c", "%a %U", "/var/lib/so101-web")).toBe("700 so101-web");
    expect((await get(PAGE)).stdout).toContain("<!doctype html>");
    expect(await machine.must("cat", "/etc/avahi/services/so101.service")).toContain("<port>8101</port>");
  });

  test("the page is for private networks, and comes after the arms", async () => {
    // Whether packets of others are dropped is the kernel's matter, which a container may not have: test/vm sees it.
    const addresses = async (property: string) => (await web(property)).split(" ").toSorted();
    const near = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
    const nearby = [...near, "::1/128", "fc00::/7", "fe80::/64"];
    expect(await addresses("IPAddressAllow")).toEqual(nearby.toSorted());
    expect(await addresses("IPAddressDeny")).toEqual(["0.0.0.0/0", "::/0"]);
    // An overlay network's, with the manual's drop-in.
    const manual = await Bun.file(join(import.meta.dir, "../../packaging/doc/install.md")).text();
    const [, dropIn] = /```ini\n(\[Service\]\nIPAddressAllow=100[^`]*)```/.exec(manual)!;
    await machine.write(`/etc/systemd/system/${WEB}.d/override.conf`, dropIn!);
    await machine.must("systemctl", "daemon-reload");
    expect(await addresses("IPAddressAllow")).toEqual([...nearby, "100.64.0.0/10"].toSorted());
    await machine.must("rm", "-r", `/etc/systemd/system/${WEB}.d`);
    await machine.must("systemctl", "daemon-reload");
    const weight = async (unit: string) =>
      Number(await machine.must("systemctl", "show", "--value", "--property=CPUWeight", unit));
    expect(await weight(WEB)).toBeLessThan((await weight(UNIT)) / 10);
    for (const unit of [UNIT, HELPER, RULES]) {
      expect(await machine.must("systemctl", "show", "--value", "--property=PrivateNetwork", unit)).toBe(
        "yes",
      );
    }
  });

  test("the page's process can neither signal nor trace the loop, nor see it", async () => {
    const loop = await appliance.property("MainPID");
    const user = ["--setuid", await machine.must("id", "-u", "so101-web"), "--setgid", "20"];
    const signal = await machine.run([
      "setpriv",
      "--reuid",
      "so101-web",
      "--regid",
      "dialout",
      "--clear-groups",
      "kill",
      "-0",
      loop,
    ]);
    expect(signal.code).not.toBe(0);
    const memory = await machine.run([
      "setpriv",
      "--reuid",
      "so101-web",
      "--regid",
      "dialout",
      "--clear-groups",
      "head",
      "-c1",
      `/proc/${loop}/maps`,
    ]);
    expect(memory.code).not.toBe(0);
    // And as it is run, it does not even see it.
    expect((await asPage(...user, "test", "-e", `/proc/${pagePid}`)).code).toBe(0);
    expect((await asPage(...user, "test", "-e", `/proc/${loop}`)).code).not.toBe(0);
    expect(await web("CapabilityBoundingSet")).toBe("");
  });

  test("the page may write calibrations, datasets and its own folder, and nothing else", async () => {
    const user = ["--setuid", await machine.must("id", "-u", "so101-web"), "--setgid", "20"];
    const may = async (path: string) => (await asPage(...user, "touch", path)).code === 0;
    expect(await may("/var/lib/so101-web/x")).toBe(true);
    const shared = ["calibration", "datasets"].map((name) => `/var/lib/so101-teleop/${name}/x`);
    for (const path of shared) expect(`${path} ${await may(path)}`).toBe(`${path} true`);
    await machine.must("rm", "/var/lib/so101-web/x", ...shared);
    const others = [
      "/var/lib/so101-teleop/x",
      "/etc/so101-teleop/x",
      "/run/so101-teleop/x",
      "/home/x",
      "/usr/bin/x",
      "/var/lib/x",
    ];
    for (const path of others) expect(`${path} ${await may(path)}`).toBe(`${path} false`);
  });

  test("root's helper sets keys and enables pairs for the page's user, and for nobody else", async () => {
    const config = "/etc/so101-teleop/config.toml";
    const have = async (user: string, request: object) => {
      const ask =
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect('/run/so101-helper.sock'); " +
        "s.sendall(sys.argv[1].encode()+b'\\n'); print(s.makefile().readline())";
      const said = await machine.must(
        ...["setpriv", "--reuid", user, "--regid", "dialout", "--clear-groups"],
        ...["python3", "-c", ask, JSON.stringify({ v: 1, ...request })],
      );
      return JSON.parse(said);
    };
    const rate = { ask: "set", pair: "main", keys: { "teleoperation.rate_hz": 150 } };
    for (const user of ["so101-teleop", "nobody"]) {
      expect(await have(user, rate)).toMatchObject({ ok: false, error: "this user may not ask" });
    }
    await machine.must("chgrp", "dialout", config);
    await machine.must("chmod", "640", config);
    const before = await machine.must("cat", config);
    expect(await have("so101-web", rate)).toMatchObject({ ok: true, isChanged: true });
    expect(await machine.must("cat", config)).toBe(
      before.replace("#rate_hz = 200\n", "#rate_hz = 200\nrate_hz = 150\n"),
    );
    expect(await machine.must("stat", "-c", "%a %U %G", config)).toBe("640 root dialout");
    const boards = { leader: { port: "/dev/ttyACM0" }, follower: { port: "/dev/ttyACM1" } };
    expect(await have("so101-web", { ask: "name boards", pair: "main", ...boards })).toMatchObject({
      ok: false,
      error: expect.stringContaining("no board is plugged in at /dev/ttyACM0"),
    });
    // What it has systemd do once it has written rules.
    await machine.must("systemctl", "start", RULES);
    expect(await have("so101-web", { ask: "enable", pair: "left" })).toMatchObject({
      ok: false,
      error: expect.stringContaining('there is no pair "left"'),
    });
    await machine.write("/etc/so101-teleop/left.toml", "# left\n");
    const left = "so101-teleop@left.service";
    expect(await have("so101-web", { ask: "enable", pair: "left" })).toMatchObject({ ok: true });
    expect(await machine.must("systemctl", "is-enabled", left)).toBe("enabled");
    expect(await machine.must("systemctl", "is-active", left)).toBe("active");
    await machine.must("systemctl", "disable", "--now", left);
    await machine.must("rm", "/etc/so101-teleop/left.toml");
  });

  test("a page that cannot start waits for what is wrong, says it, and is there once it is mended", async () => {
    const path = "/etc/so101-teleop/config.toml";
    const good = await machine.must("cat", path);
    const status = (text: string) =>
      appliance.until(async () => (await web("StatusText")).includes(text), `the page's status "${text}"`);
    await machine.write(path, `${good}\n`.replace("#listen = ", 'listen = "8101"\n#listen = '));
    await machine.must("systemctl", "restart", WEB);
    await status('web.listen is "8101", but must be an address and a port');
    await machine.write(path, `${good}\n`.replace("#listen = ", 'listen = "192.0.2.1:8101"\n#listen = '));
    await status("the page cannot be served at 192.0.2.1:8101");
    await machine.write(path, `${good}\n`);
    await status("the page is at http://0.0.0.0:8101/");
  });

  test("a page that is switched off ends with success, and stays ended; one that is killed is back", async () => {
    const path = "/etc/so101-teleop/config.toml";
    const good = await machine.must("cat", path);
    await machine.write(path, `${good}\n`.replace("#enabled = true", "enabled = false"));
    await machine.must("systemctl", "restart", WEB);
    await appliance.until(async () => (await web("ActiveState")) === "inactive", "the end of the page");
    expect(await web("Result")).toBe("success");
    expect(await machine.must("journalctl", "-o", "cat", "-u", WEB)).toContain(
      "the page is switched off: web.enabled is false",
    );
    await machine.write(path, `${good}\n`);
    // No restart is waiting for it.
    expect(await web("SubState")).toBe("dead");
    await machine.must("systemctl", "start", WEB);
    const pid = await web("MainPID");
    await machine.must("kill", "-KILL", pid);
    await appliance.until(async () => !["0", pid].includes(await web("MainPID")), "the page's next process");
    await appliance.until(async () => (await get(PAGE)).code === 0, "the page");
  });

  test("LeRobot is answered nowhere until an address is configured, then there, for private networks", async () => {
    const path = "/etc/so101-teleop/config.toml";
    const good = await machine.must("cat", path);
    const of = (name: string) => machine.must("systemctl", "show", "--value", `--property=${name}`, LEROBOT);
    expect(await machine.must("systemctl", "is-enabled", LEROBOT)).toBe("enabled");
    await appliance.until(
      async () => (await of("ActiveState")) === "inactive",
      "the end of LeRobot's service",
    );
    expect([await of("Result"), await of("NRestarts")]).toEqual(["success", "0"]);
    expect(await machine.must("journalctl", "-o", "cat", "-u", LEROBOT)).toContain(
      "listen is missing in [lerobot]",
    );
    const named = good.replace('#   listen = "0.0.0.0:5555"', 'listen = "127.0.0.1"');
    expect(named).not.toBe(good);
    await machine.write(path, `${named}\n`);
    await machine.must("systemctl", "restart", LEROBOT);
    const status = (text: string) =>
      appliance.until(async () => (await of("StatusText")).includes(text), `LeRobot's status "${text}"`);
    await status("main at 127.0.0.1, ports 5555 to 5558");
    // libzmq ends the program where the unit keeps it from anything that it wants.
    const reached = async () => (await machine.run(["bash", "-c", ": < /dev/tcp/127.0.0.1/5555"])).code === 0;
    await appliance.until(reached, "somebody at LeRobot's port");
    expect(await of("User")).toBe("so101-lerobot");
    const allowed = await of("IPAddressAllow");
    for (const network of ["10.0.0.0/8", "192.168.0.0/16", "127.0.0.0/8"]) expect(allowed).toContain(network);
    expect(await of("IPAddressDeny")).toContain("0.0.0.0/0");
    // Without the library it is said, and waited for.
    const library = await machine.must("sh", "-c", "echo /usr/lib/*/libzmq.so.5");
    await machine.write(
      `/run/systemd/system/${LEROBOT}.d/without.conf`,
      `[Service]\nInaccessiblePaths=${library}\n`,
    );
    await machine.must("systemctl", "daemon-reload");
    await machine.must("systemctl", "restart", LEROBOT);
    await status("libzmq5 is not installed");
    expect(await of("ActiveState")).toBe("active");
    await machine.must("rm", "-r", `/run/systemd/system/${LEROBOT}.d`);
    await machine.must("systemctl", "daemon-reload");
    await machine.write(path, `${good}\n`);
    await machine.must("systemctl", "stop", LEROBOT);
  });

  test("its unit waits for nothing beyond basic.target", async () => {
    const after = (await appliance.property("After")).split(" ").filter((unit) => !unit.endsWith(".mount"));
    expect(after.toSorted()).toEqual(
      [
        "basic.target",
        "sysinit.target",
        "system.slice",
        "systemd-journald.socket",
        "systemd-tmpfiles-setup.service",
      ].toSorted(),
    );
    const { stdout, stderr } = await machine.run([
      "systemd-analyze",
      "verify",
      UNIT,
      "so101-teleop@left.service",
      HELPER_SOCKET,
      HELPER,
      WEB,
      NETWORK,
      LEROBOT,
      RULES,
    ]);
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("so101"))).toEqual([]);
  });

  test("teleoperates as soon as the configuration names arms that are there", async () => {
    await machine.must("systemctl", "start", "arms.service");
    await machine.write(
      "/etc/so101-teleop/config.toml",
      `calibration_dir = "/run/arms/calibration"
[leader]
port = "/run/arms/leader"
[follower]
port = "/run/arms/follower"
`,
    );
    sim = await SimClient.connect(machine.path("/run/arms/sim.sock"));
    await machine.must("systemctl", "restart", UNIT);
    await appliance.untilStatus("following");
  });

  test("root's helper is for root and dialout, and tells the service which program has a port", async () => {
    expect(await machine.must("systemctl", "is-enabled", HELPER_SOCKET)).toBe("enabled");
    expect(await machine.must("stat", "-c", "%a %U %G", "/run/so101-helper.sock")).toBe("660 root dialout");
    await machine.must("systemctl", "stop", UNIT);
    const other = await machine.must("sh", "-c", "sleep 600 </run/arms/follower >/dev/null 2>&1 & echo $!");
    await machine.must("systemctl", "start", UNIT);
    await appliance.untilStatus(`sleep (pid ${other}) has /run/arms/follower open`);
    const { stderr, code } = await machine.run(["so101", "release"]);
    expect(stderr).toContain(`sleep (pid ${other}) has /run/arms/follower open`);
    expect(code).toBe(1);
    await machine.must("so101", "resume");
    await machine.must("kill", other);
    await appliance.untilStatus("following");
    // And one that comes while it follows, which only root's can: for the service it is as invisible.
    const later = await machine.must("sh", "-c", "sleep 600 </run/arms/follower >/dev/null 2>&1 & echo $!");
    await appliance.untilStatus(`sleep (pid ${later}) has /run/arms/follower open`);
    await machine.must("kill", later);
    await appliance.untilStatus("following");
  });

  test("what Bun heeds in an environment does not reach a service, wherever it is set", async () => {
    await machine.write("/run/planted.ts", "process.exit(9);\n");
    const planted = [
      ...["BUN_BE_BUN=1", "BUN_OPTIONS=--preload=/run/planted.ts", "BUN_INSPECT_PRELOAD=/run/planted.ts"],
      "BUN_INSPECT=ws://127.0.0.1:6499/x",
    ];
    const services = [UNIT, "so101-teleop@.service", HELPER, WEB];
    for (const unit of services) {
      await machine.write(
        `/run/systemd/system/${unit}.d/planted.conf`,
        `[Service]\nEnvironment=${planted.join(" ")}\n`,
      );
    }
    await machine.must("systemctl", "daemon-reload");
    await machine.must("systemctl", "set-environment", ...planted);
    for (const unit of [UNIT, "so101-teleop@left.service", HELPER, WEB]) {
      await machine.must("systemctl", "restart", unit);
      const pid = await machine.must("systemctl", "show", "--value", "--property=MainPID", unit);
      // Until then it is systemd's own.
      const isProgram = async () => (await machine.must("readlink", `/proc/${pid}/exe`)) === "/usr/bin/so101";
      await appliance.until(isProgram, `the program of ${unit}`);
      const environment = await machine.must("cat", `/proc/${pid}/environ`);
      expect(environment).toContain("PATH=");
      expect(environment).not.toContain("BUN_");
    }
    await appliance.untilStatus("following");
    await machine.must("systemctl", "stop", "so101-teleop@left.service");
    await machine.must("systemctl", "unset-environment", ...planted.map((one) => one.split("=")[0]!));
    await machine.must("rm", "-r", ...services.map((unit) => `/run/systemd/system/${unit}.d`));
    await machine.must("systemctl", "daemon-reload");
  });

  test("reload reads the configuration again", async () => {
    await machine.must("systemctl", "reload", UNIT);
    await appliance.until(
      async () => (await machine.must("journalctl", "-o", "cat", "-u", UNIT)).includes("settings.reloaded"),
      "the reload",
    );
    expect(await appliance.property("ActiveState")).toBe("active");
  });

  test("hanging, it is ended by the watchdog with the arm held, and is back", async () => {
    const pid = await appliance.property("MainPID");
    await machine.must("kill", "-STOP", pid);
    await appliance.untilAnotherPid(pid);
    expect(await torques()).not.toContain(false);
    await appliance.untilStatus("following");
  });

  test("an upgrade hands the arm over held, and keeps the configuration", async () => {
    await machine.must("mkdir", "/root/next");
    await withNextVersion(`${dist}/${deb}`, async (next) => {
      await Bun.write(machine.path("/root/next/next.deb"), Bun.file(next));
    });
    const pid = await appliance.property("MainPID");
    const page = await web("MainPID");
    await sim.request({ do: "mark", text: "upgrade" });
    await machine.must("dpkg", "--install", "/root/next/next.deb");
    expect(await appliance.property("MainPID")).not.toBe(pid);
    expect(["0", page]).not.toContain(await web("MainPID"));
    await appliance.untilStatus("following");
    await sim.request({ do: "mark", text: "upgraded" });
    await sim.request({ do: "sync" });
    const entries = [...(await recordEntries(machine.path("/run/arms/record.ndjson")))];
    const at = (text: string) => entries.findIndex((one) => one.kind === "mark" && one.text === text);
    const limp = entries
      .slice(at("upgrade"), at("upgraded"))
      .filter((one) => one.kind === "event" && one.arm === "follower" && one.event === "limp");
    expect(limp).toEqual([]);
    expect(await machine.must("cat", "/etc/so101-teleop/config.toml")).toContain("/run/arms/leader");
  });

  test("a configuration that is broken is told, survives an upgrade, and is mended without a restart", async () => {
    const path = "/etc/so101-teleop/config.toml";
    const good = await machine.must("cat", path);
    await machine.write(path, `${good}\n[teleoperation]\nrate_hz = "fast"\n`);
    await machine.must("dpkg", "--install", "/root/next/next.deb");
    await machine.must("systemctl", "restart", UNIT);
    await appliance.untilStatus('rate_hz is "fast"');
    await machine.write(path, good);
    await appliance.untilStatus("following");
  });

  test("doctor asks the service, and finds nothing broken of the arms", async () => {
    const { stdout } = await machine.run(["so101", "doctor", "--json"]);
    const checks = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const of = (area: string) => checks.filter((check) => check.area === area).map(({ level }) => level);
    expect(of("service").at(-1)).toBe("ok");
    expect(of("teleoperation")).toEqual(["ok"]);
    expect(of('leader "leader"')).toEqual(["ok"]);
    expect(of("real-time")).toEqual(["ok"]);
  });

  test("so101 install leaves the machine to the package", async () => {
    const { stderr, code } = await machine.run(["so101", "install"]);
    expect(stderr).toContain("the Debian package so101-teleop is installed here");
    expect(code).toBe(1);
  });

  test("removed, the arms are limp; purged, calibrations stay and are root's", async () => {
    const kept = "/var/lib/so101-teleop/calibration/leader.json";
    await machine.write(kept, "{}");
    await machine.must("chown", "so101-teleop", kept);
    await machine.must("dpkg", "--remove", "so101-teleop");
    expect(await torques()).not.toContain(true);
    expect(await appliance.has("/etc/so101-teleop/config.toml")).toBe(true);
    await machine.write("/etc/udev/rules.d/98-so101-arms.rules", "# made by assign\n");
    expect(await machine.must("dpkg", "--purge", "so101-teleop")).toContain(
      "/var/lib/so101-teleop/calibration",
    );
    for (const path of [
      "/etc/so101-teleop",
      "/etc/udev/rules.d/98-so101-arms.rules",
      "/usr/bin/so101",
      "/run/so101-helper.sock",
      "/etc/systemd/system/sockets.target.wants/so101-helper.socket",
      "/etc/systemd/system/multi-user.target.wants/so101-web.service",
      "/etc/systemd/system/multi-user.target.wants/so101-network.service",
      "/etc/systemd/system/multi-user.target.wants/so101-lerobot.service",
      "/etc/avahi/services/so101.service",
      "/var/lib/so101-web",
    ]) {
      expect(await appliance.has(path)).toBe(false);
    }
    for (const user of ["so101-teleop", "so101-web", "so101-network", "so101-lerobot"]) {
      expect((await machine.run(["getent", "passwd", user])).code).not.toBe(0);
    }
    expect(await machine.must("stat", "-c", "%U", kept)).toBe("root");
  });

  test("and every packet kept the safety rules", async () => {
    await sim.request({ do: "sync" });
    const entries = await recordEntries(machine.path("/run/arms/record.ndjson"));
    expect(checkSafety(entries, { followSpeedDegPerS: 360 })).toEqual([]);
  });
});

here.describe("the bare program", () => {
  let machine: Machine;
  let appliance: Appliance;

  beforeAll(async () => {
    machine = await Machine.boot(bound);
    appliance = new Appliance(machine);
    // Here as on a system that is no Debian.
    await machine.must("mv", "/usr/bin/dpkg", "/usr/bin/dpkg.away");
  });

  afterAll(() => machine[Symbol.asyncDispose]());

  test("installs itself as the package would, wherever a planted link would lead", async () => {
    const planted =
      "rm -rf so101-teleop; install -d -m 2775 -g dialout so101-teleop; ln -s /etc so101-teleop/calibration";
    await machine.must("env", "--chdir=/var/lib", "sh", "-euc", planted);
    const { stdout, stderr, code } = await machine.run([program, "install"]);
    expect(code).toBe(0);
    expect(stdout).toContain("sudo so101 assign");
    expect(stdout + stderr).toContain("/var/lib/so101-teleop/calibration was not a folder");
    const folders = ["/etc", "/var/lib/so101-teleop", "/var/lib/so101-teleop/calibration"];
    expect(await machine.must("stat", "-c", "%F %a %U:%G", ...folders)).toBe(
      "directory 755 root:root\ndirectory 755 root:root\ndirectory 2775 root:dialout",
    );
    await appliance.untilStatus("sudo so101 assign");
    expect(await machine.must("systemctl", "is-enabled", UNIT)).toBe("enabled");
    expect(await machine.must("systemctl", "is-active", WEB)).toBe("active");
    expect(await machine.must("systemctl", "is-enabled", NETWORK)).toBe("enabled");
    expect(await machine.must("systemctl", "is-enabled", LEROBOT)).toBe("enabled");
    expect(await machine.must("stat", "-c", "%a %U:%G", CERTIFICATES)).toBe("750 root:so101-network");
    await machine.must("rm", "/etc/so101-teleop/config.toml");
    expect((await machine.run([program, "install"])).code).toBe(0);
    // What somebody has taken away is not made again.
    expect(await appliance.has("/etc/so101-teleop/config.toml")).toBe(false);
    await machine.write("/etc/so101-teleop/config.toml", "# mine\n");
    expect((await machine.run([program, "install"])).code).toBe(0);
    expect(await machine.must("cat", "/etc/so101-teleop/config.toml")).toBe("# mine");
  });

  test("and removes itself, keeping the configuration unless it is purged", async () => {
    await machine.must(program, "uninstall");
    expect(await appliance.has("/usr/bin/so101")).toBe(false);
    expect(await appliance.has("/etc/so101-teleop/config.toml")).toBe(true);
    await machine.must(program, "uninstall", "--purge");
    expect(await appliance.has("/etc/so101-teleop")).toBe(false);
    expect(await appliance.has("/var/lib/so101-teleop")).toBe(false);
    expect(await appliance.has("/var/lib/so101-web")).toBe(false);
    for (const user of ["so101-teleop", "so101-web", "so101-network", "so101-lerobot"]) {
      expect((await machine.run(["getent", "passwd", user])).code).not.toBe(0);
    }
  });

  test("refuses a 32-bit system, and says what to do", async () => {
    await machine.write("/usr/bin/dpkg", "#!/bin/sh\necho armhf\n");
    await machine.must("chmod", "755", "/usr/bin/dpkg");
    const { stderr, code } = await machine.run([program, "install"]);
    expect(stderr).toContain("64-bit Raspberry Pi OS");
    expect(code).toBe(1);
  });

  test("installs nothing for a user who is not root", async () => {
    await machine.must("mv", "/usr/bin/dpkg.away", "/usr/bin/dpkg");
    const { stderr, code } = await machine.run([program, "install"], "nobody");
    expect(stderr).toContain("sudo so101 install");
    expect(code).toBe(1);
  });
});

/** Installs the package into a copy of this machine's files, as who builds an image does: nothing of it runs. */
const IN_A_FOLDER = `
mount -t tmpfs tmpfs /mnt
mkdir /mnt/root /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mount -t tmpfs tmpfs /mnt/root/run
mkdir -p /mnt/root/opt/so101
mount --bind "$0" /mnt/root/opt/so101
rm -f /mnt/root/usr/sbin/policy-rc.d
chroot /mnt/root dpkg --install "/opt/so101/$1"
cd /mnt/root
readlink etc/systemd/system/multi-user.target.wants/so101-teleop.service
readlink etc/systemd/system/sockets.target.wants/so101-helper.socket
readlink etc/systemd/system/multi-user.target.wants/so101-web.service
readlink etc/systemd/system/multi-user.target.wants/so101-network.service
readlink etc/systemd/system/multi-user.target.wants/so101-lerobot.service
cmp etc/so101-teleop/config.toml usr/share/so101-teleop/config.toml
chroot . getent passwd so101-teleop
stat -c '%a %G' var/lib/so101-teleop/calibration
chroot . dpkg --purge so101-teleop
test ! -e etc/systemd/system/multi-user.target.wants/so101-teleop.service
test ! -e etc/systemd/system/sockets.target.wants/so101-helper.socket`;

here.test("the package can be installed where no systemd runs: the service will start at boot", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync([
    "unshare",
    "--mount",
    "sh",
    "-euc",
    IN_A_FOLDER,
    dist,
    deb,
  ]);
  expect(stderr.toString()).not.toMatch(/error|fail/i);
  expect(stdout.toString()).toContain("/lib/systemd/system/so101-teleop.service\n");
  expect(stdout.toString()).toContain("/lib/systemd/system/so101-helper.socket\n");
  expect(stdout.toString()).toMatch(/^so101-teleop:x:\d+/m);
  expect(stdout.toString()).toContain("2775 dialout\n");
  expect(exitCode).toBe(0);
});
