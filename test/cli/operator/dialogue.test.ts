import { expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../support/program.ts";

const ROOT = join(import.meta.dir, "../../..");

/** What a dialogue with these options prints off a terminal, line by line, and what `talk` comes to. */
async function dialogue(options: { yes?: true; json?: true }, talk: string): Promise<string[]> {
  const script = `
    import { dialogueFor } from "./src/cli/operator/dialogue.ts";
    const dialogue = dialogueFor(${JSON.stringify(options)}, new AbortController().signal);
    const talk = async () => { ${talk} };
    console.log(await talk().catch(({ name, message }) => name + ": " + message));`;
  const { stdout, stderr } = await run([process.execPath, "-e", script], { cwd: ROOT });
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

const everything =
  'dialogue.say("a"); dialogue.done("b"); dialogue.warn("c"); dialogue.fail("d"); dialogue.event({ event: "e" }); return ""';

test("people get lines that say how grave they are", async () => {
  expect(await dialogue({}, everything)).toEqual(["a", "b", "warning: c", "fault: d"]);
});

test("programs get a JSON object a line, and events that people do not", async () => {
  const lines = await dialogue({ json: true }, everything);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event: "notice", severity: "info", message: "a" },
    { event: "notice", severity: "info", message: "b" },
    { event: "notice", severity: "warning", message: "c" },
    { event: "notice", severity: "fault", message: "d" },
    { event: "e" },
  ]);
});

test("without a person a question is wrong usage, …", async () => {
  for (const options of [{}, { json: true }] as const) {
    expect(await dialogue(options, 'return dialogue.confirm("May it?")')).toEqual([
      "UsageError: May it? — nobody can be asked here: run it on a terminal, or give --yes",
    ]);
  }
});

test("… unless --yes has answered it, which is said", async () => {
  expect(await dialogue({ yes: true }, 'return dialogue.confirm("May it?")')).toEqual([
    "May it? — yes",
    "true",
  ]);
});

test("--yes does not answer a question about a probable mistake", async () => {
  expect(await dialogue({ yes: true }, 'return dialogue.confirm("Is it red?", { grave: true })')).toEqual([
    "warning: Is it red?",
    "false",
  ]);
});

test("--yes chooses nothing: what to give instead is said", async () => {
  const options = '[{ value: "a", label: "A" }]';
  expect(
    await dialogue({ yes: true }, `return dialogue.choose("Which?", ${options}, "give --joint")`),
  ).toEqual(["UsageError: Which? — nobody can be asked here: give --joint"]);
});
