/** `so101 pause`, `resume` and `release`: somebody beside the arms says whether they may move. */
import { Command } from "commander";
import { askService } from "../api/client.ts";
import { printLine } from "../linux/stdout.ts";
import { type Audience, command } from "../messages/audience.ts";
import { addJsonOption } from "./options/arm.ts";
import { readerOf } from "./options/audience.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

const wishes = {
  pause: {
    summary: "hold the follower where it is",
    description:
      "Makes the service hold the follower where it is, until resume or release. What is held for hold_for_s is released.",
    done: (audience: Audience) =>
      `paused: the follower stays where it is — "${command(audience, "resume")}" goes on, ` +
      `"${command(audience, "release")}" releases it`,
  },
  resume: {
    summary: "go on after pause or release",
    description:
      "Makes the service go on: the follower approaches the leader's pose slowly, then follows it.",
    done: () => "resumed: the follower moves slowly to the leader's pose, then follows it",
  },
  release: {
    summary: "release the follower, softly",
    description:
      "Makes the service release the follower softly, over about a second, and leave its torque off until resume. Keep a hand under it.",
    done: (audience: Audience) =>
      `released: the torque of the follower is off within two seconds — "${command(audience, "resume")}" goes on`,
  },
} as const;

interface Options extends ServiceOptions {
  readonly json?: true;
}

/** Makes the three commands. */
export function pauseCommands(): Command[] {
  return (["pause", "resume", "release"] as const).map((wish) => {
    const { summary, description, done } = wishes[wish];
    const made = new Command(wish)
      .summary(summary)
      .description(description)
      .action(async ({ json, ...service }: Options) => {
        await askService(socketPaths(service), { do: wish });
        printLine(
          json ? JSON.stringify({ time: new Date().toISOString(), event: wish }) : done(readerOf(service)),
        );
      });
    return addJsonOption(addServiceOptions(made));
  });
}
