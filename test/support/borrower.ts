/**
 * Borrows the arms of the service that listens at a socket, opens the follower's port and has it hold where it is. Prints
 * "holds" then, and stays so: it does not look whether the arms are wanted back.
 */
import { borrow } from "../../src/api/client.ts";
import { positionsRead, SERVO_IDS } from "../../src/arm/servos/read.ts";
import { connectionTo } from "../../src/arm/system-ports.ts";

const [socket, port] = process.argv.slice(2) as [string, string];
await borrow([socket], "hold the arm", new AbortController().signal);
const connection = connectionTo(undefined, port, "drive");
await connection.reach();
const { bus } = connection;
const positions = positionsRead();
bus!.readAll(positions);
SERVO_IDS.forEach((id, joint) => {
  bus!.write(id, "goal_position", positions.value(joint, "present_position"));
  bus!.write(id, "torque_enable", 1);
});
console.log("holds");
setInterval(() => {}, 1_000);
