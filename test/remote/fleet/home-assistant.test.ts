/**
 * The announcement to Home Assistant, held against what its documentation and its own schemas ask for:
 * home-assistant.io/integrations/mqtt ("Device discovery payload"), home-assistant/core, components/mqtt/schemas.py
 * (DEVICE_DISCOVERY_SCHEMA), discovery.py (TOPIC_MATCHER), sensor.py, button.py. Home Assistant itself is not run.
 */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { discoveryMessage, discoveryTopic } from "../../../src/remote/fleet/home-assistant.ts";
import { readCommand } from "../../../src/remote/fleet/protocol.ts";

const subscribable = v.pipe(v.string(), v.nonEmpty(), v.regex(/^[^\0]+$/));
const publishable = v.pipe(subscribable, v.regex(/^[^+#]+$/));
const template = v.pipe(v.string(), v.regex(/^\{\{.*\}\}$/));
const common = {
  unique_id: v.pipe(v.string(), v.nonEmpty()),
  name: v.string(),
  icon: v.exactOptional(v.pipe(v.string(), v.regex(/^mdi:[a-z0-9-]+$/))),
  entity_category: v.exactOptional(v.picklist(["config", "diagnostic"])),
};
const sensor = v.strictObject({
  platform: v.literal("sensor"),
  ...common,
  value_template: template,
  device_class: v.exactOptional(v.picklist(["temperature", "frequency"])),
  unit_of_measurement: v.exactOptional(v.picklist(["°C", "Hz"])),
  state_class: v.exactOptional(v.picklist(["measurement"])),
});
const button = v.strictObject({
  platform: v.literal("button"),
  ...common,
  command_topic: publishable,
  payload_press: v.string(),
  qos: v.picklist([0, 1, 2]),
  retain: v.literal(false),
});
/** A component is taken away by a message that has nothing of it but its platform. */
const removed = v.strictObject({ platform: v.literal("button") });
const device = v.strictObject({
  device: v.strictObject({
    identifiers: v.pipe(v.array(v.string()), v.minLength(1)),
    name: v.string(),
    model: v.string(),
    sw_version: v.string(),
  }),
  origin: v.strictObject({ name: v.string(), sw_version: v.string() }),
  state_topic: subscribable,
  availability_topic: subscribable,
  availability_template: template,
  components: v.record(v.string(), v.union([sensor, button, removed])),
});

test("the announcement is as Home Assistant's device discovery has it, with commands and without", () => {
  for (const takesCommands of [true, false]) {
    const message = discoveryMessage("desk", "left_2", takesCommands);
    const { components, state_topic } = v.parse(device, JSON.parse(JSON.stringify(message)));
    expect(state_topic).toBe("so101/desk/left_2/status");
    expect(Object.keys(components)).toEqual([
      ...["state", "driver", "alarms", "temperature", "rate"],
      ...["pause", "release", "resume"],
    ]);
    const buttons = Object.values(components).filter(({ platform }) => platform === "button");
    expect(buttons.map((one) => "command_topic" in one)).toEqual([
      takesCommands,
      takesCommands,
      takesCommands,
    ]);
  }
});

test("a button publishes what the pair takes as a command", () => {
  const { components } = v.parse(device, discoveryMessage("desk", "main", true));
  for (const wish of ["pause", "release", "resume"] as const) {
    const { payload_press, command_topic } = v.parse(button, components[wish]);
    expect(command_topic).toBe("so101/desk/main/command");
    expect(readCommand(Buffer.from(payload_press))).toMatchObject({ is: "read", read: { do: wish } });
  }
});

test("each pair has a topic that Home Assistant takes, and names that no other pair's are", () => {
  const pairs = [
    ["a", "b_c"],
    ["a_b", "c"],
    ["a-so101-b", "c"],
    ["a", "b-so101-c"],
  ] as const;
  const topics = pairs.map(([machine, pair]) => discoveryTopic(machine, pair));
  expect(new Set(topics).size).toBe(pairs.length);
  const matcher =
    /^(?<component>\w+)\/(?:(?<node_id>[a-zA-Z0-9_-]+)\/)?(?<object_id>[a-zA-Z0-9_-]+)\/config$/;
  for (const topic of topics)
    expect(matcher.exec(topic.replace("homeassistant/", ""))?.groups?.component).toBe("device");
  const ids = pairs.flatMap(([machine, pair]) => {
    const { components } = v.parse(device, discoveryMessage(machine, pair, true));
    return Object.values(components).map((one) => (one as { unique_id: string }).unique_id);
  });
  expect(new Set(ids).size).toBe(ids.length);
});
