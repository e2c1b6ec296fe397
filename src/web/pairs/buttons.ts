/** What the page's buttons do to one pair: done when it has happened, as on the command line. */
import { askService } from "../../api/client.ts";
import type { Status } from "../../api/protocol.ts";
import { JOINTS } from "../../arm/joints.ts";
import type { Audience } from "../../messages/audience.ts";
import { messageOf } from "../../workflows/api-problem.ts";
import { askFor, type Torque } from "../../workflows/wish.ts";
import { UnclaimedReleases } from "../access/unclaimed-releases.ts";
import type { Standing } from "../http/route.ts";
import type { Action, ActionReply } from "../messages.ts";
import { Joined } from "./joined.ts";

/** What a machine that has the leader alone can do, and what becomes of who follows it. */
const NOT_SENT =
  "The leader's positions are not sent any more: a follower on another machine stays where it is. To release it, ask its own machine.";

const done: Readonly<Record<Action, (torque: Torque) => string>> = {
  pause: (torque) =>
    torque === "elsewhere"
      ? NOT_SENT
      : torque === "on"
        ? "The follower stays where it is."
        : "Paused: the follower's torque is not on.",
  release: (torque) => (torque === "elsewhere" ? NOT_SENT : "The torque of the follower is off."),
  resume: (torque) =>
    torque === "elsewhere"
      ? "The leader's positions are sent again."
      : "The follower moves slowly to the leader's pose, then follows it.",
};

/** The buttons of a pair. */
export class Buttons {
  readonly #sockets: readonly string[];
  readonly #audience: Audience;
  readonly #releases = new UnclaimedReleases();
  /** However many press at once, the service is asked by one: it would end connections of ours that are too many. */
  readonly #asking: Readonly<Record<"pause" | "release", Joined<Torque>>>;
  readonly #releasing = new Joined(() => this.#releaseUnclaimed());

  constructor(sockets: readonly string[], audience: Audience) {
    this.#sockets = sockets;
    this.#audience = audience;
    // What somebody wanted is done, whoever has gone away meanwhile.
    const asking = (wish: "pause" | "release") =>
      new Joined(() => askFor(wish, sockets, new AbortController().signal));
    this.#asking = { pause: asking("pause"), release: asking("release") };
  }

  /** Does what a button says. Never rejects: what could not be done is in the reply. */
  async press(action: Action, standing: Standing, signal: AbortSignal): Promise<ActionReply> {
    try {
      if (action === "resume") return await this.#resume(standing, signal);
      if (action === "release" && standing === "unclaimed") return await this.#releasing.ask();
      return { done: true, text: done[action](await this.#asking[action].ask()) };
    } catch (error) {
      return refused(messageOf(error, this.#audience));
    }
  }

  async #resume(standing: Standing, signal: AbortSignal): Promise<ActionReply> {
    if (standing === "unclaimed") return refused("Resume moves the arm: claim this page first.");
    const torque = await askFor("resume", this.#sockets, signal);
    this.#releases.forget();
    return { done: true, text: done.resume(torque) };
  }

  /**
   * Pauses at once, then releases. Who releases again what was released, or is being released, changes nothing, and is told
   * of success; what lets an arm sink that somebody has made go on meanwhile is counted.
   */
  async #releaseUnclaimed(): Promise<ActionReply> {
    const before = await this.#status();
    const again = this.#releases.isAgain(before) || (isStill(before) && isReleased(before));
    // The arm stands still at once, whatever is to come; that it does is not waited for.
    if (!isStill(before)) await askService(this.#sockets, { do: "pause" });
    if (!again) {
      if (!this.#releases.isAllowed) {
        return refused(
          "Paused, not released: unclaimed pages have released it three times in ten minutes. Pause still works; a " +
            "claimed page may release it, and its Resume lets others release again.",
        );
      }
      this.#releases.count(performance.now(), before);
    }
    return { done: true, text: done.release(await this.#asking.release.ask()) };
  }

  async #status(): Promise<Status> {
    return (await askService(this.#sockets, { do: "status" }))!;
  }
}

/** Whether the pair drives nothing, and will not, by anybody's wish. */
function isStill({ mode }: Status): boolean {
  return mode !== "running";
}

/** Whether nothing is held any more that could sink. */
function isReleased({ arms }: Status): boolean {
  return JOINTS.every((joint) => arms.follower.joints[joint].torqueOn === false);
}

function refused(text: string): ActionReply {
  return { done: false, text };
}
