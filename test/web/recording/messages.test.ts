import { expect, test } from "bun:test";
import * as v from "valibot";
import { recordSchema } from "../../../src/web/recording/messages.ts";

const order = { dataset: "cubes", fps: 30, resume: false };
const taskOf = (task: string) => {
  const { success, output } = v.safeParse(recordSchema, { ...order, task });
  return success ? output.task : undefined;
};

test("a task is what people write, in any script and with emoji, each of which is one character", () => {
  for (const task of ["Put the cube into the box", "نمی‌خواهم", "Fix it 👩‍🔧", "🎉".repeat(200)]) {
    expect(taskOf(` ${task} `)).toBe(task);
  }
});

test("what cannot be seen, is empty, or longer than a sentence is no task", () => {
  for (const task of [
    "",
    "  ",
    "two\nlines",
    "\u202ebackwards",
    "a\u0000b",
    "a".repeat(201),
    "🎉".repeat(201),
  ]) {
    expect(taskOf(task)).toBeUndefined();
  }
});
