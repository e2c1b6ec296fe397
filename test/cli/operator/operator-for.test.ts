import { expect, test } from "bun:test";
import { join } from "node:path";
import { run } from "../../support/program.ts";

const ROOT = join(import.meta.dir, "../../..");

/** What an operator with these options prints off a terminal, line by line, and what `talk` comes to. */
async function spoken(options: { yes?: true; json?: true }, talk: string): Promise<string[]> {
  const script = `
    import { operatorFor } from "./src/cli/operator/operator-for.ts";
    const operator = operatorFor(${JSON.stringify(options)}, new AbortController().signal);
    const talk = async () => { ${talk} };
    console.log(await talk().catch(({ name, message }) => name + ": " + message));`;
  const { stdout, stderr } = await run([process.execPath, "-e", script], { cwd: ROOT });
  expect(stderr).toBe("");
  return stdout.trimEnd().split("\n");
}

const everything =
  '["info", "done", "warning", "fault"].forEach((tone, i) => operator.tell(tone, "abcd"[i])); operator.event({ event: "e" }); return ""';

test("people get lines that say how grave they are", async () => {
  expect(await spoken({}, everything)).toEqual(["a", "b", "warning: c", "fault: d"]);
});

test("programs get a JSON object a line, and events that people do not", async () => {
  const lines = await spoken({ json: true }, everything);
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
    expect(await spoken(options, 'return operator.ask("May it?")')).toEqual([
      "UsageError: May it? — nobody can be asked here: run it on a terminal, or give --yes",
    ]);
  }
});

test("… unless --yes has answered it, which is said", async () => {
  expect(await spoken({ yes: true }, 'return operator.ask("May it?")')).toEqual(["May it? — yes", "true"]);
});

test("--yes does not answer a question about a probable mistake", async () => {
  expect(await spoken({ yes: true }, 'return operator.ask("Is it red?", "grave")')).toEqual([
    "warning: Is it red?",
    "false",
  ]);
});

test("--yes chooses nothing: what to give instead is said", async () => {
  const options = '[{ value: "a", label: "A" }]';
  expect(await spoken({ yes: true }, `return operator.choose("Which?", ${options}, "give --joint")`)).toEqual(
    ["UsageError: Which? — nobody can be asked here: give --joint"],
  );
});

const both = 'operator.event({ event: "found" }, { tone: "warning", message: "It is red." }); return ""';

test("what is both an event and words is told once: people get the words, programs the event", async () => {
  expect(await spoken({}, both)).toEqual(["warning: It is red."]);
  expect(await spoken({ json: true }, both)).toEqual(['{"event":"found"}']);
});

test("a step tells people what to do, and programs its fields too", async () => {
  const step = 'operator.progress({ step: "middle", joints: ["gripper"] }, "Bring it there."); return ""';
  expect(await spoken({}, step)).toEqual(["Bring it there."]);
  expect(await spoken({ json: true }, step)).toEqual([
    '{"event":"step","step":"middle","joints":["gripper"]}',
    '{"event":"notice","severity":"info","message":"Bring it there."}',
  ]);
});

test("without a person nobody says that something is done", async () => {
  expect(await spoken({ yes: true }, 'operator.live("all is moved")')).toEqual([
    "UsageError: nobody can say here when all is moved: run it on a terminal",
  ]);
});
