/** Root's helper under the compiled program, on a socket of ours, as systemd would start it. */
import { bindAt, closeListener, listen } from "../../../src/linux/sockets/stream.ts";

/** A running helper. */
export interface RunningHelper {
  readonly pid: number;
  /** Whether it still runs. */
  isAlive(): boolean;
  end(): Promise<void>;
}

/** Starts it; it serves at `socket`. */
export function startHelper(program: string, socket: string): RunningHelper {
  const listener = bindAt(socket);
  listen(listener, socket, 512);
  const child = Bun.spawn(["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" helper', program], {
    stdio: ["ignore", "ignore", "ignore", listener],
  });
  closeListener(listener);
  return {
    pid: child.pid,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async end() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
