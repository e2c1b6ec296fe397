import { expect, test } from "bun:test";
import { invokersEnvironment, invokingUser } from "../../src/host/invoker.ts";

const sudo = { SUDO_UID: "1", SUDO_USER: "daemon", HOME: "/root" };

test("under sudo it is the user who called it, with that user's home", () => {
  expect(invokingUser(sudo, 0)).toMatchObject({ uid: 1, home: expect.stringMatching(/^\//) });
});

test.each([
  ["nobody called sudo", {}, 0],
  ["it is not root who runs", sudo, 1000],
  ["the system does not know that user", { SUDO_UID: "4000000" }, 0],
  ["the variable is no user's number", { SUDO_UID: "0; rm" }, 0],
] as const)("it is nobody when %s", (_, env, euid) => {
  expect(invokingUser(env, euid)).toBeUndefined();
});

test("without sudo the environment is as it is", () => {
  expect(invokersEnvironment({ HOME: "/home/me" })).toEqual({ HOME: "/home/me" });
});
