/** The manual's way to a broker, word for word, on a machine with a real systemd: who is let in there, and to what. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { version } from "../../package.json";
import type { Experience, Visit } from "../support/broker-visitor.ts";
import { OPENSSL } from "../support/certificates.ts";
import { MACHINE_NEEDS, Machine } from "../support/machine.ts";
import { MOSQUITTO } from "../support/mosquitto.ts";
import { built, needing, program } from "../support/needs.ts";

setDefaultTimeout(180_000);

const root = resolve(import.meta.dir, "../..");
const dist = join(root, "dist");
const deb = `so101-teleop_${version}_${process.arch === "arm64" ? "arm64" : "amd64"}.deb`;
const here = needing(
  ...MACHINE_NEEDS,
  MOSQUITTO,
  OPENSSL,
  program("ss", "iproute2"),
  built(`${dist}/${deb}`, "deb"),
);

const UNIT = "so101-network.service";
const AUTHORITY = "/root/so101-authority";
const PATIENCE_MS = 60_000;

here.describe("two machines, as the manual says", () => {
  let machine: Machine;
  let manual: string;

  beforeAll(async () => {
    manual = await Bun.file(join(root, "packaging/doc/network.md")).text();
    machine = await Machine.boot({ from: dist, to: "/opt/so101" });
    await machine.must("rm", "-f", "/usr/sbin/policy-rc.d");
    await machine.must("dpkg", "--install", `/opt/so101/${deb}`);
    // What an image for containers leaves out of packages.
    const documents = "/usr/share/doc/so101-teleop/mosquitto";
    cpSync(join(root, "packaging/doc/mosquitto"), machine.path(documents), { recursive: true });
    await machine.write("/etc/hosts", "127.0.0.1 localhost lab.local\n");
  });

  afterAll(() => machine?.[Symbol.asyncDispose]());

  /** The examples of a section, in their order. */
  const examples = (heading: string, language: string) => {
    const section = manual.split(/^#+ /m).find((one) => one.startsWith(`${heading}\n`))!;
    return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
      ([, text]) => text!,
    );
  };
  /** Runs examples of the manual, as root. */
  const run = async (folder: string, ...texts: string[]) =>
    machine.must("env", `--chdir=${folder}`, "bash", "-euc", texts.join("\n").replaceAll("sudo ", ""));
  const property = (name: string) => machine.must("systemctl", "show", "--value", `--property=${name}`, UNIT);
  const journal = () => machine.must("journalctl", "--no-pager", "-o", "cat", "-u", UNIT);
  const until = async (wanted: () => Promise<boolean>, what: string) => {
    for (const deadline = performance.now() + PATIENCE_MS; !(await wanted()); await Bun.sleep(100)) {
      if (performance.now() > deadline) throw new Error(`${what} did not come:\n${await journal()}`);
    }
  };
  const of = (name: string, authority = AUTHORITY) => ({
    ...{ port: 8883, host: "lab.local", ca: `${AUTHORITY}/ca.crt` },
    ...{ cert: `${authority}/${name}.crt`, key: `${authority}/${name}.key` },
  });
  const visit = async (given: Visit): Promise<Experience> => {
    const network = machine.enter().map((part) => (part === "--all" ? "--net" : part));
    const visitor = join(root, "test/support/broker-visitor.ts");
    const argument = JSON.stringify(given, (name, value) =>
      ["ca", "cert", "key"].includes(name) ? machine.path(value) : value,
    );
    const child = Bun.spawn([...network, process.execPath, visitor, argument], { stdout: "pipe" });
    return JSON.parse(await new Response(child.stdout).text());
  };

  test("where no broker is configured the client's service is enabled, has ended with success, and is not started again", async () => {
    expect(await machine.must("systemctl", "is-enabled", UNIT)).toBe("enabled");
    await until(async () => (await property("ActiveState")) === "inactive", "the end of the client");
    expect(await property("Result")).toBe("success");
    expect(await property("NRestarts")).toBe("0");
    expect(await journal()).toContain("no broker is configured");
    expect(await machine.must("systemctl", "is-system-running", "--wait").catch(String)).not.toContain(UNIT);
  });

  test("the certificates' folder is for root and the client's user alone", async () => {
    const folder = "/etc/so101-teleop/network";
    expect(await machine.must("stat", "-c", "%a %U %G", folder)).toBe("750 root so101-network");
    await machine.write(`${folder}/key`, "secret");
    const reads = async (user: string) => (await machine.run(["cat", `${folder}/key`], user)).code === 0;
    expect(await reads("so101-network")).toBe(true);
    for (const user of ["so101-teleop", "so101-web", "nobody"]) expect(await reads(user)).toBe(false);
    await machine.must("rm", `${folder}/key`);
  });

  test("an authority, the certificates and the broker are made by the manual's commands", async () => {
    await run("/root", ...examples("1. An authority and certificates", "sh"));
    await run(AUTHORITY, ...examples("2. The broker", "sh"));
    await until(async () => (await visit(of("desk"))).refused === undefined, "the broker");
    expect(await machine.must("stat", "-c", "%a %U", AUTHORITY, `${AUTHORITY}/ca.key`)).toBe(
      "700 root\n600 root",
    );
  });

  test("nobody comes in without a certificate, with one of another authority, or unencrypted", async () => {
    const { cert: _, key: __, ...without } = of("desk");
    const other = "/root/other/so101-authority";
    await machine.must("mkdir", "/root/other");
    await run("/root/other", ...examples("1. An authority and certificates", "sh"));
    for (const given of [without, of("desk", other), of("broker"), { port: 8883 }]) {
      const { refused, published } = await visit({ ...given, publishes: ["so101/desk/main/status"] });
      expect(refused).toBeString();
      expect(published).toEqual({});
    }
    // Nor does a machine's certificate make a broker, nor the broker's one of another name.
    expect((await visit({ ...of("desk"), ca: `${other}/ca.crt` })).refused).toBeString();
    expect((await visit({ ...of("desk"), host: "desk.local" })).refused).toBeString();
  });

  test("a machine writes in its own name, and in no other's", async () => {
    const topics = (name: string) =>
      ["leader/samples", "leader/arm", "status", "events", "replies/x"].map(
        (what) => `so101/${name}/main/${what}`,
      );
    const own = [...topics("desk"), "homeassistant/device/desk/so101-main/config"];
    const foreign = [
      ...topics("lab"),
      ...[
        "so101/desk/main/command",
        "so101/lab/main/command",
        "so101/desk/main/x",
        "so101/status",
        "x",
        "$SYS/x",
      ],
      "homeassistant/device/lab/so101-main/config",
    ];
    const { published } = await visit({ ...of("desk"), publishes: [...own, ...foreign] });
    expect(
      Object.entries(published)
        .filter(([, said]) => said === "taken")
        .map(([topic]) => topic),
    ).toEqual(own);
  });

  test("who looks writes nothing, who commands writes commands, and a machine hears those for itself alone", async () => {
    const commands = ["so101/desk/main/command", "so101/lab/main/command"];
    const samples = ["so101/desk/main/leader/samples", "so101/lab/main/status"];
    const looking = await visit({ ...of("fleet-viewer"), publishes: [...commands, ...samples] });
    expect(Object.values(looking.published)).not.toContain("taken");
    expect(looking.refused).toBeUndefined();
    const commanding = await visit({
      ...of("fleet-commander"),
      publishes: [...commands, ...samples],
      listener: { ...of("lab"), subscribes: ["so101/#"], own: "so101/lab/main/status" },
    });
    expect(commanding.heard).toEqual(["so101/lab/main/command"]);
    expect(commanding.published).toMatchObject({ [commands[0]!]: "taken", [commands[1]!]: "taken" });
    expect(Object.values(commanding.published).filter((said) => said === "taken")).toHaveLength(2);
  });

  test("the client comes to the broker with what the manual's configuration names", async () => {
    const [, lab] = examples("3. Each machine", "toml");
    await run(AUTHORITY, examples("3. Each machine", "sh")[0]!.replace("machine=desk", "machine=lab"));
    const config = "/etc/so101-teleop/config.toml";
    const shipped = await machine.must("cat", config);
    await machine.write(config, `${shipped}\n`.replace("[network]\n", lab!));
    await run("/", ...examples("3. Each machine", "sh").slice(1));
    await until(async () => (await property("ActiveState")) === "active", "the client");
    const connected = /New client connected from \S+ as so101-lab-main-\w+-[0-9a-f]{8} \(.*u'lab'/;
    const brokersLog = () => machine.must("cat", "/var/log/mosquitto/mosquitto.log");
    await until(async () => connected.test(await brokersLog()), "the client at the broker");
  });

  /** Runs a program as the client is run: with its user, its groups and its folders. (Groups of others are not mapped within its user namespace, and count there all the same.) */
  const asClient = async (...command: string[]) => {
    const ids = await machine.must(
      "sh",
      "-c",
      "id -u so101-network; getent group so101-network | cut -d: -f3",
    );
    const [user, group] = ids.split("\n");
    return machine.run([
      ...["nsenter", "--target", await property("MainPID"), "--mount"],
      ...["setpriv", "--reuid", user!, "--regid", "20", "--groups", `20,${group}`, ...command],
    ]);
  };

  test("the client writes nowhere but in its socket's folder, and reads no home", async () => {
    const may = async (path: string) => (await asClient("touch", path)).code === 0;
    expect(await may("/run/so101-network/x")).toBe(true);
    const others = [
      "/etc/so101-teleop/x",
      "/etc/so101-teleop/network/x",
      "/run/so101-teleop/x",
      "/var/lib/x",
      "/home/x",
    ];
    for (const path of others) expect(`${path} ${await may(path)}`).toBe(`${path} false`);
    for (const path of [
      "/var/lib/so101-teleop",
      "/var/lib/so101-web",
      "/run/so101-helper.sock",
      "/root",
      "/home",
    ]) {
      expect(`${path} ${(await asClient("test", "-r", path)).code}`).toBe(`${path} 1`);
    }
    expect((await asClient("cat", "/etc/so101-teleop/network/machine.key")).stdout).toContain("PRIVATE KEY");
  });

  test("the client listens at no port, opens no device and sees no other's process", async () => {
    const pid = await property("MainPID");
    const listening = await machine.must("ss", "-Htulnp");
    expect(listening).toContain("mosquitto");
    expect(listening).not.toContain(`pid=${pid},`);
    expect(await property("SocketBindDeny")).not.toBe("");
    expect(await property("DevicePolicy")).toBe("closed");
    expect(await property("CapabilityBoundingSet")).toBe("");
    expect((await asClient("test", "-e", "/dev/ttyS0")).code).not.toBe(0);
    const loop = await machine.must("systemctl", "show", "--value", "--property=MainPID", "so101-teleop");
    expect((await asClient("test", "-e", `/proc/${pid}`)).code).toBe(0);
    expect((await asClient("test", "-e", `/proc/${loop}`)).code).not.toBe(0);
  });

  test("a broker that is taken out of the configuration lets the client end with success", async () => {
    const config = "/etc/so101-teleop/config.toml";
    const text = await machine.must("cat", config);
    await machine.write(config, text.replace(/^broker = .*|^arms = .*|^remote_leader = .*/gm, ""));
    await until(async () => (await property("ActiveState")) === "inactive", "the end of the client");
    expect(await property("Result")).toBe("success");
  });
});
