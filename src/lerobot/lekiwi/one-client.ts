/**
 * Who LeKiwi's client is: the address that connected first, for as long as it has a connection. PUSH shares its messages
 * out among all who are there, so that of two each would see half.
 */
import { type Connection, connectionsTo, endConnection } from "../../linux/sockets/inet.ts";

/** A client has two; what reconnects has some more for a moment. */
const MOST_CONNECTIONS = 16;
/** So many that were refused are remembered, so that each is told once. */
const MOST_REFUSED = 16;

/** What is told of clients. */
export interface OneClientOptions {
  /** The ports that it connects to. */
  readonly ports: readonly number[];
  /** A client has come; its predecessor had gone. */
  came(address: string): void;
  /** It has no connection any more. */
  left(address: string): void;
  /** Another one is refused, for the first time since this one came. */
  refused(address: string): void;
}

/** Judges who may connect. */
export class OneClient {
  readonly #options: OneClientOptions;
  readonly #refused = new Set<string>();
  #address: string | undefined;

  constructor(options: OneClientOptions) {
    this.#options = options;
  }

  /** Its address; undefined while there is none. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Whether who comes from an address is the client, or may become it: then it is. */
  admit(address: string): boolean {
    if (this.#address !== undefined && this.#address !== address) this.look();
    if (this.#address === undefined) {
      this.#address = address;
      this.#refused.clear();
      this.#options.came(address);
    }
    if (this.#address === address) return true;
    if (!this.#refused.has(address) && this.#refused.size < MOST_REFUSED) {
      this.#refused.add(address);
      this.#options.refused(address);
    }
    return false;
  }

  /** Looks whether it is still there, and ends connections beyond all need; to be called now and then. */
  look(): void {
    const connections = this.#options.ports.map(connectionsTo);
    for (const ofPort of connections) this.#endSurplus(ofPort);
    const client = this.#address;
    if (client === undefined || connections.flat().some(({ address }) => address === client)) return;
    this.#address = undefined;
    this.#options.left(client);
  }

  /** The client's own stay, as far as there is room. */
  #endSurplus(connections: readonly Connection[]): void {
    const isOurs = ({ address }: Connection) => address === this.#address;
    const sorted = [...connections.filter(isOurs), ...connections.filter((one) => !isOurs(one))];
    sorted.slice(MOST_CONNECTIONS).forEach(endConnection);
  }
}
