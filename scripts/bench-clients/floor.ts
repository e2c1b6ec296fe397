/**
 * The floor of a client's command: what comes on a socket of datagrams is written to the follower as goals at once, without
 * any logic, grid or limit. Shares no code with the product but the way to real-time priority.
 *
 * Usage: floor SOCKET|tcp://ADDRESS:PORT FOLLOWER
 */
import { dlopen, ptr } from "bun:ffi";
import { runOnTime } from "../../src/linux/scheduling.ts";
import { IDS, openPort, sealGoals, setGoal, writeGoals } from "../bench/bare.ts";
import { BareZmq } from "./bare-zmq.ts";

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  accept: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
});

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
/** Where the positions stand in a target: see src/teleop/remote/sample.ts. */
const POSITIONS_AT = 24;
const TARGET_BYTES = 36;

const [path, followerPath] = process.argv.slice(-2) as [string, string];
const follower = openPort(followerPath);
if (path.startsWith("tcp:")) floorOfZmq();
else floorOfTargets();

/** Goals, one a joint, in steps. */
function write(goals: (joint: number) => number): void {
  for (let joint = 0; joint < IDS.length; joint++) setGoal(joint, goals(joint));
  sealGoals();
  writeGoals(follower);
}

function ready(): void {
  console.log(JSON.stringify({ event: "state", to: "following" }));
}

function floorOfTargets(): void {
  const name = new TextEncoder().encode(`${path}\0`);
  // Over buffers of their own: memory that does not move.
  const address = new Uint8Array(new ArrayBuffer(2 + name.length));
  address.set([AF_UNIX, 0]);
  address.set(name, 2);
  const listener = libc.socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (libc.bind(listener, ptr(address), address.length) !== 0 || libc.listen(listener, 1) !== 0) {
    throw new Error(`cannot listen at ${path}`);
  }
  runOnTime();
  ready();
  const connection = libc.accept(listener, null, null);
  const target = new Uint8Array(new ArrayBuffer(64));
  const at = ptr(target);
  const positions = new DataView(target.buffer);
  while (libc.recv(connection, at, target.length, 0) === TARGET_BYTES) {
    write((joint) => positions.getInt16(POSITIONS_AT + 2 * joint, true));
  }
}

/** LeKiwi's messages, with steps for values; without the priority of who drives arms, which who hears LeRobot has not either. */
function floorOfZmq(): void {
  const socket = new BareZmq("pull", path);
  ready();
  for (;;) {
    const values = Object.values(JSON.parse(socket.receive())) as number[];
    write((joint) => values[joint]!);
  }
}
