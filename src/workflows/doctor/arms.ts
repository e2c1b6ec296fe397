/** What the doctor finds of the arms by reading their servos. */
import { CalibrationStore } from "../../arm/calibration/store.ts";
import { findingsOf } from "../../arm/checks/findings.ts";
import { inspectArm } from "../../arm/checks/inspect.ts";
import type { ArmState } from "../../arm/checks/state.ts";
import { nameOfArm } from "../../arm/identity.ts";
import { rolesHere } from "../../arm/joints.ts";
import { remediesOf } from "../../arm/remedy.ts";
import { SERVO_IDS } from "../../arm/servos/read.ts";
import { connectionTo } from "../../arm/system-ports.ts";
import type { Config } from "../../config/config.ts";
import type { RoundTrip } from "../../feetech/round-trip.ts";
import type { Audience } from "../../messages/audience.ts";
import { sayProblem } from "../../messages/problems.ts";
import { sayRoundTrip } from "../../messages/round-trip.ts";
import { broken, type Check, ok, range, warning } from "../check.ts";

/** The arms of this machine, by reading their servos; nothing is changed. */
export async function readArms(config: Config, audience: Audience): Promise<Check[]> {
  const checks: Check[] = [];
  const states: ArmState[] = [];
  const calibrations = new CalibrationStore(config.calibration_dir);
  for (const role of rolesHere(config.network.arms)) {
    const { id, port } = config[role];
    const connection = connectionTo({ role, id }, port, "read");
    try {
      await connection.reach();
      await connection.lookCloser();
      const { bus, problem } = connection;
      if (bus === undefined) {
        // Why a port cannot be opened has been said of the port.
        if (problem?.code === "port.failed")
          checks.push(
            broken(connection.name, sayProblem(problem, audience), undefined, ...remediesOf(problem)),
          );
        continue;
      }
      const state = { ...inspectArm({ role, id }, bus, calibrations), unreached: problem };
      states.push(state);
      checks.push(servos(state, audience));
      const held = connection.latencyProblem;
      if (held !== undefined) checks.push(warning(`${role}'s port`, sayProblem(held, audience)));
      if (bus.roundTrip.isKnown) checks.push(replies(`${role}'s port`, bus.roundTrip));
    } finally {
      await connection.close();
    }
  }
  return [
    ...checks,
    ...states.flatMap((state, index) => findings(state, states[1 - index], config, audience)),
  ];
}

function servos(state: ArmState, audience: Audience): Check {
  const area = nameOfArm(state);
  const there = state.images.filter((image) => image !== null);
  if (there.length === 0 && (state.unreached === undefined || state.unreached.code === "bus.silent")) {
    return broken(area, "no servo answers", "switch the arm's power on, and check the lead at the board", {
      do: "switch power on",
      arm: state.role,
    });
  }
  // The line begins with the arm's name already.
  const trouble = state.unreached && withoutPrefix(sayProblem(state.unreached, audience), `${area}: `);
  const cures = state.unreached === undefined ? [] : remediesOf(state.unreached);
  if (there.length === 0) return broken(area, trouble!, undefined, ...cures);
  const ids = SERVO_IDS.filter((_, index) => state.images[index]).join(" ");
  const models = [...new Set(there.map((image) => image.value("model_number")))].join(", ");
  const firmware = [...new Set(there.map((image) => image.firmware))].join(", ");
  const volts = there.map(({ voltageV }) => voltageV);
  const celsius = there.map((image) => image.value("present_temperature"));
  const figures =
    `ids ${ids}, model ${models}, firmware ${firmware}, ` +
    `${range(volts, " V", 1)}, ${range(celsius, " °C")}`;
  return trouble === undefined
    ? ok(area, figures)
    : broken(area, `${figures}; ${trouble}`, undefined, ...cures);
}

/** How long the replies took meanwhile. */
function replies(area: string, roundTrip: RoundTrip): Check {
  return ok(area, sayRoundTrip({ p50: roundTrip.percentileMs(0.5), p99: roundTrip.percentileMs(0.99) }));
}

function findings(
  state: ArmState,
  counterpart: ArmState | undefined,
  { teleoperation }: Config,
  audience: Audience,
): Check[] {
  if (state.images.every((image) => image === null)) return [];
  const area = `calibration of the ${state.role}`;
  // What the line about the arm's servos has said is not said again.
  const found = findingsOf(state, counterpart, teleoperation.normalisation).filter(
    ({ problem }) => problem !== state.unreached,
  );
  if (found.length === 0) return [ok(area, "holds what its calibration file says")];
  return found.map(({ severity, problem }) => {
    const message = sayProblem(problem, audience);
    if (severity === "info") return ok(area, message);
    const cures = remediesOf(problem);
    return severity === "fault"
      ? broken(area, message, undefined, ...cures)
      : warning(area, message, undefined, ...cures);
  });
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
