/** What a page may ask to be saved, before it is looked whether the configuration has such keys. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { saveSchema } from "../../../src/web/settings/messages.ts";

const takes = (changes: string) =>
  v.safeParse(saveSchema, JSON.parse(`{"digest":"0","changes":${changes}}`)).success;

test.each(['{"teleoperation.rate_hz":200}', '{"teleoperation.on_stop":"hold","x":true}'])(
  "keys with values are taken: %s",
  (changes) => expect(takes(changes)).toBe(true),
);

test.each([
  '{"__proto__":7}',
  '{"teleoperation.rate_hz":200,"constructor":7}',
  '{"prototype":7}',
  '{"teleoperation.rate_hz":1e999}',
  '{"teleoperation.rate_hz":null}',
  '{"teleoperation.rate_hz":[200]}',
  '{"teleoperation":{"rate_hz":200}}',
  "[200]",
  "null",
])("what would be passed over, or is no value, is refused: %s", (changes) =>
  expect(takes(changes)).toBe(false),
);
