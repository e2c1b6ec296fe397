import { expect, test } from "bun:test";
import { Epochs } from "../../../src/remote/samples/epochs.ts";

const A = "000000000000000a";
const B = "000000000000000b";
const everyOne = () => true;

test("the first epoch that comes is followed, and what is newer of it handed on", () => {
  const epochs = new Epochs(250);
  expect(epochs.judge(A, 5, 0, everyOne)).toBe("newest");
  expect(epochs.judge(A, 6, 5, everyOne)).toBe("newest");
  expect(epochs.judge(A, 6, 6, everyOne)).toBe("old");
  expect(epochs.judge(A, 5, 7, everyOne)).toBe("old");
  expect(epochs.judge(A, 9, 20, everyOne)).toBe("newest");
});

test("another epoch is not followed before the one that is was silent for the hold time", () => {
  const epochs = new Epochs(250);
  epochs.judge(A, 1, 0, everyOne);
  expect(epochs.judge(B, 1, 249, everyOne)).toBe("other");
  expect(epochs.followed).toBe(A);
  expect(epochs.judge(B, 2, 250, everyOne)).toBe("newest");
  expect(epochs.followed).toBe(B);
  expect(epochs.judge(A, 2, 251, everyOne)).toBe("other");
});

test("old samples of the one that is followed do not keep another from being followed", () => {
  const epochs = new Epochs(250);
  epochs.judge(A, 100, 0, everyOne);
  for (let ms = 10; ms < 250; ms += 10) expect(epochs.judge(A, 100, ms, everyOne)).toBe("old");
  expect(epochs.judge(B, 1, 251, everyOne)).toBe("newest");
});

test("an epoch whose leader's calibration is not known is not followed", () => {
  const epochs = new Epochs(250);
  expect(epochs.judge(A, 1, 0, (epoch) => epoch === B)).toBe("unknown");
  expect(epochs.followed).toBeUndefined();
  expect(epochs.judge(B, 1, 1, (epoch) => epoch === B)).toBe("newest");
});

test("numbers begin at 0 again after the last of 32 bits", () => {
  const epochs = new Epochs(250);
  epochs.judge(A, 2 ** 32 - 1, 0, everyOne);
  expect(epochs.judge(A, 0, 5, everyOne)).toBe("newest");
  expect(epochs.judge(A, 2 ** 32 - 1, 6, everyOne)).toBe("old");
});

test("a number that no leader can have come to makes nothing old", () => {
  const epochs = new Epochs(250);
  epochs.judge(A, 10, 0, everyOne);
  expect(epochs.judge(A, 2 ** 31 - 5, 5, everyOne)).toBe("old");
  expect(epochs.judge(A, 11, 6, everyOne)).toBe("newest");
});

test("after a silence whoever speaks first is followed, whatever its numbers were", () => {
  const epochs = new Epochs(250);
  epochs.judge(A, 5_000, 0, everyOne);
  expect(epochs.isHeard(200)).toBe(true);
  expect(epochs.isHeard(30_000)).toBe(false);
  expect(epochs.judge(A, 6_000, 30_000, everyOne)).toBe("newest");
  expect(epochs.judge(A, 3, 60_000, everyOne)).toBe("newest");
});
