/** The way between a pair's service and this client: a socket beside the control socket, a message a sample, both ways. */
import { samplesPath } from "../../api/address.ts";
import { connectTo } from "../../linux/sockets/stream.ts";
import { SAMPLE_BYTES } from "../../teleop/remote/sample.ts";

/** An open way. */
export interface LocalLink {
  /** Hands a sample to the service; while that takes none, it is lost. */
  send(sample: Uint8Array): void;
  close(): void;
}

/**
 * Connects to the service whose control socket is at a path. `heard` gets each sample of its own leader, in a buffer that is
 * its own; `ended` is called when the service ends it. Rejects with the system's error.
 */
export async function openLocalLink(
  controlPath: string,
  heard: (sample: Uint8Array) => void,
  ended: () => void,
): Promise<LocalLink> {
  const fd = connectTo(samplesPath(controlPath), 0, "datagrams");
  let isOpen = true;
  const socket = await Bun.connect({
    // Bun takes a connected socket, which its types do not know: of one of messages each is a call of `data`.
    ...({ fd } as unknown as { unix: string }),
    socket: {
      data(_, message) {
        if (message.length === SAMPLE_BYTES) heard(message);
      },
      close() {
        isOpen = false;
        ended();
      },
      error() {},
    },
  });
  return {
    send(sample) {
      if (isOpen) socket.write(sample);
    },
    close() {
      if (isOpen) socket.end();
    },
  };
}
