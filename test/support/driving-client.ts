/** A process that drives a pair: `bun driving-client.ts SOCKET WHO RATE_HZ TARGET…`; it says "driving" and goes on until it is killed. */
import { Driving } from "../../src/api/driving.ts";

const [socket, who, rateHz, ...target] = process.argv.slice(2);
const driving = await Driving.begin([socket!], "client", who!, new AbortController().signal);
const positions = target.map(Number);
driving.target(positions);
console.log("driving");
setInterval(() => driving.target(positions), 1_000 / Number(rateHz));
