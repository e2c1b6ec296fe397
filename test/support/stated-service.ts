/** A control socket whose service says what a test has it say: for what is shown of states that arms alone do not bring about. */
import type { PairArms, Status } from "../../src/api/protocol.ts";
import { eventsAfter } from "../../src/daemon/api/kept-events.ts";
import { SampleStream } from "../../src/daemon/api/sample-stream.ts";
import { serveApi } from "../../src/daemon/api/server.ts";
import { createMemory } from "../../src/teleop/shared/control-memory.ts";

/** The service; disposing ends it. */
export interface StatedService extends Disposable {
  /** What it says from now on. */
  status: Status;
  arms: PairArms;
  /** What it was asked to follow, in that order. */
  readonly followed: readonly string[];
  /** What else it was asked to do, and refused. */
  readonly asked: readonly string[];
}

/** Serves it at a path. */
export async function stateService(path: string, status: Status): Promise<StatedService> {
  const memory = createMemory();
  const followed: string[] = [];
  const asked: string[] = [];
  const refuse = (what: string) => () => {
    asked.push(what);
    return "that is not done here";
  };
  const server = await serveApi(path, {
    status: () => service.status,
    samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
    frames: () => new SampleStream(memory.readSamples(), 50),
    ...{ recorder: refuse("recorder"), recording: refuse("recording"), record: refuse("record") },
    events: (after) => eventsAfter(after, []),
    arms: () => service.arms,
    follow(leader) {
      followed.push(leader);
      return undefined;
    },
    ...{ pause: refuse("pause"), resume: refuse("resume"), release: refuse("release"), park: refuse("park") },
    ...{ lend: refuse("lend"), network: refuse("network"), heard: refuse("heard"), unsent: refuse("unsent") },
    ...{ drive: refuse("drive"), yield: refuse("yield") },
    ...{ tell: () => undefined, reload() {} },
  });
  const service: StatedService = {
    status,
    arms: {
      ...{ normalisation: "range", rateHz: 200 },
      ...{ leader: { id: "leader", joints: null }, follower: { id: "follower", joints: null } },
    },
    followed,
    asked,
    [Symbol.dispose]: () => server.close(),
  };
  return service;
}
