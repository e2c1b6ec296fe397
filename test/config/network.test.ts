/** The network's part of the configuration: what goes together, what is of the machine, what the command line says. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withChanges } from "../../src/config/changes.ts";
import {
  ConfigError,
  configFor,
  defaultConfig,
  type Overrides,
  parseConfig,
  withOverrides,
} from "../../src/config/config.ts";
import { loadMachineNetwork, machineName, machineNetworkFor } from "../../src/config/network.ts";
import { configTemplate } from "../../src/host/package-files.ts";
import { thrown } from "../support/thrown.ts";

let folder: string;
let main: string;
let left: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "so101-network-"));
  main = join(folder, "config.toml");
  left = join(folder, "left.toml");
});
afterAll(() => rmSync(folder, { recursive: true }));

const shipped = readFileSync(join(import.meta.dir, "../../packaging/config.toml"), "utf8");
const network = (text: string) => parseConfig(`[network]\n${text}`, "/x/config.toml").network;
const problems = (action: () => unknown): string[] => thrown(ConfigError, action).message.split("\n");

test("every key of the network that the installed file shows can be used as it is", () => {
  const text = shipped.replace(/^#(?: {3})?(?=\w+ = )/gm, "");
  const { broker, ...others } = parseConfig(
    text.slice(text.indexOf("\n[network]"), text.indexOf("# The pose to park in")),
    "/x",
  ).network;
  expect(broker).toBe("mqtts://broker.example.org:8883");
  expect(others).toEqual({
    arms: "both",
    remote_leader: "desk/main",
    follow: "local",
    hold_after_ms: 250,
    machine: "desk",
    ca_file: "/etc/so101-teleop/network/ca.crt",
    certificate_file: "/etc/so101-teleop/network/machine.crt",
    key_file: "/etc/so101-teleop/network/machine.key",
    user: "desk",
    password_file: "/etc/so101-teleop/network/password",
    allow_commands: false,
    home_assistant: false,
  });
});

const ANOTHER = 'but must be the URL of an MQTT broker, such as "mqtts://broker.example.org:8883"';
for (const broker of [
  "mqtt://broker",
  "mqtts://10.0.0.1:8884/",
  "mqtt://[fe80::1]:1883",
  "mqtts://a_b.local",
]) {
  test(`${broker} is a broker`, () => expect(network(`broker = "${broker}"`).broker).toBe(broker));
}
for (const broker of [
  ...["", "broker", "http://broker", "ws://broker", "mqtt:broker", "mqtt://", "mqtt://b:0", "mqtt://b:99999"],
  ...[
    "mqtt://b/topic",
    "mqtt://b?x=1",
    "mqtt://b#x",
    " mqtt://b",
    "mqtt://b\\n",
    "mqtt://a b",
    "mqtt://[::1",
  ],
]) {
  test(`${JSON.stringify(broker)} is no broker`, () => {
    expect(problems(() => network(`broker = "${broker}"`))).toEqual([
      expect.stringMatching(/^\/x\/config.toml: network.broker is /),
    ]);
  });
}

test("a password in a broker's URL is refused, and is not said again in what goes to the log", () => {
  const [message] = problems(() => network('broker = "mqtts://desk:se://cr@t@broker"'));
  expect(message).toBe(`/x/config.toml: network.broker is "mqtts://…@broker", ${ANOTHER}`);
});

const B = 'broker = "mqtts://b"';
for (const [what, text, expected] of [
  [
    "a follower alone whose leader is not said",
    `${B}\narms = "follower"`,
    'network.arms is "follower", but N: network.remote_leader is missing: it must say whose leader, such as "desk/main"',
  ],
  [
    "a remote leader wanted and not said",
    `${B}\nfollow = "remote"`,
    'network.follow is "remote", but N: network.remote_leader is missing: it must say whose leader, such as "desk/main"',
  ],
  [
    "a leader alone that is to follow",
    `${B}\narms = "leader"\nremote_leader = "desk/main"\nfollow = "remote"`,
    'network.remote_leader is "desk/main", but N: network.arms is "leader": there is no follower here that could follow it',
  ],
  [
    "a leader alone that is to follow somebody",
    `${B}\narms = "leader"\nfollow = "remote"`,
    'network.follow is "remote", but N: network.arms is "leader": there is no follower here that could follow it',
  ],
  [
    "a certificate without its key",
    `${B}\ncertificate_file = "/c"`,
    "network.certificate_file is given, but N: network.key_file is missing: a certificate is shown with its key",
  ],
  [
    "a key without its certificate",
    `${B}\nkey_file = "/c"`,
    "network.key_file is given, but N: network.certificate_file is missing: a key is used with its certificate",
  ],
  [
    "a password without a user",
    `${B}\npassword_file = "/c"`,
    "network.password_file is given, but N: network.user is missing: a password is a user's",
  ],
  [
    "an authority of a connection that is not encrypted",
    'broker = "mqtt://b:1883"\nca_file = "/ca"',
    'network.ca_file is given, but N: network.broker is "mqtt://b:1883", which is not encrypted: is "mqtts://b:8883" meant?',
  ],
  [
    "a remote leader without a broker",
    'remote_leader = "desk/main"',
    'network.remote_leader is "desk/main", but N: network.broker is missing: it must say over which MQTT broker',
  ],
  [
    "a leader alone without a broker",
    'arms = "leader"',
    'network.arms is "leader", but N: network.broker is missing: it must say over which MQTT broker',
  ],
  ["a leader without a pair", `${B}\nremote_leader = "desk"`, 'such as "desk/main"'],
  ["a leader that is a topic", `${B}\nremote_leader = "desk/#"`, 'such as "desk/main"'],
  [
    "a machine that is a topic",
    `${B}\nmachine = "+"`,
    'network.machine is "+", but must be a name of up to 63',
  ],
  [
    "a hold of no time",
    "hold_after_ms = 10",
    "network.hold_after_ms is 10, but must be a number from 50 to 5000 (ms)",
  ],
  [
    "a relative path",
    `${B}\nca_file = "ca.crt"`,
    'network.ca_file is "ca.crt", but must be an absolute path',
  ],
  ["an empty user", `${B}\nuser = ""`, 'network.user is "", but must be a user\'s name of the broker'],
  ["a mistyped key", `${B}\nremote_leeder = "a/b"`, "is not a known key: is remote_leader meant?"],
] as const) {
  test(`${what} is refused by its key`, () => {
    const [first, ...others] = problems(() => network(text));
    expect(first).toStartWith("/x/config.toml: network.");
    expect(first).toContain(expected.replaceAll("N:", "/x/config.toml:"));
    expect(others).toEqual([]);
  });
}

test("a pair one of whose arms is here needs not say where the other would be", () => {
  const text = `[leader]\nport = "/dev/a"\n[follower]\nport = "/dev/a"\n[network]\n${B}\n`;
  expect(parseConfig(`${text}arms = "leader"`, "x").network.arms).toBe("leader");
  expect(problems(() => parseConfig(text, "x"))[0]).toContain("must not be the same");
});

test("a further pair has the main pair's broker, and its own arms and leader", () => {
  writeFileSync(main, `[network]\n${B}\nmachine = "lab"\nremote_leader = "desk/main"\nallow_commands = true`);
  writeFileSync(left, '[network]\narms = "follower"\nremote_leader = "desk/left"');
  expect(configFor({ pair: "left" }, {}, folder).network).toEqual({
    ...{ broker: "mqtts://b", machine: "lab", allow_commands: true, home_assistant: false },
    ...{ arms: "follower", remote_leader: "desk/left", follow: "local", hold_after_ms: 250 },
  });
  writeFileSync(left, "");
  expect(configFor({ pair: "left" }, {}, folder).network).toMatchObject({
    broker: "mqtts://b",
    arms: "both",
  });
  expect(configFor({ pair: "left" }, {}, folder).network.remote_leader).toBeUndefined();
});

test("what is of the whole machine is refused in a further pair's file, and is not in the one that is made for it", () => {
  const refused = problems(() =>
    parseConfig(`[network]\n${B}\nallow_commands = true`, "/x/left.toml", "left"),
  );
  expect(refused).toEqual([
    '/x/left.toml: network.broker is "mqtts://b", but must be left out here: what is of the whole machine is in the main pair\'s config.toml',
    "/x/left.toml: network.allow_commands is true, but must be left out here: what is of the whole machine is in the main pair's config.toml",
  ]);
  const made = configTemplate("left");
  expect(made).not.toMatch(/broker =|machine =|_file =|allow_commands|home_assistant/);
  expect(made).toContain("#   remote_leader =");
});

test("a further pair without a network is not kept from its work by the main pair's file; one with a network says what is wrong", () => {
  writeFileSync(main, '[network]\nbroker = "x"');
  writeFileSync(left, "");
  expect(configFor({ pair: "left" }, {}, folder).network.broker).toBeUndefined();
  writeFileSync(left, '[network]\narms = "leader"');
  expect(problems(() => configFor({ pair: "left" }, {}, folder))).toEqual([
    `${main}: network.broker is "x", ${ANOTHER}`,
  ]);
  rmSync(main);
  expect(problems(() => configFor({ pair: "left" }, {}, folder))).toEqual([
    'network.arms is "leader", but network.broker is missing: it must say over which MQTT broker',
  ]);
});

test("the machine's part is read whatever else the file has, also of a pair that cannot be used", () => {
  writeFileSync(main, `calibration_dir = 3\n[network]\n${B}\narms = "x"\nhold_after_ms = 1`);
  expect(loadMachineNetwork(main)).toEqual({
    ...{ broker: "mqtts://b", allow_commands: false, home_assistant: false },
  });
  expect(loadMachineNetwork(join(folder, "none.toml"))).toEqual({
    allow_commands: false,
    home_assistant: false,
  });
  writeFileSync(main, "[network]\nbrocker = 1");
  expect(problems(() => loadMachineNetwork(main))[0]).toContain("is not a known key: is broker meant?");
});

const options: Overrides = {
  ...{ broker: "mqtts://b", brokerCa: "ca.crt", brokerCertificate: "/c", brokerKey: "/k" },
  ...{ brokerUser: "u", brokerPasswordFile: "p", machine: "lab", remoteLeader: "desk/main" },
};

test("options count before the file, their paths are made absolute, and a remote leader that is given is followed", () => {
  expect(withOverrides(defaultConfig, options).network).toEqual({
    ...{ broker: "mqtts://b", machine: "lab", ca_file: join(process.cwd(), "ca.crt") },
    ...{ certificate_file: "/c", key_file: "/k", user: "u", password_file: join(process.cwd(), "p") },
    ...{ arms: "both", remote_leader: "desk/main", follow: "remote", hold_after_ms: 250 },
    ...{ allow_commands: false, home_assistant: false },
  });
});

test("with the leader alone by option, whom the file has the follower follow is nobody's matter", () => {
  const file = parseConfig(`[network]\n${B}\nremote_leader = "desk/main"\nfollow = "remote"`, "x");
  const { remote_leader, follow } = withOverrides(file, { arms: "leader" }).network;
  expect([remote_leader, follow]).toEqual([undefined, "local"]);
  expect(problems(() => withOverrides(file, { arms: "leader", remoteLeader: "a/b" }))).toEqual([
    '--remote-leader is "a/b", but --arms is "leader": there is no follower here that could follow it',
  ]);
});

test("another broker is shown no certificate, user or password of the file's, and may not command", () => {
  const text = `broker = "mqtts://b"\nca_file = "/ca"\nuser = "u"\npassword_file = "/p"\nallow_commands = true\nmachine = "lab"\nremote_leader = "desk/main"`;
  writeFileSync(main, `[network]\n${text}`);
  const other = { broker: "mqtt://other" };
  const machine = { broker: "mqtt://other", machine: "lab", allow_commands: false, home_assistant: false };
  expect(machineNetworkFor(main, other)).toEqual(machine);
  expect(configFor({ config: main }, other).network).toEqual({
    ...machine,
    ...{ arms: "both", remote_leader: "desk/main", follow: "local", hold_after_ms: 250 },
  });
  expect(machineNetworkFor(main, { machine: "x" })).toMatchObject({
    user: "u",
    machine: "x",
    allow_commands: true,
  });
});

test("an option that cannot be is refused by its name, also the one that is missing", () => {
  const refused = (given: Overrides) => problems(() => withOverrides(defaultConfig, given))[0];
  expect(refused({ broker: "x" })).toBe(`--broker is "x", ${ANOTHER}`);
  expect(refused({ remoteLeader: "desk/main" })).toBe(
    '--remote-leader is "desk/main", but --broker is missing: it must say over which MQTT broker',
  );
  expect(refused({ broker: "mqtt://b", arms: "follower" })).toBe(
    '--arms is "follower", but --remote-leader is missing: it must say whose leader, such as "desk/main"',
  );
  expect(refused({ broker: "mqtts://b", brokerCertificate: "c" })).toBe(
    "--broker-certificate is given, but --broker-key is missing: a certificate is shown with its key",
  );
  const none = join(folder, "none.toml");
  expect(problems(() => machineNetworkFor(none, { broker: "mqtts://b", brokerPasswordFile: "p" }))).toEqual([
    "--broker-password-file is given, but --broker-user is missing: a password is a user's",
  ]);
  writeFileSync(main, "[network]\nbroker = 3");
  expect(problems(() => machineNetworkFor(main, {}))).toEqual([`${main}: network.broker is 3, ${ANOTHER}`]);
});

test("with one arm here its port and its id are enough for the main pair's file not to be there", () => {
  const nowhere = join(folder, "nowhere");
  const leader = { broker: "mqtt://b", arms: "leader", leader: "/dev/a", leaderId: "blue" } as const;
  expect(configFor({}, leader, nowhere).leader).toEqual({ port: "/dev/a", id: "blue" });
  const follower = { broker: "mqtt://b", arms: "follower", follower: "/dev/a", followerId: "red" } as const;
  expect(configFor({}, { ...follower, remoteLeader: "desk/main" }, nowhere).follower.id).toBe("red");
  expect(problems(() => configFor({}, { ...leader, leaderId: undefined }, nowhere))[0]).toContain("no such");
  expect(problems(() => configFor({}, { ...leader, arms: "both" }, nowhere))[0]).toContain("no such");
});

test("a page sets whose leader is followed, and never the broker", () => {
  const edited = withChanges(
    shipped.replace("#   broker =", "broker ="),
    { "network.remote_leader": "desk/main", "network.follow": "remote", "network.hold_after_ms": 300 },
    "/x",
  );
  expect(edited).toContain('#   remote_leader = "desk/main"\nremote_leader = "desk/main"\n');
  expect(parseConfig(edited, "/x").network).toMatchObject({ follow: "remote", hold_after_ms: 300 });
  expect(problems(() => withChanges(shipped, { "network.follow": "remote" }, "/x"))[0]).toContain(
    "is missing",
  );
  for (const change of [{ "network.broker": "mqtt://evil" }, { "network.allow_commands": true }]) {
    expect(problems(() => withChanges(shipped, change, "/x"))[0]).toContain("is for who may edit the file");
  }
  expect(problems(() => withChanges("", { "network.broker": "mqtt://evil" }, "/x"))[0]).toContain(
    "is not a key",
  );
});

for (const [host, name] of [
  ["desk", "desk"],
  ["Lab-Pi.example.org", "Lab-Pi"],
  ["pi of me", "pi-of-me"],
  ["_-_pi", "pi"],
  ["käse", "k-se"],
  ["", "so101"],
  ["---", "so101"],
  ["x".repeat(64), "x".repeat(63)],
] as const) {
  test(`the machine whose host's name is ${JSON.stringify(host)} is ${name}`, () => {
    expect(machineName({}, host)).toBe(name);
  });
}

test("the configured name of a machine counts before the host's", () => {
  expect(machineName({ machine: "desk" }, "pi")).toBe("desk");
});
