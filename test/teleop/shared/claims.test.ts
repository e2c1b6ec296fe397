import { expect, test } from "bun:test";
import { createMemory, openMemory } from "../../../src/teleop/shared/control-memory.ts";

test("a claim on one arm's port is seen on the other side, by whom, until it is given back", () => {
  const main = createMemory();
  const control = openMemory(main.buffer);
  expect(control.claims.has("follower")).toBe(false);
  main.claims.claim("follower", { pid: 812, name: "a-name-as-long-as-can-be" });
  expect(control.claims.has("follower")).toBe(true);
  expect(control.claims.has("leader")).toBe(false);
  expect(control.claims.ownerOf("follower")).toEqual({ pid: 812, name: "a-name-as-long-" });
  main.claims.claim("follower", { pid: 813 });
  expect(control.claims.ownerOf("follower")).toEqual({ pid: 813 });
  main.claims.giveBack("follower");
  expect(control.claims.has("follower")).toBe(false);
  expect(control.claims.ownerOf("follower")).toBeUndefined();
});

test("a program that is known by its traces only has no name", () => {
  const { claims } = createMemory();
  claims.claim("leader", { pid: 7, name: "python3" });
  claims.claim("leader");
  expect(claims.has("leader")).toBe(true);
  expect(claims.isUnseen("leader")).toBe(true);
  expect(claims.ownerOf("leader")).toBeUndefined();
});
