/** The options by which a command finds the network's broker, and a pair its arms there. */
import { type Command, Option } from "commander";
import type { Overrides } from "../../config/config.ts";
import { absolute } from "../../config/text.ts";

/** Adds the options by which a broker is reached, those of {@link NetworkOverrides}. */
export function addBrokerOptions(command: Command): Command {
  return command
    .option("--broker <url>", "MQTT broker of the network, such as mqtts://broker.example.org:8883")
    .option("--broker-ca <file>", "certificate of the authority that has signed the broker's")
    .option("--broker-certificate <file>", "certificate by which the broker knows this machine")
    .option("--broker-key <file>", "key of that certificate")
    .option("--broker-user <name>", "user's name, for a broker that asks for one")
    .option("--broker-password-file <file>", "file whose first line is that user's password")
    .option("--machine <name>", "name of this machine in the network (default: the host's)");
}

/** Adds the options of which arms are on this machine, and whose leader is followed. */
export function addArmsOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--arms <which>", "which arms are on this machine (default: both)").choices([
        "both",
        "leader",
        "follower",
      ] satisfies NonNullable<Overrides["arms"]>[]),
    )
    .option("--remote-leader <machine/pair>", "follow this leader of another machine, such as desk/main");
}

/** The same options of a broker for another command of this program, whatever its working directory. */
export function brokerArguments(given: Overrides): string[] {
  return Object.entries({
    "--broker": given.broker,
    "--broker-ca": absolute(given.brokerCa),
    "--broker-certificate": absolute(given.brokerCertificate),
    "--broker-key": absolute(given.brokerKey),
    "--broker-user": given.brokerUser,
    "--broker-password-file": absolute(given.brokerPasswordFile),
    "--machine": given.machine,
  }).flatMap(([option, value]) => (value === undefined ? [] : [`${option}=${value}`]));
}
