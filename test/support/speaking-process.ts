/** Speaks for a pair at a broker until it is told to end: `speaking-process.ts <broker> <machine> <control socket>`. */
import { BrokerReporting } from "../../src/remote/broker/reporting.ts";
import { speakForPair } from "../../src/remote/fleet/voice.ts";

const [url, machine, socket] = process.argv.slice(2) as [string, string, string];
const ending = new AbortController();
process.on("SIGTERM", () => ending.abort());
await speakForPair({
  ...{ pair: "main", machine, name: `${machine}/main`, sockets: [socket], access: { url } },
  ...{ allowCommands: false, homeAssistant: false, signal: ending.signal },
  reporting: new BrokerReporting(url, () => {}),
  explain: String,
  say: () => {},
});
