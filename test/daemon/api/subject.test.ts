import { expect, test } from "bun:test";
import { numbersOf } from "../../../src/arm/calibration/numbers.ts";
import { defaultConfig } from "../../../src/config/config.ts";
import { apiSubject, type SubjectSources } from "../../../src/daemon/api/subject.ts";
import { EventHistory } from "../../../src/daemon/events/event-history.ts";
import { tell } from "../../../src/daemon/events/told.ts";
import { Lending } from "../../../src/daemon/lending.ts";
import { pairSettings } from "../../../src/daemon/settings/pair-settings.ts";
import { createMemory } from "../../../src/teleop/shared/control-memory.ts";
import { calibrations } from "../../arm/arms.ts";
import { aDrive } from "../../support/drive.ts";

/** A subject of the control socket, and the codes of what it has told. */
function subject(settings = pairSettings(defaultConfig), known: SubjectSources["calibrations"] = {}) {
  const history = new EventHistory();
  const memory = createMemory();
  const lending = new Lending(memory, () => {});
  const sources = {
    ...{
      pair: "main",
      startedAt: new Date(),
      settings,
      memory,
      history,
    },
    ...{
      calibrations: known,
      lending,
      inTheWay: undefined,
      ...aDrive(memory),
      reading: { at: new Date(), refused: [], kept: [] },
    },
  };
  const sink = (event: Parameters<typeof tell>[0]) => history.take(tell(event, [], {}));
  const made = apiSubject(
    () => sources,
    sink,
    () => {},
    () => ({}),
  );
  const told = () => history.events.map(({ severity, code, message }) => [severity, code, message]);
  return { made, told, codes: () => history.events.map(({ code }) => code) };
}

test("what another program has told is told in words of the service, five times in a row at most", () => {
  const { made, codes } = subject();
  for (const what of ["claim began", "claim failed", "claim began", "claim made"] as const) {
    expect(made.tell(what)).toBeUndefined();
  }
  expect(codes()).toEqual([
    "SO101-E102 claim.began",
    "SO101-E104 claim.failed",
    "SO101-E102 claim.began",
    "SO101-E103 claim.made",
  ]);
  for (let i = 0; i < 3; i++) expect(made.tell("claim began")).toBeUndefined();
  expect(made.tell("claim began")).toContain("too often");
  expect(codes()).toHaveLength(7);
  // One of another kind is not lost with them.
  expect(made.tell("claim made")).toBeUndefined();
  expect(codes().at(-1)).toBe("SO101-E103 claim.made");
});

test("what comes over the network is told as it is to be read, with the name that two machines have", () => {
  const { made, told } = subject();
  for (const what of ["network pause", "network command not done", "network command retained"] as const)
    expect(made.tell(what)).toBeUndefined();
  expect(made.tell("network name twice", "desk")).toBeUndefined();
  expect(told()).toEqual([
    ["info", "SO101-E116 network.command", expect.stringContaining("over the network")],
    ["warning", "SO101-E116 network.command", expect.stringContaining("not done")],
    ["warning", "SO101-E117 network.command-ignored", expect.stringContaining("without retain")],
    ["warning", "SO101-E115 network.name-twice", expect.stringContaining("call themselves desk")],
  ]);
});

test("a machine that has the leader alone parks nothing", () => {
  const { made } = subject({ ...pairSettings(defaultConfig), armsHere: "leader" });
  expect(made.park()).toContain("the leader of this pair alone");
});

test("the arms are told with their calibrations where these are known, the leader's as the one that is followed", () => {
  const { made } = subject({ ...pairSettings(defaultConfig), normalisation: "degrees" }, calibrations);
  const { leader, follower } = calibrations;
  expect(made.arms()).toEqual({
    ...{ normalisation: "degrees", rateHz: 200 },
    leader: { id: "leader", joints: numbersOf(leader) },
    follower: { id: "follower", joints: numbersOf(follower) },
  });
  expect(subject().made.arms().leader).toEqual({ id: "leader", joints: null });
});
