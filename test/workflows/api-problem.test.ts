import { expect, test } from "bun:test";
import { describeApiProblem } from "../../src/workflows/api-problem.ts";

test("it is said that the service does not run, and how to start it", () => {
  const said = describeApiProblem(
    { kind: "not running", paths: ["/run/a/main.sock", "/run/b/main.sock"] },
    {},
  );
  expect(said).toStartWith(
    "the service does not run (nothing answers at /run/a/main.sock or /run/b/main.sock) — start it with ",
  );
  expect(said).toContain('"sudo systemctl start so101-teleop"');
});

test("the unit of the pair is named", () => {
  expect(describeApiProblem({ kind: "not running", paths: ["/run/a/left.sock"] }, { pair: "left" })).toMatch(
    /start so101-teleop@left.*"so101 teleoperate --pair left"/,
  );
});

test("of a socket that was given and has no pair's name it is not known whose it is", () => {
  const saidOf = (path: string) =>
    describeApiProblem({ kind: "not running", paths: [path] }, { socket: path });
  expect(saidOf("/nowhere/main.sock")).toContain('"sudo systemctl start so101-teleop", or run');
  for (const path of ["/tmp/a", "/tmp/no-pair-of-this-machine.sock"]) {
    expect(saidOf(path)).toEndWith(`at ${path}) — run "so101 teleoperate --socket ${path}"`);
  }
});

test("a service of another version is restarted by its pair's unit", () => {
  expect(describeApiProblem({ kind: "unknown" }, {})).toEndWith('"sudo systemctl restart so101-teleop"');
  expect(describeApiProblem({ kind: "unknown" }, { pair: "left" })).toEndWith(
    '"sudo systemctl restart so101-teleop@left"',
  );
});

test.each([
  [{ kind: "unknown" }, "no service of this version"],
  [{ kind: "silent" }, "does not answer"],
  [{ kind: "ended" }, "has ended"],
  [{ kind: "denied", path: "/x.sock" }, "you may not talk to the service at /x.sock — use sudo"],
  [{ kind: "refused", reason: "speaks 2" }, "the service refused: speaks 2"],
] as const)("%j", (problem, said) => {
  expect(describeApiProblem(problem, {})).toContain(said);
});
