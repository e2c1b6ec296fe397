/** Sends back what comes on the port that it is given, by serialport, and says why it ends. */
import { once } from "node:events";
import { openSerialPort } from "../../src/serial/serial-port.ts";

const path = process.argv.at(-1)!;
const port = await openSerialPort(path);
// Only in a compiled program: from source, serialport's own binding would abort Bun here.
const { SerialPort } = await import("serialport");
const own = await new Promise<Error | null>((resolve) => new SerialPort({ path, baudRate: 9600 }, resolve));
port.on("data", (bytes: Uint8Array) => port.write(bytes));
console.log(`own binding: ${own?.message ?? "opened"}`);
const [error] = await once(port, "close");
console.log(`disconnected: ${error?.disconnected}`);
