import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { programPath, run } from "../support/program.ts";

setDefaultTimeout(120_000);

/** What an argument may be; a NUL cannot be in one. */
const anything = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !text.includes("\0")),
  fc.constantFrom(
    "",
    "-",
    "--",
    "--help=",
    "-1",
    "NaN",
    "1e999",
    "0x10",
    "../..",
    "/dev/null",
    "/dev/zero",
    "=",
    "ä",
  ),
  fc.constantFrom("leader", "follower", "--json", "--yes", "--pair", "--id", "--port", "--rate", "--watch"),
);

/** Runs the program; it must end by itself, with an exit code that it has, and without a stack. */
async function ends(...args: string[]): Promise<void> {
  const { stderr, code } = await run(["timeout", "20", programPath, ...args], { cwd: "/" });
  expect({ args, code: [0, 1, 2].includes(code) || code }).toEqual({ args, code: true });
  expect({ args, stack: /^ +at \S+ \(/m.test(stderr) }).toEqual({ args, stack: false });
}

/** Runs a property on a handful of random argument lists. */
const always = (property: (args: string[]) => Promise<void>) =>
  fc.assert(fc.asyncProperty(fc.array(anything, { maxLength: 5 }), property), { numRuns: 30 });

test("whatever words come instead of a command, it ends and says why", () =>
  always((args) => ends("--no-such-option", ...args)));

test("whatever options teleoperate gets, it ends where its configuration is missing", () =>
  always((args) => ends("teleoperate", "--config", "/nonexistent/config.toml", ...args)));

test("whatever a rate or a duration is, it is a number or refused", () =>
  fc.assert(
    fc.asyncProperty(anything, anything, (rate, duration) =>
      ends(
        ...["teleoperate", "--config", "/nonexistent/config.toml"],
        ...[`--rate=${rate}`, `--duration=${duration}`],
      ),
    ),
    { numRuns: 30 },
  ));

test("whatever a service is looked for by, it is found or said not to be", () =>
  fc.assert(
    fc.asyncProperty(anything, (socket) => ends("status", `--socket=${socket}`)),
    { numRuns: 30 },
  ));

test("whatever a port is, it is read or said not to be one", () =>
  fc.assert(
    fc.asyncProperty(anything, (port) => ends("monitor", `--port=${port}`, "--once", "--yes")),
    { numRuns: 30 },
  ));
