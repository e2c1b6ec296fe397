/** Ports that are given up to another program: from the moment that one is known of, nothing more is sent. */
import type { Owner } from "../linux/owners/program.ts";
import type { Transport } from "../serial/transport.ts";
import { inUseBy } from "../serial/troubles.ts";
import type { ArmPort, ArmPorts } from "./connection.ts";

/** Who else has a port. */
export interface Claimant {
  /** Whether another program has it. Allocates nothing. */
  readonly hasIt: boolean;
  /** That program, where it is known. */
  readonly owner: Owner | undefined;
}

/**
 * `ports`, but for those that another program has: such a port is not opened, and on one that is open nothing is sent
 * and nothing taken. Each attempt throws {@link PortError} "in use", whatever it was for.
 */
export function yieldingPorts(ports: ArmPorts, claimantOf: (path: string) => Claimant): ArmPorts {
  return {
    clock: ports.clock,
    async open(path, baudRate) {
      const claimant = claimantOf(path);
      if (claimant.hasIt) throw inUseBy(path, claimant.owner);
      return yielding(await ports.open(path, baudRate), path, claimant);
    },
  };
}

/** An open port that is given up as soon as it is claimed. */
export function yielding(port: ArmPort, path: string, claimant: Claimant) {
  return {
    transport: new YieldingTransport(port.transport, path, claimant),
    setBaudRate: (baudRate: number) => port.setBaudRate(baudRate),
    latencyTimer: port.latencyTimer,
    close: () => port.close(),
  };
}

/** A transport that does nothing more once another program has its port. Allocates nothing unless it throws. */
class YieldingTransport implements Transport {
  readonly out: Uint8Array;
  readonly in: Uint8Array;
  /** Bytes that came and that nobody had asked for, as far as they were thrown away. */
  discarded = 0;
  readonly #transport: Transport;
  readonly #path: string;
  readonly #claimant: Claimant;

  constructor(transport: Transport, path: string, claimant: Claimant) {
    this.out = transport.out;
    this.in = transport.in;
    this.#transport = transport;
    this.#path = path;
    this.#claimant = claimant;
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
    if (this.#claimant.hasIt) throw inUseBy(this.#path, this.#claimant.owner);
  }
}
