/** serialport's own SerialPort on our binding: ports as streams and events, for the tools that wait for a person. */
import { once } from "node:events";
import type { SerialPortStream } from "@serialport/stream";
import { TtyBinding } from "./binding.ts";

/** A port as serialport gives it. */
export type SerialPort = SerialPortStream<typeof TtyBinding>;

/** The speed of a servo bus, baud. */
const BUS_SPEED = 1_000_000;

/**
 * Opens a port at `baudRate`, locked against other programs: a stream of the bytes both ways, which emits "close" with
 * an error whose `disconnected` is true when the board is unplugged. That is noticed while the stream is being read:
 * give it a listener of "data", or `resume()` it. Rejects with a `PortError`.
 */
export async function openSerialPort(path: string, baudRate: number = BUS_SPEED): Promise<SerialPort> {
  // Loaded when it is wanted: a service that drives arms does without, and starts the sooner.
  const serialport = await import("serialport");
  // Its types admit only the bindings that it brings; its code takes any.
  const Port = serialport.SerialPort as unknown as typeof SerialPortStream<typeof TtyBinding>;
  const port = new Port({ binding: TtyBinding, path, baudRate, autoOpen: false });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
  return port;
}

/**
 * Resolves when the board behind a port is unplugged; what comes from it until then is thrown away. The port is ours
 * meanwhile. Rejects with a `PortError` when it cannot be opened, and with the signal's reason, the port closed.
 */
export async function watchUnplugged(path: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const port = await openSerialPort(path);
  try {
    const closed = once(port, "close", { signal });
    port.resume();
    await closed;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    if (port.isOpen) await new Promise((resolve) => port.close(resolve));
  }
}
