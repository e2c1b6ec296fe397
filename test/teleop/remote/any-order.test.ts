/** A follower of another machine's leader, whatever is asked and happens in whatever order, in virtual time. */
import { expect, test } from "bun:test";
import type { LeaderTrouble, PairSettings } from "../../../src/teleop/settings.ts";
import { EPOCH, remotePair } from "../../support/remote-pair.ts";

const OTHER_EPOCH = "00000000000000bb";
/** What is done at random until then; from then on all is well. */
const WELL_FROM_S = 17;
const END_S = 25;

const parkPose = {
  ...{ shoulder_pan: 0, shoulder_lift: -50, elbow_flex: 50, wrist_flex: 0, wrist_roll: 0, gripper: 10 },
};

/** Numbers from 0 up to 1 that are the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** Goals for the follower, as they are sent: a synchronous write from goal_position on. */
const GOALS = /^fffffe..832a/i;

test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))(
  "follows once all is well, by edges that there are, and is not driven while it is paused, released or lent (seed %p)",
  async (seed) => {
    const random = randomFrom(seed);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
    const armsHere = pick(["both", "follower"] as const);
    const { it, link, settings } = remotePair({
      settings: { armsHere, parkPose, isSent: true, holdForS: pick([2, 600]) },
    });
    using _ = it;
    const { mailbox } = it.memory;
    const { follower, leader } = it.arms.boards;
    const { remoteLeader, ...local } = settings;
    const { heard } = remoteLeader!;
    const send = (how: Partial<PairSettings["remoteLeader"]>) =>
      mailbox.sendSettings({ ...settings, remoteLeader: { ...remoteLeader!, ...how } });
    const trouble = (of: LeaderTrouble) => it.memory.troubles.send(JSON.stringify(of));
    let [isSpeaking, epoch, afterMs] = [true, EPOCH, 2];
    for (let s = 0.3; s < END_S; s += 0.005) {
      it.at(s, () => isSpeaking && link.sample(it.positions("leader"), { epoch, afterMs }));
    }
    const acts = {
      run: () => {
        mailbox.mode = "running";
      },
      pause: () => {
        mailbox.mode = "paused";
      },
      release: () => {
        mailbox.mode = "released";
      },
      park: () => mailbox.requestPark(),
      lend: () => mailbox.requestLend(),
      endLend: () => mailbox.isLendAsked && mailbox.endLend(),
      local: () => (armsHere === "both" ? mailbox.sendSettings(local) : undefined),
      remote: () => {
        epoch = EPOCH;
        mailbox.sendSettings(settings);
      },
      anew: () => {
        epoch = OTHER_EPOCH;
        send({ heard: { ...heard!, epoch } });
      },
      unfit: () => send({ heard: { ...heard!, normalisation: "degrees" } }),
      another: () => send({ name: "lab/main" }),
      trouble: () => trouble({ leader: pick(["desk/main", "lab/main"]), trouble: { why: "offline" } }),
      noTrouble: () => trouble({ leader: "desk/main" }),
      silent: () => {
        isSpeaking = false;
      },
      speaks: () => {
        isSpeaking = true;
      },
      late: () => {
        afterMs = pick([50, 200]);
      },
      soon: () => {
        afterMs = 2;
      },
      unplug: () => {
        pick([follower, leader]).isPlugged = false;
      },
      plug: () => {
        follower.isPlugged = true;
        leader.isPlugged = true;
      },
      noClient: () => {
        link.isThere = false;
      },
      client: () => {
        link.isThere = true;
      },
      stop: () => it.clock.pass(pick([0.1, 0.3, 3])),
    };
    const done: string[] = [];
    for (let s = 1; s < WELL_FROM_S; s += pick([0.001, 0.02, 0.1, 0.3, 1, 2]) * (0.5 + random())) {
      const act = pick(Object.keys(acts) as (keyof typeof acts)[]);
      it.at(s, () => {
        done.push(act);
        acts[act]();
      });
    }
    for (const act of ["endLend", "plug", "client", "speaks", "soon", "remote", "run"] as const)
      it.at(WELL_FROM_S, acts[act]);
    let before = { obeyed: "", acts: 0, requests: 0 };
    const driven: string[] = [];
    for (let s = 0.4; s < END_S - 0.1; s += 0.01) {
      it.at(s, () => {
        const obeyed = mailbox.lentWithTorque === undefined ? (mailbox.isObeyed ? mailbox.mode : "") : "lent";
        const { record } = it.arms;
        const isAsBefore = obeyed === before.obeyed && done.length === before.acts;
        if (isAsBefore && obeyed !== "" && obeyed !== "running")
          for (const entry of record.slice(before.requests))
            if (entry.kind === "request" && (obeyed === "lent" || GOALS.test(entry.hex))) driven.push(obeyed);
        before = { obeyed, acts: done.length, requests: record.length };
      });
    }
    let state: string | undefined;
    it.at(END_S - 0.01, () => {
      state = it.states().at(-1);
    });
    await it.runFor(END_S);
    const hasGoals = it.arms.record.some((entry) => entry.kind === "request" && GOALS.test(entry.hex));
    expect(hasGoals).toBe(true);
    expect([state, driven]).toEqual(["following", []]);
  },
);
