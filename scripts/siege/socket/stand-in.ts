/**
 * Another program's socket, for hostile clients to storm in place of the service's: the machine is as busy, and the
 * service is left alone.
 *
 *   bun scripts/siege/socket/stand-in.ts SOCKET
 */
import { BACKLOG, RequestServer } from "../../../src/daemon/requests/request-server.ts";
import { bindAt, listen } from "../../../src/linux/sockets/stream.ts";

const path = process.argv[2]!;
const listener = bindAt(path);
listen(listener, path, BACKLOG);
new RequestServer({
  listener,
  longestBytes: 1_024,
  silentMs: 30_000,
  requestsEach: Number.POSITIVE_INFINITY,
  // About as long as a status.
  answer: () => `${"x".repeat(6_000)}\n`,
  refusal: (why) => `${why}\n`,
});
console.log("ready");
