/** A control socket whose service says what a test has it say: for what is shown of states that arms alone do not bring about. */
import type { Status } from "../../src/api/protocol.ts";
import { eventsAfter } from "../../src/daemon/api/kept-events.ts";
import { SampleStream } from "../../src/daemon/api/sample-stream.ts";
import { serveApi } from "../../src/daemon/api/server.ts";
import { createMemory } from "../../src/teleop/shared/control-memory.ts";

/** The service; disposing ends it. */
export interface StatedService extends Disposable {
  /** What it says from now on. */
  status: Status;
  /** What it was asked to follow, in that order. */
  readonly followed: readonly string[];
}

/** Serves it at a path. */
export async function stateService(path: string, status: Status): Promise<StatedService> {
  const memory = createMemory();
  const followed: string[] = [];
  const refuse = () => "that is not done here";
  const server = await serveApi(path, {
    status: () => service.status,
    samples: (everyMs) => new SampleStream(memory.readSamples(), everyMs),
    events: (after) => eventsAfter(after, []),
    follow(leader) {
      followed.push(leader);
      return undefined;
    },
    ...{ pause: refuse, resume: refuse, release: refuse, park: refuse, lend: refuse, tell: refuse },
    ...{ network: refuse, heard: refuse, unsent: refuse, reload() {} },
  });
  const service = {
    status,
    followed,
    [Symbol.dispose]: () => server.close(),
  };
  return service;
}
