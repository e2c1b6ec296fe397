/** Which process has a port: real ones, on a pty. */
import { afterEach, expect, test } from "bun:test";
import { findOwner, ownerOf } from "../../../src/linux/owners/owner.ts";
import { nameOfOwner } from "../../../src/linux/owners/program.ts";
import { atEnd, cleanUp, newBoard, newHelper } from "../../support/ports.ts";

afterEach(cleanUp);

test("a port that nobody has, has no owner, nor has a path that is not there", () => {
  expect(findOwner(newBoard().path)).toBeUndefined();
  expect(ownerOf("/dev/ttySO101")).toBeUndefined();
});

test("the owner is who has locked the port, whoever else has it open", async () => {
  const { path } = newBoard();
  const bystander = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
  atEnd(() => bystander.kill());
  const helper = newHelper("open-port.ts", [path]);
  expect(await helper.line()).toBe('{"opened":true}');
  expect(findOwner(path)).toBe(helper.pid);
  expect(ownerOf(path)?.pid).toBe(helper.pid);
});

test("where nobody has locked it, the owner is who has it open, by the name of the program", () => {
  const { path } = newBoard();
  const user = Bun.spawn(["sleep", "60"], { stdin: Bun.file(path) });
  atEnd(() => user.kill());
  expect(findOwner(path)).toBe(user.pid);
  expect(nameOfOwner(ownerOf(path)!)).toBe(`sleep (pid ${user.pid})`);
});
