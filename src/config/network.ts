/**
 * The network's part of the configuration, `[network]`. What is of the whole machine (broker, name, who may command) stands
 * in the main pair's file alone; which arms a pair has here, and whose leader it follows, in each pair's own.
 */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import * as v from "valibot";
import { ConfigError, type KeyProblem, readConfigFile } from "./file.ts";
import { problemsOf, show } from "./problems.ts";
import { absolute, plainText } from "./text.ts";
import { parseToml } from "./toml.ts";

const nameMessage = 'a name of up to 63 letters, digits, - and _, such as "desk"';
/** A machine's name, as it stands in topics. */
const MACHINE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/i;
const leaderMessage = 'a machine and its pair, such as "desk/main"';
/** A machine's name, and one of its pairs as `pairs.ts` has it. */
const LEADER_NAME = /^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,63}$/i;

const brokerMessage = 'the URL of an MQTT broker, such as "mqtts://broker.example.org:8883"';
const pathMessage = 'an absolute path such as "/etc/so101-teleop/network/ca.crt"';
const path = v.pipe(v.string(pathMessage), v.startsWith("/", pathMessage), plainText);
const holdMessage = "a number from 50 to 5000 (ms)";

/** `desk/main`: the leader of a pair of another machine. */
export function isRemoteLeader(text: string): boolean {
  return LEADER_NAME.test(text);
}

/** A broker's URL: a name or an address, and a port or the usual one. A password would be seen by whoever sees the file. */
const BROKER = /^mqtts?:\/\/(?:\[[0-9a-f:.]+\]|[a-z\d_.-]{1,253})(?::(\d{1,5}))?\/?$/i;

/** Whether a text is the URL of a broker which can be spoken to: over TCP or TLS, without a user's name or password in it. */
export function isBroker(text: string): boolean {
  const [url, port = "1"] = BROKER.exec(text) ?? [];
  return url !== undefined && Number(port) > 0 && Number(port) < 65_536 && URL.parse(text) !== null;
}

const ofPair = {
  arms: v.optional(v.picklist(["both", "leader", "follower"], '"both", "leader" or "follower"'), "both"),
  remote_leader: v.exactOptional(v.pipe(v.string(leaderMessage), v.check(isRemoteLeader, leaderMessage))),
  follow: v.optional(v.picklist(["local", "remote"], '"local" or "remote"'), "local"),
  hold_after_ms: v.optional(
    v.pipe(
      v.number(holdMessage),
      v.minValue(50, holdMessage),
      v.maxValue(5000, holdMessage),
      v.metadata({ unit: "ms" }),
    ),
    250,
  ),
};

const ofMachine = {
  broker: v.exactOptional(v.pipe(v.string(brokerMessage), v.check(isBroker, brokerMessage))),
  machine: v.exactOptional(v.pipe(v.string(nameMessage), v.regex(MACHINE_NAME, nameMessage))),
  ca_file: v.exactOptional(path),
  certificate_file: v.exactOptional(path),
  key_file: v.exactOptional(path),
  user: v.exactOptional(
    v.pipe(v.string("a user's name of the broker"), v.nonEmpty("a user's name of the broker"), plainText),
  ),
  password_file: v.exactOptional(path),
  allow_commands: v.optional(v.boolean("true or false"), false),
  home_assistant: v.optional(v.boolean("true or false"), false),
};

/** There is one way to the broker, of all pairs. */
const notHere = v.exactOptional(
  v.never("left out here: what is of the whole machine is in the main pair's config.toml"),
);

/** Every key of a further pair, with its bounds and its default. */
export const pairNetworkSchema = v.strictObject({
  ...v.entriesFromList(Object.keys(ofMachine) as (keyof typeof ofMachine)[], notHere),
  ...ofPair,
});
/** Every key of the main pair's file. `packaging/config.toml` says to people what each means. */
export const networkSchema = v.strictObject({ ...ofMachine, ...ofPair });

/** The network's configuration of a pair, every default filled in: the machine's part, and its own. */
export type NetworkConfig = v.InferOutput<typeof networkSchema>;
/** What is of the whole machine. */
export type MachineNetwork = Pick<NetworkConfig, keyof typeof ofMachine>;

/** The keys of the main pair's file. */
export const networkKeys = Object.keys(networkSchema.entries);
/** Those of them that are of the whole machine. */
export const machineNetworkKeys = Object.keys(ofMachine);

/** The machine's part of an empty file: no broker, and so no network. */
export const noNetwork: MachineNetwork = { allow_commands: false, home_assistant: false };

/** What the command line says of the network; what is undefined is left to the file. */
export interface NetworkOverrides {
  /**
   * `--broker`. All that the file says of its own broker is left out then, but for the machine's name: a password is not
   * shown to another broker, nor is another's word to pause an arm obeyed.
   */
  readonly broker?: string | undefined;
  /** `--broker-ca`: a path, relative to the working directory or absolute. */
  readonly brokerCa?: string | undefined;
  /** `--broker-certificate`, likewise. */
  readonly brokerCertificate?: string | undefined;
  /** `--broker-key`, likewise. */
  readonly brokerKey?: string | undefined;
  /** `--broker-user` */
  readonly brokerUser?: string | undefined;
  /** `--broker-password-file`: a path, relative to the working directory or absolute. */
  readonly brokerPasswordFile?: string | undefined;
  /** `--machine` */
  readonly machine?: string | undefined;
}

/** The option that sets a key of the machine's part, and its flag. */
export const networkOptionOf = {
  "network.broker": ["broker", "--broker"],
  "network.ca_file": ["brokerCa", "--broker-ca"],
  "network.certificate_file": ["brokerCertificate", "--broker-certificate"],
  "network.key_file": ["brokerKey", "--broker-key"],
  "network.user": ["brokerUser", "--broker-user"],
  "network.password_file": ["brokerPasswordFile", "--broker-password-file"],
  "network.machine": ["machine", "--machine"],
} as const satisfies Readonly<Record<string, readonly [keyof NetworkOverrides, string]>>;

/** `[network]`, or its machine's part, with the command line's word in place of the file's. Nothing is checked yet. */
export function withNetworkOverrides<Network extends MachineNetwork>(
  file: Network,
  given: NetworkOverrides,
): Network {
  const isOfBroker = (key: string) => Object.hasOwn(ofMachine, key) && key !== "machine";
  const kept =
    given.broker === undefined
      ? file
      : { ...Object.fromEntries(Object.entries(file).filter(([key]) => !isOfBroker(key))), ...noNetwork };
  const set = {
    broker: given.broker,
    machine: given.machine,
    ca_file: absolute(given.brokerCa),
    certificate_file: absolute(given.brokerCertificate),
    key_file: absolute(given.brokerKey),
    user: given.brokerUser,
    password_file: absolute(given.brokerPasswordFile),
  };
  const known = Object.entries(set).filter(([, value]) => value !== undefined);
  return { ...kept, ...Object.fromEntries(known) } as Network;
}

/**
 * The machine's part of the main pair's file at `path`; no broker where there is no file. What is wrong in other parts of
 * the file is not the network's. Throws {@link ConfigError}.
 */
export function loadMachineNetwork(path: string): MachineNetwork {
  const file = existsSync(path) ? parseToml(readConfigFile(path), path) : {};
  return checkMachineNetwork(file, (key) => `${path}: ${key}`);
}

/**
 * The machine's part by which a client of the network connects: that of the main pair's file at `path`, with the command
 * line's word in place of it. Throws {@link ConfigError} naming the key or the option.
 */
export function machineNetworkFor(path: string, given: NetworkOverrides): MachineNetwork {
  const network = withNetworkOverrides(loadMachineNetwork(path), given);
  const isAsked = Object.values(networkOptionOf).some(([override]) => given[override] !== undefined);
  return checkMachineNetwork({ network }, (key) => {
    const [override, option] = networkOptionOf[key as keyof typeof networkOptionOf] ?? [];
    if (override === undefined) return `${path}: ${key}`;
    const isMissing = isAsked && !Object.hasOwn(network, key.replace("network.", ""));
    return given[override] !== undefined || isMissing ? option! : `${path}: ${key}`;
  });
}

function checkMachineNetwork(input: unknown, where: (key: string) => string): MachineNetwork {
  // Mistyped keys are told; the pair's part is for the pair's service to refuse.
  const schema = v.object({ network: v.optional(v.strictObject({ ...ofMachine, ...anyOfPair }), {}) });
  const result = v.safeParse(schema, input);
  const problems = result.success
    ? machineProblems(result.output.network, where)
    : problemsOf(result.issues, where, { network: networkKeys });
  if (problems.length > 0 || !result.success) {
    throw new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
  }
  const entries = Object.entries(result.output.network);
  return Object.fromEntries(entries.filter(([key]) => Object.hasOwn(ofMachine, key))) as MachineNetwork;
}

const anyOfPair = v.entriesFromList(
  Object.keys(ofPair) as (keyof typeof ofPair)[],
  v.exactOptional(v.unknown()),
);

/** What in `[network]` does not go together, of a machine and its pair; `where` turns a key into what the person knows it as. */
export function networkProblems(network: NetworkConfig, where: (key: string) => string): KeyProblem[] {
  return [...machineProblems(network, where), ...pairProblems(network, where), ...brokerless(network, where)];
}

/** What does not go together in the way to the broker. */
function machineProblems(network: MachineNetwork, where: (key: string) => string): KeyProblem[] {
  const problems: KeyProblem[] = [];
  const { broker, certificate_file, key_file, user, password_file } = network;
  const name = (key: keyof MachineNetwork) => where(`network.${key}`);
  const add = (key: keyof MachineNetwork, message: string) =>
    problems.push({ key: `network.${key}`, message: `${name(key)} ${message}` });
  if (certificate_file !== undefined && key_file === undefined)
    add(
      "certificate_file",
      `is given, but ${name("key_file")} is missing: a certificate is shown with its key`,
    );
  if (key_file !== undefined && certificate_file === undefined)
    add(
      "key_file",
      `is given, but ${name("certificate_file")} is missing: a key is used with its certificate`,
    );
  if (password_file !== undefined && user === undefined)
    add("password_file", `is given, but ${name("user")} is missing: a password is a user's`);
  const tls = (["ca_file", "certificate_file", "key_file"] as const).find(
    (key) => network[key] !== undefined,
  );
  if (tls !== undefined && broker !== undefined && URL.parse(broker)?.protocol === "mqtt:") {
    add(
      tls,
      `is given, but ${name("broker")} is ${show(broker)}, which is not encrypted: is ${show(broker.replace(/^mqtt:/i, "mqtts:").replace(/:1883\/?$/, ":8883"))} meant?`,
    );
  }
  return problems;
}

/** What does not go together in a pair's own part: which arms are here, and whose leader is followed. */
export function pairProblems(
  { arms, remote_leader, follow }: Pick<NetworkConfig, keyof typeof ofPair>,
  where: (key: string) => string,
): KeyProblem[] {
  const problems: KeyProblem[] = [];
  const add = (key: "arms" | "remote_leader" | "follow", message: string) =>
    problems.push({ key: `network.${key}`, message: `${where(`network.${key}`)} ${message}` });
  if (arms === "leader") {
    const noFollower = `but ${where("network.arms")} is "leader": there is no follower here that could follow it`;
    if (remote_leader !== undefined) add("remote_leader", `is ${show(remote_leader)}, ${noFollower}`);
    else if (follow === "remote") add("follow", `is "remote", ${noFollower}`);
  } else if (remote_leader === undefined) {
    const missing = `but ${where("network.remote_leader")} is missing: it must say whose leader, such as "desk/main"`;
    if (arms === "follower") add("arms", `is "follower", ${missing}`);
    else if (follow === "remote") add("follow", `is "remote", ${missing}`);
  }
  return problems;
}

/** What cannot be without a broker. */
function brokerless(
  { broker, arms, remote_leader }: NetworkConfig,
  where: (key: string) => string,
): KeyProblem[] {
  if (broker !== undefined) return [];
  const add = (key: string, value: string): KeyProblem[] => [
    {
      key,
      message: `${where(key)} is ${show(value)}, but ${where("network.broker")} is missing: it must say over which MQTT broker`,
    },
  ];
  if (remote_leader !== undefined) return add("network.remote_leader", remote_leader);
  return arms === "leader" ? add("network.arms", arms) : [];
}

/** Whether a pair by itself asks for a network. */
export function needsNetwork({
  arms,
  remote_leader,
  follow,
}: Pick<NetworkConfig, keyof typeof ofPair>): boolean {
  return arms !== "both" || remote_leader !== undefined || follow === "remote";
}

/** The machine's name in topics: the configured one, or the first label of the host's name, made to fit. */
export function machineName({ machine }: Pick<MachineNetwork, "machine">, host: string = hostname()): string {
  if (machine !== undefined) return machine;
  const [label = ""] = host.split(".");
  const fitting = label
    .replaceAll(/[^a-z0-9_-]/gi, "-")
    .replace(/^[_-]+/, "")
    .slice(0, 63);
  return fitting === "" ? "so101" : fitting;
}
