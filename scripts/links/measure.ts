/** What a pair, and LeRobot's loop, make of a leader that swings behind ports with late replies: in virtual time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Calibration } from "../../src/arm/calibration/calibration.ts";
import { calibrationInServo } from "../../src/arm/calibration/in-servos.ts";
import { goalTable } from "../../src/arm/calibration/normalisation.ts";
import { CalibrationStore } from "../../src/arm/calibration/store.ts";
import { JOINTS, ROLES, type Role } from "../../src/arm/joints.ts";
import { ServoImage } from "../../src/arm/servos/servo-image.ts";
import { defaultConfig } from "../../src/config/config.ts";
import { answersFor } from "../../src/daemon/answers.ts";
import { pairSettings } from "../../src/daemon/settings/pair-settings.ts";
import { type RegisterName, setRegisterValue, TABLE_SIZE } from "../../src/feetech/registers.ts";
import { VirtualClock } from "../../src/sim/testing/clock.ts";
import { runLeRobot } from "../../src/sim/testing/lerobot.ts";
import {
  delayReplies,
  type GoalFigures,
  judgeGoals,
  PlaceWatch,
  type ReplyDelays,
  swing,
} from "../../src/sim/testing/slow-links.ts";
import { pathOf, VirtualArms } from "../../src/sim/testing/virtual-arms.ts";
import { Pair } from "../../src/teleop/pair.ts";
import type { PairSettings } from "../../src/teleop/settings.ts";
import { createMemory, openMemory } from "../../src/teleop/shared/control-memory.ts";

/** Judged from so long after following began, … */
const SETTLE_US = 2e6;
/** … for so long. */
const JUDGED_US = 10e6;
/** A pair that does not follow by then does not at all. */
const PATIENCE_US = 60e6;

/** What a pair made of it; undefined when it never followed. */
export type PairFigures = (GoalFigures & { readonly alignments: number }) | undefined;

/** Runs a pair with the default configuration. */
export async function measurePair(delays: ReplyDelays): Promise<PairFigures> {
  const arms = armsBehind(delays);
  const { clock } = arms;
  const dir = mkdtempSync(join(tmpdir(), "so101-links-"));
  try {
    const store = new CalibrationStore(dir);
    for (const role of ROLES) store.save({ role, id: role }, calibrationOf(arms, role));
    const memory = createMemory();
    let judged: { fromUs: number; toUs: number; places: PlaceWatch } | undefined;
    const end = () => memory.mailbox.requestEnd("stop");
    clock.at(clock.nowUs() + PATIENCE_US, end);
    const settings = settingsIn(dir);
    const answer = answersFor(settings, memory);
    const pair = new Pair(settings, {
      ports: { clock, open: (path) => arms.open(path) },
      memory: openMemory(memory.buffer, answer),
      sink: (event) => {
        if (event.kind !== "state" || event.to !== "following" || judged !== undefined) return;
        judged = span(arms, clock.nowUs() + SETTLE_US);
        clock.at(judged.toUs, end);
      },
      onMissingEdge: "throw",
    });
    await pair.run();
    if (judged === undefined) return undefined;
    const alignments = memory.telemetry.counter("alignments");
    return { ...judgeGoals(arms.record, targetsOf(arms), judged), alignments };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Runs LeRobot's loop. */
export function measureLeRobot(delays: ReplyDelays): GoalFigures {
  const arms = armsBehind(delays);
  const judged = span(arms, arms.clock.nowUs() + SETTLE_US);
  runLeRobot(arms, targetsOf(arms), judged.toUs);
  return judgeGoals(arms.record, targetsOf(arms), judged);
}

/** For each joint where LeRobot puts the follower by the leader's reading, in range mode. */
export function targetsOf(arms: VirtualArms): Int16Array[] {
  const [leader, follower] = [calibrationOf(arms, "leader"), calibrationOf(arms, "follower")];
  return JOINTS.map((joint) => goalTable(leader, follower, joint, "range"));
}

function armsBehind(delays: ReplyDelays): VirtualArms {
  const arms = new VirtualArms(new VirtualClock(), "configured");
  delayReplies(arms, delays);
  arms.boards.leader.hand.play(swing(arms), arms.clock.nowUs());
  return arms;
}

function span(arms: VirtualArms, fromUs: number) {
  const toUs = fromUs + JUDGED_US;
  return { fromUs, toUs, places: new PlaceWatch(arms, fromUs, toUs) };
}

function settingsIn(calibrationDir: string): PairSettings {
  const armOf = (role: Role) => ({ port: pathOf(role), id: role });
  return {
    ...pairSettings(defaultConfig),
    arms: { leader: armOf("leader"), follower: armOf("follower") },
    calibrationDir,
  };
}

/** As the servos have it. */
function calibrationOf({ boards, clock }: VirtualArms, role: Role): Calibration {
  const joints = JOINTS.map((joint, index) => {
    const image = new Uint8Array(TABLE_SIZE);
    const values = boards[role].arm.servos[index]!.values(clock.nowUs());
    for (const [name, value] of Object.entries(values)) setRegisterValue(name as RegisterName, value, image);
    return [joint, calibrationInServo(joint, new ServoImage(image))];
  });
  return Object.fromEntries(joints) as Calibration;
}
