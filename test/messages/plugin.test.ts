import { expect, test } from "bun:test";
import { unitsWarning } from "../../src/messages/plugin.ts";

test("a LeRobot whose units are others is warned of, and told which key changes that", () => {
  for (const version of ["0.3.3", "0.4.0", "0.4.3"]) {
    expect(unitsWarning("range", version)).toBeUndefined();
    expect(unitsWarning("degrees", version)).toContain('normalisation = "range"');
  }
  for (const version of ["0.4.4", "0.5.1", "0.6.2", "0.6.2.dev0", "1.0.0"]) {
    expect(unitsWarning("degrees", version)).toBeUndefined();
    expect(unitsWarning("range", version)).toContain('normalisation = "degrees"');
    expect(unitsWarning("range", version)).toContain(`LeRobot ${version} in degrees`);
  }
});

test("of a LeRobot whose version says nothing, nothing is said", () => {
  expect(unitsWarning("range", "unknown")).toBeUndefined();
});
