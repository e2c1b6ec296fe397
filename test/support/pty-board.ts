/** A board that has both ends of its pseudo-terminal open, as many simulators do; prints the slave's path. */
import { openSync } from "node:fs";
import { Pty } from "../../src/sim/pty.ts";

process.stdin.on("end", () => process.exit()).resume();

const { path } = new Pty();
openSync(path, "r+");
console.log(path);
