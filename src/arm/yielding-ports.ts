/** Ports that are given up to another program: from the moment that one is known of, nothing more is sent. */
import type { Owner } from "../linux/owner.ts";
import type { Transport } from "../serial/transport.ts";
import { inUseBy } from "../serial/troubles.ts";
import type { ArmPort, ArmPorts } from "./connection.ts";

/** Who else has which port. */
export interface Claimants {
  /** Whether another program has the port at a path. Allocates nothing. */
  has(path: string): boolean;
  /** That program, where it is known. */
  ownerOf(path: string): Owner | undefined;
}

/**
 * `ports`, but for those that another program has: such a port is not opened, and on one that is open nothing is sent
 * and nothing taken. Each attempt throws {@link PortError} "in use", whatever it was for.
 */
export function yieldingPorts(ports: ArmPorts, claimants: Claimants): ArmPorts {
  return {
    clock: ports.clock,
    async open(path, baudRate): Promise<ArmPort> {
      if (claimants.has(path)) throw inUseBy(path, claimants.ownerOf(path));
      const port = await ports.open(path, baudRate);
      return {
        transport: new YieldingTransport(port.transport, path, claimants),
        setBaudRate: (rate) => port.setBaudRate(rate),
        close: () => port.close(),
      };
    },
  };
}

/** A transport that does nothing more once another program has its port. Allocates nothing unless it throws. */
export class YieldingTransport implements Transport {
  readonly out: Uint8Array;
  readonly in: Uint8Array;
  /** Bytes that came and that nobody had asked for, as far as they were thrown away. */
  discarded = 0;
  readonly #transport: Transport;
  readonly #path: string;
  readonly #claimants: Claimants;

  constructor(transport: Transport, path: string, claimants: Claimants) {
    this.out = transport.out;
    this.in = transport.in;
    this.#transport = transport;
    this.#path = path;
    this.#claimants = claimants;
  }

  send(size: number, deadlineUs: number): void {
    this.#check();
    this.#transport.send(size, deadlineUs);
  }

  receive(offset: number, deadlineUs: number): number {
    this.#check();
    return this.#transport.receive(offset, deadlineUs);
  }

  discard(): number {
    this.#check();
    const count = this.#transport.discard();
    this.discarded += count;
    return count;
  }

  #check(): void {
    if (this.#claimants.has(this.#path)) throw inUseBy(this.#path, this.#claimants.ownerOf(this.#path));
  }
}
