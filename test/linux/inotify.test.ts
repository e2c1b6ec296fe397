/** Hearing that somebody opens a file. */
import { afterEach, expect, test } from "bun:test";
import { closeSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { OpenWatch } from "../../src/linux/inotify.ts";
import { cleanUp, newBoard, newFolder, openPort } from "../support/ports.ts";

afterEach(cleanUp);

test("each opening is news once, by whatever name of the file", () => {
  const { path } = newBoard();
  const link = `${newFolder()}/arm`;
  symlinkSync(path, link);
  const watch = OpenWatch.of(link)!;
  expect(watch.takeNews()).toBe(false);
  openPort(path);
  expect(watch.takeNews()).toBe(true);
  expect(watch.takeNews()).toBe(false);
  watch.close();
});

test("a storm of openings is news, and does not stop there", () => {
  const path = `${newFolder()}/file`;
  writeFileSync(path, "");
  const watch = OpenWatch.of(path)!;
  for (let i = 0; i < 2_000; i++) closeSync(openSync(path, "r"));
  expect(watch.takeNews()).toBe(true);
  closeSync(openSync(path, "r"));
  expect(watch.takeNews()).toBe(true);
  watch.close();
});

test("the end of a file is news, and one that is not there is not watched", () => {
  const path = `${newFolder()}/file`;
  writeFileSync(path, "");
  const watch = OpenWatch.of(path)!;
  rmSync(path);
  expect(watch.takeNews()).toBe(true);
  watch.close();
  watch.close();
  expect(OpenWatch.of(path)).toBeUndefined();
});
