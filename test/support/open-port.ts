/**
 * Opens the port at a path, prints as JSON how that went, and holds the port until its standard input ends.
 * With `unlocked`, as a program does that knows TIOCEXCL but no flock; with `looking`, as the program's tools do.
 */
import { systemPorts } from "../../src/arm/system-ports.ts";
import { TtyPort } from "../../src/serial/port.ts";
import { PortError } from "../../src/serial/transport.ts";

const TIOCEXCL = 0x540c;

process.stdin.on("end", () => process.exit()).resume();

try {
  const [path, how] = process.argv.slice(2);
  if (how === "looking") await systemPorts.open(path!, 1_000_000);
  else {
    const port = TtyPort.open(path!, { baudRate: 1_000_000, lock: how !== "unlocked" });
    if (how === "unlocked") port.control(TIOCEXCL, null);
  }
  console.log(JSON.stringify({ opened: true }));
} catch (error) {
  if (!(error instanceof PortError)) throw error;
  console.log(JSON.stringify({ trouble: error.trouble, message: error.message }));
}
