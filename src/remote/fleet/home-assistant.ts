/**
 * A pair as a device of Home Assistant, by its MQTT discovery: one retained message names the device and its entities, which
 * read the pair's status. Facts: home-assistant.io/integrations/mqtt, "Device discovery payload"; home-assistant/core,
 * homeassistant/components/mqtt/schemas.py (DEVICE_DISCOVERY_SCHEMA), discovery.py (TOPIC_MATCHER), sensor.py, button.py.
 */
import { version } from "../../host/version.ts";
import { topicOf } from "../topics.ts";
import { FLEET_COMMANDS, FLEET_VERSION, type FleetCommand } from "./protocol.ts";

/** Home Assistant's own default. */
const PREFIX = "homeassistant";

/** Where a pair is announced; machine's and pair's names have no other characters than these topics may have. */
export function discoveryTopic(machine: string, pair: string): string {
  // With a level of its own a machine's name cannot run into a pair's; and an access list can let each write its own.
  return `${PREFIX}/device/${machine}/so101-${pair}/config`;
}

/** What a state may be in Home Assistant, in characters. */
const LONGEST_STATE = 250;

/** A template of a figure or a word of the status; what is not known is "None", which Home Assistant shows as unknown. */
const told = (expression: string) => `{{ ${expression} if value_json.online else None }}`;

const icons: Readonly<Record<FleetCommand, string>> = {
  pause: "mdi:pause",
  release: "mdi:hand-back-right-off",
  resume: "mdi:play",
};

const names: Readonly<Record<FleetCommand, string>> = {
  pause: "Pause",
  release: "Release",
  resume: "Resume",
};

/** The message that announces a pair: device, entities, and how to see whether it is there. */
export function discoveryMessage(machine: string, pair: string, takesCommands: boolean): object {
  const name = `${machine}/${pair}`;
  const id = (entity: string) => `so101/${name}/${entity}`;
  const sensor = (entity: string, label: string, value_template: string, more: object = {}) => ({
    [entity]: { platform: "sensor", unique_id: id(entity), name: label, value_template, ...more },
  });
  const button = (wish: FleetCommand) => ({
    // Of a pair that takes no commands they are to go: a component of nothing but its platform is removed.
    [wish]: takesCommands
      ? {
          ...{ platform: "button", unique_id: id(wish), name: names[wish], icon: icons[wish] },
          command_topic: topicOf(name, "command"),
          payload_press: JSON.stringify({ v: FLEET_VERSION, do: wish }),
          ...{ qos: 1, retain: false },
        }
      : { platform: "button" },
  });
  return {
    device: {
      identifiers: [`so101/${name}`],
      name: `SO-101 ${name}`,
      model: "SO-101 leader and follower",
      sw_version: version,
    },
    origin: { name: "so101", sw_version: version },
    state_topic: topicOf(name, "status"),
    availability_topic: topicOf(name, "status"),
    availability_template: "{{ 'online' if value_json.online else 'offline' }}",
    components: {
      ...sensor("state", "State", told("value_json.state"), { icon: "mdi:robot-industrial" }),
      ...sensor(
        "driver",
        "Who drives",
        told("((value_json.driver.leader or value_json.driver.source) if value_json.driver else None)"),
        { icon: "mdi:account-arrow-right" },
      ),
      ...sensor(
        "alarms",
        "Alarms",
        told(`((value_json.alarms | map(attribute='message') | join('; '))[:${LONGEST_STATE}] or 'none')`),
        { icon: "mdi:alert" },
      ),
      ...sensor("temperature", "Warmest servo", told("value_json.temperatureC"), {
        ...{ device_class: "temperature", unit_of_measurement: "°C", state_class: "measurement" },
      }),
      ...sensor("rate", "Rate", told("value_json.rateHz"), {
        ...{ device_class: "frequency", unit_of_measurement: "Hz", state_class: "measurement" },
        entity_category: "diagnostic",
      }),
      ...Object.assign({}, ...FLEET_COMMANDS.map(button)),
    },
  };
}
