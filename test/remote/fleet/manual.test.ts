/** The manual's page of the fleet's messages: its examples are such messages, and its schemas have their fields. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  eventSchema,
  FLEET_COMMANDS,
  offlineSchema,
  onlineSchema,
  readCommand,
  readEvent,
  readStatus,
} from "../../../src/remote/fleet/protocol.ts";

const page = await Bun.file(join(import.meta.dir, "../../../packaging/doc/fleet.md")).text();
const blocks = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text]) => JSON.parse(text!));
const examples = blocks.filter((block) => !("$schema" in block));
const schemaOf = (what: string) => blocks.find(({ title }) => title === `${what}, version 1`);

test("the examples are read whole", () => {
  const [status, farewell, event, command, ...replies] = examples;
  const read = (message: object) => Buffer.from(JSON.stringify(message));
  expect(readStatus(read(status))).toEqual({ is: "read", read: status });
  expect(readStatus(read(farewell))).toEqual({ is: "read", read: farewell });
  expect(readEvent(read(event))).toEqual({ is: "read", read: event });
  expect(readCommand(read(command))).toEqual({ is: "read", read: command });
  expect(replies.map(({ v, ok }) => [v, ok])).toEqual([
    [1, true],
    [1, false],
  ]);
});

test("the page's schemas and its table have every field, and no other", () => {
  const { then, else: otherwise } = schemaOf("status");
  expect(Object.keys(then.properties)).toEqual(Object.keys(onlineSchema.entries));
  expect(Object.keys(otherwise.properties)).toEqual(Object.keys(offlineSchema.entries));
  expect(Object.keys(schemaOf("event").properties)).toEqual(Object.keys(eventSchema.entries));
  expect(schemaOf("command").properties.do.enum).toEqual([...FLEET_COMMANDS]);
  const [, table = ""] = page.split("| field");
  const named = [...table.split("\n\n")[0]!.matchAll(/^\| ([^|]+)\|/gm)].flatMap(
    ([, cell]) => cell!.match(/\w+/g)!,
  );
  const fields = Object.keys(onlineSchema.entries).filter((field) => field !== "v");
  expect(fields.filter((field) => !named.includes(field))).toEqual([]);
});
