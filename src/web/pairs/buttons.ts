/** What the page's buttons do to one pair: done when it has happened, as on the command line. */
import { askService } from "../../api/client.ts";
import type { Audience } from "../../messages/audience.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { askFor, type Torque } from "../../workflows/wish.ts";
import { UnclaimedReleases } from "../access/unclaimed-releases.ts";
import type { Standing } from "../http/route.ts";
import type { Action, ActionReply } from "../messages.ts";

const done: Readonly<Record<Action, (torque: Torque) => string>> = {
  pause: (torque) =>
    torque === "on" ? "The follower stays where it is." : "Paused: the follower's torque is not on.",
  release: () => "The torque of the follower is off.",
  resume: () => "The follower moves slowly to the leader's pose, then follows it.",
};

/** The buttons of a pair. */
export class Buttons {
  readonly #sockets: readonly string[];
  readonly #audience: Audience;
  readonly #releases = new UnclaimedReleases();

  constructor(sockets: readonly string[], audience: Audience) {
    this.#sockets = sockets;
    this.#audience = audience;
  }

  /** Does what a button says. Never rejects: what could not be done is in the reply. */
  async press(action: Action, standing: Standing, signal: AbortSignal): Promise<ActionReply> {
    try {
      if (action === "resume") {
        if (standing === "unclaimed") return refused("Resume moves the arm: claim this page first.");
        this.#releases.forget();
      }
      if (action === "release" && standing === "unclaimed") {
        const now = performance.now();
        if (!this.#releases.isAllowed(now)) {
          return refused(
            "Released three times in ten minutes from here: Pause still works, Resume allows it again.",
          );
        }
        this.#releases.count(now);
        // The arm stands still at once, whatever is to come.
        await askService(this.#sockets, { do: "pause" });
      }
      return { done: true, text: done[action](await askFor(action, this.#sockets, signal)) };
    } catch (error) {
      return refused(messageOf(error, this.#audience));
    }
  }
}

function refused(text: string): ActionReply {
  return { done: false, text };
}
