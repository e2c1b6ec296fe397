/** What the doctor finds of the service: whether it is there, runs, and may run on time. */

import type { Status } from "../../api/protocol.ts";
import { armsRead, type Role, rolesHere } from "../../arm/joints.ts";
import { unitOf } from "../../config/pairs.ts";
import { unitProperties } from "../../host/machine.ts";
import { type Audience, command } from "../../messages/audience.ts";
import { sayRoundTrip } from "../../messages/round-trip.ts";
import { broken, type Check, ok, warning } from "../check.ts";

/** The unit and the program in it. */
export async function checkService(
  pair: string,
  status: Status | undefined,
  audience: Audience,
): Promise<Check[]> {
  const unit = unitOf(pair);
  const area = "service";
  const found = await unitProperties(unit, [
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NRestarts",
    "LimitRTPRIO",
  ]);
  const running =
    status === undefined
      ? []
      : [
          teleoperation(status, audience),
          ...rolesHere(armsRead(status)).map((role) => replies(role, status)),
          ...remoteLeader(status),
        ];
  if (found === undefined && status !== undefined) {
    return [ok(area, "runs, started by hand: systemd does not run here"), ...running];
  }
  if (found === undefined) {
    return [
      warning(area, "systemd does not run here", `start it by hand: ${command(audience, "teleoperate")}`),
    ];
  }
  const { LoadState, ActiveState, UnitFileState, NRestarts, LimitRTPRIO } = found;
  if (LoadState === "not-found") {
    return [
      warning(
        area,
        `${unit} is not installed`,
        "sudo apt install ./so101-teleop_*.deb, or: sudo so101 install",
      ),
      ...running,
    ];
  }
  const checks: Check[] = [];
  const restarts = Number(NRestarts) > 0 ? `, restarted ${NRestarts} times` : "";
  if (ActiveState !== "active") {
    checks.push(
      broken(
        area,
        `${unit} is ${ActiveState}`,
        `sudo systemctl start ${unit}; why it stopped: journalctl -u ${unit}`,
        { do: "start service" },
      ),
    );
  } else if (restarts !== "") {
    checks.push(warning(area, `${unit} runs${restarts}`, `why: journalctl -u ${unit}`));
  } else {
    checks.push(ok(area, `${unit} runs`));
  }
  if (UnitFileState !== "enabled") {
    checks.push(warning(area, `${unit} does not start at boot`, `sudo systemctl enable ${unit}`));
  }
  if (LimitRTPRIO === "0") {
    checks.push(warning("real-time", `${unit} may not run on time`, "restore LimitRTPRIO=20 in the unit"));
  } else {
    checks.push(ok("real-time", "permitted"));
  }
  return [...checks, ...running];
}

/** How long the replies of an arm take. */
function replies(role: Role, { arms }: Status): Check {
  const { roundTripMs, lateReplies, timeouts } = arms[role];
  return ok(`${role}'s port`, `${sayRoundTrip(roundTripMs)}, ${lateReplies} late, ${timeouts} lost`);
}

/** What comes of the leader of another machine, where one is followed. */
function remoteLeader({ remote }: Status): Check[] {
  if (remote === undefined) return [];
  const { leader, delayMs, longestGapMs, holds, wantedS, followedS } = remote;
  const share =
    wantedS > 0 ? `followed ${((100 * followedS) / wantedS).toFixed(1)} % of the time` : "not yet followed";
  const delay = delayMs.p99 === null ? "" : `, delay beyond the least ${delayMs.p99.toFixed(1)} ms (p99)`;
  const gap = `, longest gap ${longestGapMs.toFixed(0)} ms, ${holds} ${holds === 1 ? "hold" : "holds"}`;
  return [ok(`leader ${leader}`, `${share}${delay}${gap}`)];
}

function teleoperation(
  { state, why, reasons, rateHz, lateTicks, ticks, activeAlarms, mode }: Status,
  audience: Audience,
): Check {
  const area = "teleoperation";
  if (mode === "lent") return warning(area, why, "it goes on once that program gives the arms back, or ends");
  const cures = reasons.flatMap(({ cures }) => cures);
  if (state === "faulted") return broken(area, `faulted: ${why}`, undefined, ...cures);
  if (mode !== "running" && cures.length === 0) {
    return warning(area, `${mode}: somebody asked for it`, command(audience, "resume"), { do: "resume" });
  }
  if (state === "waiting") return broken(area, `waiting: ${why}`, undefined, ...cures);
  const figures = `${state}, ${Math.round(rateHz)} Hz, ${lateTicks} of ${ticks} ticks too late`;
  if (activeAlarms.length > 0)
    return warning(area, `${figures}; ${activeAlarms.map(({ message }) => message).join("; ")}`);
  return ok(area, figures);
}
