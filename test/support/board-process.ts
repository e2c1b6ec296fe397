/**
 * A board in a process of its own, for what blocks the test. Prints its path, then
 * `vanish`: is unplugged at the first byte; `answer`: says "pong" at the first byte;
 * `swallow N`: takes N bytes, little by little, and prints their hash.
 */
import { Board } from "./board.ts";

process.stdin.on("end", () => process.exit()).resume();

const [task, count] = process.argv.slice(2);
const board = new Board();
console.log(board.path);

if (task === "vanish") {
  await board.hear(1);
  board.unplug();
} else if (task === "answer") {
  await board.hear(1);
  board.say(Buffer.from("pong"));
} else if (task === "swallow") {
  console.log(String(Bun.hash(await board.hear(Number(count)))));
}
