/** The shared memory as each of the two threads sees it. */

import { ROLES, type Role } from "../../arm/joints.ts";
import { ROUND_TRIP_BUCKETS, TimeCounts } from "../../feetech/round-trip.ts";
import { LinkOwner } from "../remote/link.ts";
import { Claims } from "./claims.ts";
import { Lateness } from "./lateness.ts";
import { type SharedMemory, sharedMemory } from "./layout.ts";
import { Letter, type LetterMemory, LetterSender } from "./letter.ts";
import { Mailbox, MailboxSender } from "./mailbox.ts";
import { Answering, Questions } from "./questions.ts";
import { SampleReader, SampleWriter } from "./samples.ts";
import { Session, SessionSender } from "./session.ts";
import { Telemetry } from "./telemetry.ts";

/** The control thread's view: it takes commands, and publishes the rest. */
export interface ControlMemory {
  readonly mailbox: Mailbox;
  readonly questions: Questions;
  readonly claims: Claims;
  readonly telemetry: Telemetry;
  readonly lateness: Lateness;
  /** For each arm, how often its replies took how long: for its `RoundTrip`. */
  readonly roundTrips: Readonly<Record<Role, Uint32Array>>;
  readonly samples: SampleWriter;
  /** How often a sample of another machine's leader was late by how much. */
  readonly remoteDelays: TimeCounts;
  /** The connection to the network's client: for a `SocketLink`. */
  readonly link: Int32Array;
  /** Each is a `LeaderTrouble`. Nobody is called away for it. */
  readonly troubles: Letter;
  /** The drive that a client has asked for. */
  readonly session: Session;
  /** The connection on which its targets come: for a `SocketLink`. */
  readonly targets: Int32Array;
}

/** The main thread's view: it sends commands, and reads the rest. */
export interface MainMemory {
  /** To be handed to the control thread. */
  readonly buffer: SharedArrayBuffer;
  readonly mailbox: MailboxSender;
  /** To be answered whenever the control thread calls for it. */
  readonly questions: Answering;
  readonly claims: Claims;
  readonly telemetry: Telemetry;
  readonly lateness: Lateness;
  /** For each arm, how often its replies took how long: for `roundTripMs`. */
  readonly roundTrips: Readonly<Record<Role, Uint32Array>>;
  /** How often a sample of another machine's leader was late by how much: for `roundTripMs`. */
  readonly remoteDelays: Uint32Array;
  readonly link: LinkOwner;
  /** Each is a `LeaderTrouble`, for when the control thread has nobody to follow. */
  readonly troubles: LetterSender;
  readonly session: SessionSender;
  readonly targets: LinkOwner;
  /** Begins to read samples, from now on. */
  readSamples(): SampleReader;
  /** Has the follower's positions read for every sample, as the port allows, until what is returned is called. */
  record(): () => void;
}

/** Makes the memory that a control thread is to share with this one. */
export function createMemory(): MainMemory {
  const memory = sharedMemory();
  const telemetry = new Telemetry(memory);
  telemetry.forgetAll();
  return {
    buffer: memory.buffer,
    mailbox: new MailboxSender(memory),
    questions: new Answering(memory),
    claims: new Claims(memory),
    telemetry,
    lateness: new Lateness(memory),
    roundTrips: roundTripsIn(memory),
    remoteDelays: memory.remoteDelays,
    link: new LinkOwner(memory.link),
    troubles: new LetterSender(troubleIn(memory)),
    session: new SessionSender(memory.session),
    targets: new LinkOwner(memory.targets),
    readSamples: () => new SampleReader(memory),
    record() {
      Atomics.add(memory.recorders, 0, 1);
      return () => void Atomics.sub(memory.recorders, 0, 1);
    },
  };
}

/**
 * The control thread's view of the memory that the main thread has made; `callMain` has that look at what is asked.
 */
export function openMemory(buffer: SharedArrayBuffer, callMain: () => void = () => {}): ControlMemory {
  const memory = sharedMemory(buffer);
  return {
    mailbox: new Mailbox(memory),
    questions: new Questions(memory, callMain),
    claims: new Claims(memory),
    telemetry: new Telemetry(memory),
    lateness: new Lateness(memory),
    roundTrips: roundTripsIn(memory),
    samples: new SampleWriter(memory),
    remoteDelays: new TimeCounts(memory.remoteDelays),
    link: memory.link,
    troubles: new Letter(troubleIn(memory)),
    session: new Session(memory.session),
    targets: memory.targets,
  };
}

function troubleIn({ troubleState, trouble }: SharedMemory): LetterMemory {
  return { words: troubleState, bytes: trouble };
}

function roundTripsIn({ roundTrips }: SharedMemory): Readonly<Record<Role, Uint32Array>> {
  const each = ROLES.map((role, index) => [
    role,
    roundTrips.subarray(index * ROUND_TRIP_BUCKETS, (index + 1) * ROUND_TRIP_BUCKETS),
  ]);
  return Object.fromEntries(each) as Record<Role, Uint32Array>;
}
