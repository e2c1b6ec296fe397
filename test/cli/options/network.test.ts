/** The options of the network: what one command was given, another gets. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { Command } from "commander";
import { addArmsOptions, addBrokerOptions, brokerArguments } from "../../../src/cli/options/network.ts";

const parsed = (...args: string[]) =>
  addArmsOptions(addBrokerOptions(new Command().exitOverride()))
    .configureOutput({ writeErr: () => {} })
    .parse(args, { from: "user" })
    .opts();

test("what one command was given of a broker another is given, from whatever folder it runs in", () => {
  const given = parsed(
    ...["--broker", "mqtts://b", "--broker-ca", "ca.crt", "--broker-certificate", "/c", "--broker-key", "k"],
    ...["--broker-user", "-u", "--broker-password-file", "p", "--machine", "desk"],
    ...["--arms", "leader", "--remote-leader", "a/b"],
  );
  const args = brokerArguments(given);
  expect(args).toContain(`--broker-ca=${join(process.cwd(), "ca.crt")}`);
  const { arms, remoteLeader, ...ofBroker } = given;
  expect([arms, remoteLeader]).toEqual(["leader", "a/b"]);
  expect(parsed(...args)).toEqual({
    ...ofBroker,
    ...{ brokerCa: join(process.cwd(), "ca.crt"), brokerKey: join(process.cwd(), "k") },
    brokerPasswordFile: join(process.cwd(), "p"),
  });
  expect(brokerArguments({})).toEqual([]);
});

test("arms that there are not are refused with those that there are", () => {
  expect(() => parsed("--arms", "left")).toThrow("Allowed choices are both, leader, follower.");
});
