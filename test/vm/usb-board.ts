/**
 * A USB serial board (CDC-ACM), plugged into a machine that qemu emulates: the device's side of the usbredir protocol
 * (usbredirproto.h), of which it speaks what a Linux guest's cdc_acm asks for.
 */
import { connect, type Socket } from "node:net";

const Packet = {
  hello: 0,
  deviceConnect: 1,
  deviceDisconnect: 2,
  reset: 3,
  interfaceInfo: 4,
  endpointInfo: 5,
  setConfiguration: 6,
  getConfiguration: 7,
  configurationStatus: 8,
  setAlternative: 9,
  getAlternative: 10,
  alternativeStatus: 11,
  startInterrupt: 15,
  stopInterrupt: 16,
  interruptStatus: 17,
  cancel: 21,
  control: 100,
  bulk: 101,
} as const;

const Status = { success: 0, cancelled: 1, stall: 4 } as const;

/** What we can do: the device's version, packet sizes, ids of 64 bits, bulk lengths of 32 bits. */
const CAPABILITIES = 0x2 | 0x10 | 0x20 | 0x40;
const WIDE_IDS = 0x20;
const WIDE_BULK = 0x40;

const ENDPOINT_OUT = 0x02;
const ENDPOINT_IN = 0x82;
const ENDPOINT_INTERRUPT = 0x83;
/** What an adapter holds for a host that does not read. */
const FIFO_BYTES = 4096;

/** What a board says of itself. */
export interface BoardIdentity {
  /** Undefined: the board has none, as cheap ones. */
  readonly serial?: string;
  readonly vendorId?: number;
  readonly productId?: number;
  readonly product?: string;
}

/** One board. Plugging it in is connecting to a socket of qemu's. */
export class UsbBoard {
  /** Bytes that the guest wrote. */
  onData: (bytes: Buffer) => void = () => {};
  /** The guest set the line's speed, in baud. */
  onBaudRate: (baudRate: number) => void = () => {};
  readonly #identity: BoardIdentity;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  /** The guest's capabilities, once it has said them. */
  #capabilities: number | undefined;
  /** Reads of the guest that wait for bytes. */
  #reads = new Map<bigint, { length: number; stream: number }>();
  #toGuest: Buffer = Buffer.alloc(0);
  #lineCoding = lineCoding(9600);

  constructor(identity: BoardIdentity) {
    this.#identity = identity;
  }

  get isPlugged(): boolean {
    return this.#socket !== undefined;
  }

  /** Plugs the board into the port whose socket this is. */
  async plug(socketPath: string): Promise<void> {
    if (this.#socket !== undefined) throw new Error("the board is plugged in already");
    const socket = connect(socketPath);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    this.#capabilities = undefined;
    this.#reads.clear();
    this.#toGuest = Buffer.alloc(0);
    this.#lineCoding = lineCoding(9600);
    socket.on("data", (bytes: Buffer) => this.#receive(socket, bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    const hello = Buffer.alloc(68);
    hello.write("so101 test board");
    hello.writeUInt32LE(CAPABILITIES, 64);
    this.#send(Packet.hello, 0n, hello);
  }

  /** Pulls the plug. */
  async unplug(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (this.#capabilities !== undefined) this.#send(Packet.deviceDisconnect, 0n, Buffer.alloc(0));
    this.#socket = undefined;
    await new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.end(() => socket.destroy());
    });
  }

  /** Sends bytes to the guest. */
  write(bytes: Uint8Array): void {
    if (this.#socket === undefined) return;
    this.#toGuest = Buffer.concat([this.#toGuest, bytes]);
    if (this.#toGuest.length > FIFO_BYTES) this.#toGuest = this.#toGuest.subarray(-FIFO_BYTES);
    this.#answerReads();
  }

  #answerReads(): void {
    for (const [id, { length, stream }] of this.#reads) {
      if (this.#toGuest.length === 0) return;
      this.#reads.delete(id);
      const bytes = this.#toGuest.subarray(0, length);
      this.#toGuest = this.#toGuest.subarray(bytes.length);
      this.#bulkReply(id, ENDPOINT_IN, Status.success, bytes.length, stream, bytes);
    }
  }

  #receive(socket: Socket, bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#socket === socket) {
      const isWide = this.#has(WIDE_IDS);
      const headSize = isWide ? 16 : 12;
      if (this.#received.length < headSize) return;
      const size = headSize + this.#received.readUInt32LE(4);
      if (this.#received.length < size) return;
      const type = this.#received.readUInt32LE(0);
      const id = isWide ? this.#received.readBigUInt64LE(8) : BigInt(this.#received.readUInt32LE(8));
      const payload = this.#received.subarray(headSize, size);
      this.#received = this.#received.subarray(size);
      this.#take(type, id, payload);
    }
  }

  #has(capability: number): boolean {
    return this.#capabilities !== undefined && (this.#capabilities & capability) !== 0;
  }

  #send(type: number, id: bigint, payload: Buffer): void {
    const isWide = type !== Packet.hello && this.#has(WIDE_IDS);
    const head = Buffer.alloc(isWide ? 16 : 12);
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(payload.length, 4);
    if (isWide) head.writeBigUInt64LE(id, 8);
    else head.writeUInt32LE(Number(id), 8);
    this.#socket?.write(Buffer.concat([head, payload]));
  }

  #bulkReply(
    id: bigint,
    endpoint: number,
    status: number,
    length: number,
    stream: number,
    bytes: Buffer,
  ): void {
    const isWide = this.#has(WIDE_BULK);
    const head = Buffer.alloc(isWide ? 10 : 8);
    head.writeUInt8(endpoint, 0);
    head.writeUInt8(status, 1);
    head.writeUInt16LE(length & 0xffff, 2);
    head.writeUInt32LE(stream, 4);
    if (isWide) head.writeUInt16LE(length >> 16, 8);
    this.#send(Packet.bulk, id, Buffer.concat([head, bytes]));
  }

  #take(type: number, id: bigint, payload: Buffer): void {
    switch (type) {
      case Packet.hello:
        this.#capabilities = (payload.length >= 68 ? payload.readUInt32LE(64) : 0) & CAPABILITIES;
        this.#introduce();
        break;
      case Packet.control:
        this.#control(id, payload);
        break;
      case Packet.bulk:
        this.#bulk(id, payload);
        break;
      case Packet.cancel: {
        const read = this.#reads.get(id);
        if (read === undefined) break;
        this.#reads.delete(id);
        this.#bulkReply(id, ENDPOINT_IN, Status.cancelled, 0, read.stream, Buffer.alloc(0));
        break;
      }
      case Packet.setConfiguration:
        this.#send(Packet.configurationStatus, id, Buffer.from([Status.success, payload[0]!]));
        break;
      case Packet.getConfiguration:
        this.#send(Packet.configurationStatus, id, Buffer.from([Status.success, 1]));
        break;
      case Packet.setAlternative:
      case Packet.getAlternative:
        this.#send(Packet.alternativeStatus, id, Buffer.from([Status.success, payload[0]!, 0]));
        break;
      case Packet.startInterrupt:
      case Packet.stopInterrupt:
        this.#send(Packet.interruptStatus, id, Buffer.from([Status.success, payload[0]!]));
        break;
      case Packet.reset:
        this.#reads.clear();
        break;
    }
  }

  /** Interfaces, endpoints, and then the device: the guest enumerates it from here on. */
  #introduce(): void {
    const interfaces = Buffer.alloc(4 + 4 * 32);
    interfaces.writeUInt32LE(2, 0);
    interfaces.set([0, 1], 4); // their numbers
    interfaces.set([2, 10], 36); // their classes: communication, data
    interfaces.set([2, 0], 68); // their subclasses
    interfaces.set([1, 0], 100); // their protocols
    this.#send(Packet.interfaceInfo, 0n, interfaces);
    const [none, controlType, bulkType, interruptType] = [255, 0, 2, 3];
    const endpoints = Buffer.alloc(32 * 3 + 32 * 2);
    endpoints.fill(none, 0, 32);
    const describe = (endpoint: number, kind: number, of: number, size: number, interval = 0) => {
      const index = ((endpoint & 0x80) >> 3) | (endpoint & 15);
      endpoints[index] = kind;
      endpoints[32 + index] = interval;
      endpoints[64 + index] = of;
      endpoints.writeUInt16LE(size, 96 + 2 * index);
    };
    describe(0x00, controlType, 0, 64);
    describe(0x80, controlType, 0, 64);
    describe(ENDPOINT_OUT, bulkType, 1, 64);
    describe(ENDPOINT_IN, bulkType, 1, 64);
    describe(ENDPOINT_INTERRUPT, interruptType, 0, 16, 32);
    this.#send(Packet.endpointInfo, 0n, endpoints);
    const { vendorId = VENDOR_ID, productId = PRODUCT_ID } = this.#identity;
    const device = Buffer.alloc(10);
    device.set([FULL_SPEED, 2, 0, 0]);
    device.writeUInt16LE(vendorId, 4);
    device.writeUInt16LE(productId, 6);
    device.writeUInt16LE(DEVICE_VERSION, 8);
    this.#send(Packet.deviceConnect, 0n, device);
  }

  #bulk(id: bigint, payload: Buffer): void {
    const headSize = this.#has(WIDE_BULK) ? 10 : 8;
    const endpoint = payload[0]!;
    const high = headSize === 10 ? payload.readUInt16LE(8) << 16 : 0;
    const length = payload.readUInt16LE(2) | high;
    const stream = payload.readUInt32LE(4);
    if (endpoint === ENDPOINT_IN) {
      this.#reads.set(id, { length, stream });
      this.#answerReads();
    } else if (endpoint === ENDPOINT_OUT) {
      this.#bulkReply(id, endpoint, Status.success, length, stream, Buffer.alloc(0));
      this.onData(Buffer.from(payload.subarray(headSize)));
    } else {
      this.#bulkReply(id, endpoint, Status.stall, 0, stream, Buffer.alloc(0));
    }
  }

  #control(id: bigint, payload: Buffer): void {
    const [endpoint, request, type] = payload;
    const value = payload.readUInt16LE(4);
    const index = payload.readUInt16LE(6);
    const length = payload.readUInt16LE(8);
    const data = payload.subarray(10);
    const reply = this.#answerControl(type!, request!, value, data)?.subarray(0, length);
    const isIn = (type! & 0x80) !== 0;
    const head = Buffer.alloc(10);
    head.set([endpoint!, request!, type!, reply === undefined ? Status.stall : Status.success]);
    head.writeUInt16LE(value, 4);
    head.writeUInt16LE(index, 6);
    head.writeUInt16LE(isIn ? (reply?.length ?? 0) : data.length, 8);
    this.#send(Packet.control, id, Buffer.concat([head, reply ?? Buffer.alloc(0)]));
  }

  /** The reply to a control request, empty where there is only to accept it; undefined for what the board cannot do. */
  #answerControl(type: number, request: number, value: number, data: Buffer): Buffer | undefined {
    const accepted = Buffer.alloc(0);
    switch ((type << 8) | request) {
      case 0x8006: // GET_DESCRIPTOR
        return this.#descriptor(value >> 8, value & 0xff);
      case 0x8000: // GET_STATUS, of the device, an interface, an endpoint
      case 0x8100:
      case 0x8200:
        return Buffer.from([0, 0]);
      case 0x0001: // CLEAR_FEATURE, SET_FEATURE
      case 0x0003:
      case 0x0201:
      case 0x2122: // SET_CONTROL_LINE_STATE
      case 0x2123: // SEND_BREAK
        return accepted;
      case 0x2120: // SET_LINE_CODING
        this.#lineCoding = Buffer.from(data.subarray(0, 7));
        this.onBaudRate(this.#lineCoding.readUInt32LE(0));
        return accepted;
      case 0xa121: // GET_LINE_CODING
        return this.#lineCoding;
      default:
        return undefined;
    }
  }

  #descriptor(kind: number, number: number): Buffer | undefined {
    const { serial, vendorId = VENDOR_ID, productId = PRODUCT_ID, product = PRODUCT } = this.#identity;
    if (kind === 1) {
      const device = Buffer.from([
        18,
        1,
        0x10,
        1,
        2,
        0,
        0,
        64,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        2,
        serial === undefined ? 0 : 3,
        1,
      ]);
      device.writeUInt16LE(vendorId, 8);
      device.writeUInt16LE(productId, 10);
      device.writeUInt16LE(DEVICE_VERSION, 12);
      return device;
    }
    if (kind === 2 && number === 0) return CONFIGURATION;
    if (kind !== 3) return undefined;
    if (number === 0) return Buffer.from([4, 3, 0x09, 0x04]);
    if (number === 2) return stringDescriptor(product);
    return number === 3 && serial !== undefined ? stringDescriptor(serial) : undefined;
  }
}

/** A CH343, as on the arms. */
const VENDOR_ID = 0x1a86;
const PRODUCT_ID = 0x55d3;
const PRODUCT = "USB Single Serial";
const DEVICE_VERSION = 0x0445;
const FULL_SPEED = 1;

const INTERFACES = Buffer.from([
  ...[9, 4, 0, 0, 1, 2, 2, 1, 0], // interface 0: communication, abstract control
  ...[5, 0x24, 0, 0x10, 0x01], // CDC 1.10
  ...[5, 0x24, 1, 0, 1], // call management
  ...[4, 0x24, 2, 2], // line coding and serial state
  ...[5, 0x24, 6, 0, 1], // interfaces 0 and 1 belong together
  ...[7, 5, ENDPOINT_INTERRUPT, 3, 16, 0, 32],
  ...[9, 4, 1, 0, 2, 10, 0, 0, 0], // interface 1: data
  ...[7, 5, ENDPOINT_OUT, 2, 64, 0, 0],
  ...[7, 5, ENDPOINT_IN, 2, 64, 0, 0],
]);
const CONFIGURATION = Buffer.concat([
  Buffer.from([9, 2, 9 + INTERFACES.length, 0, 2, 1, 0, 0xa0, 67]),
  INTERFACES,
]);

function stringDescriptor(text: string): Buffer {
  const raw = Buffer.from(text, "utf16le");
  return Buffer.concat([Buffer.from([2 + raw.length, 3]), raw]);
}

function lineCoding(baudRate: number): Buffer {
  const coding = Buffer.from([0, 0, 0, 0, 0, 0, 8]);
  coding.writeUInt32LE(baudRate, 0);
  return coding;
}
