/** `so101 pause`, `resume` and `release`: somebody beside the arms says whether they may move. */
import { Command } from "commander";
import { printLine } from "../linux/text/stdout.ts";
import { type Audience, command } from "../messages/audience.ts";
import { askFor, type Torque } from "../workflows/wish.ts";
import { askEachPair, printAnswers } from "./each-pair.ts";
import { interruptible } from "./interrupt.ts";
import { addJsonOption } from "./options/arm.ts";
import { readerOf } from "./options/audience.ts";
import { addAllOption, addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

/** What a machine that has the leader alone can do. */
const NOT_SENT =
  "the leader's positions are not sent any more, and a follower on another machine stays where it is: its own machine releases it";

const wishes = {
  pause: {
    summary: "hold the follower where it is",
    description:
      "Makes the service hold the follower where it is, until resume or release. What is held for hold_for_s is released. " +
      "The exit code is 1 unless the follower was seen to be held, or to have its torque off.",
    // A follower whose torque is off is held by nothing.
    done: (torque: Torque) =>
      torque === "elsewhere"
        ? `paused: ${NOT_SENT}`
        : torque === "off"
          ? "paused: the torque of the follower is off, and stays off"
          : "paused: the follower stays where it is",
    next: (audience: Audience, torque: Torque) =>
      `"${command(audience, "resume")}" goes on` +
      (torque === "elsewhere" ? "" : `, "${command(audience, "release")}" releases it`),
  },
  resume: {
    summary: "go on after pause, release or park",
    description:
      "Makes the service go on: the follower approaches the leader's pose slowly, then follows it.",
    done: (torque: Torque) =>
      torque === "elsewhere"
        ? "resumed: the leader's positions are sent again"
        : "resumed: the follower moves slowly to the leader's pose, then follows it",
    next: undefined,
  },
  release: {
    summary: "release the follower, softly",
    description:
      "Makes the service release the follower softly, over about a second, and leave its torque off until resume. Keep a " +
      "hand under it. The exit code is 1 unless the torque of every servo is off.",
    done: (torque: Torque) =>
      torque === "elsewhere" ? `released: ${NOT_SENT}` : "released: the torque of the follower is off",
    next: (audience: Audience) => `"${command(audience, "resume")}" goes on`,
  },
} as const;

interface Options extends ServiceOptions {
  readonly all?: true;
  readonly json?: true;
}

/** Makes the three commands. */
export function pauseCommands(): Command[] {
  return (["pause", "resume", "release"] as const).map((wish) => {
    const { summary, description } = wishes[wish];
    const made = new Command(wish)
      .summary(summary)
      .description(description)
      .action((options: Options) =>
        interruptible((signal) => (options.all ? askAll(wish, options, signal) : ask(wish, options, signal))),
      );
    return addJsonOption(addAllOption(addServiceOptions(made)));
  });
}

async function ask(
  wish: keyof typeof wishes,
  { json, ...service }: Options,
  signal: AbortSignal,
): Promise<void> {
  const { done, next } = wishes[wish];
  const torque = await askFor(wish, socketPaths(service), signal);
  const text = next === undefined ? done(torque) : `${done(torque)} — ${next(readerOf(service), torque)}`;
  printLine(json ? JSON.stringify(eventOf(wish)) : text);
}

async function askAll(wish: keyof typeof wishes, { json }: Options, signal: AbortSignal): Promise<void> {
  const answers = await askEachPair(async (sockets, pair) => {
    const torque = await askFor(wish, sockets, signal);
    return { text: wishes[wish].done(torque), fields: { ...eventOf(wish), pair } };
  });
  printAnswers(answers, json);
}

function eventOf(wish: keyof typeof wishes): object {
  return { time: new Date().toISOString(), event: wish };
}
