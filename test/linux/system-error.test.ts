import { expect, test } from "bun:test";
import { readFileSync, symlinkSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { nameOfErrno } from "../../src/linux/libc.ts";
import { factOf, isSystemError, reasonOf, type SystemError, whyOf } from "../../src/linux/system-error.ts";
import { failed, notOpened } from "../../src/serial/troubles.ts";

/** What people must never read: the system's own names. */
const RAW = /\bE[A-Z0-9]{3,}\b|errno/;

test("no reason names the system's own name of it", () => {
  for (const code of [...Object.keys(constants.errno), "EWHATEVER", undefined]) {
    expect(reasonOf(code)).not.toMatch(RAW);
    expect(reasonOf(code).length).toBeGreaterThan(5);
  }
});

test("nor does any trouble of a port, whatever the number", () => {
  for (let code = 1; code < 140; code++) {
    expect(notOpened("/dev/x", code).message).not.toMatch(RAW);
    expect(failed("/dev/x", "writing", code).message).not.toMatch(RAW);
  }
  expect(notOpened("/dev/x", constants.errno.ELOOP).message).toBe(
    "/dev/x could not be opened: its links lead in a circle",
  );
  expect(nameOfErrno(constants.errno.ELOOP)).toBe("ELOOP");
});

test("a refused call is a sentence about the file that it was about", async () => {
  const folder = await mkdtemp(join(tmpdir(), "so101-errors-"));
  symlinkSync("b", join(folder, "a"));
  symlinkSync("a", join(folder, "b"));
  const thrownBy = (call: () => unknown): SystemError => {
    try {
      call();
    } catch (error) {
      if (isSystemError(error)) return error;
    }
    throw new Error("no system error was thrown");
  };
  const circle = thrownBy(() => readFileSync(join(folder, "a")));
  expect(factOf(circle)).toBe(`${folder}/a could not be opened: its links lead in a circle`);
  expect(whyOf(circle)).toBe("its links lead in a circle");
  const link = thrownBy(() => symlinkSync("x", join(folder, "a")));
  expect(factOf(link)).toBe(`${folder}/a could not be made: there is something of that name already`);
  expect(isSystemError(new Error("ENOENT"))).toBe(false);
  expect(whyOf("as it is")).toBe("as it is");
});
