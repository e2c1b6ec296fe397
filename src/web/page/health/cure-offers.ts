/** What the page can do about a finding: each cure, and the workflow or the screen that is for it. */
import type { JointName } from "../../../arm/joints.ts";
import type { Cure } from "../../../workflows/check.ts";
import type { GivenOrder } from "../../work/orders.ts";

type Kind = Cure["do"];
type OfArm = Extract<GivenOrder, { arm: unknown }>;

/** What begins it: a work, the naming of the boards, or nothing but a look at a screen. */
export type Begin = OfArm | "naming" | undefined;

/** A cure as the page offers it. */
export interface CureOffer {
  readonly label: string;
  /** Where it is seen, and what a page does that may not begin it. */
  readonly href: "#set-up" | "#settings" | "#now";
  readonly begin: Begin;
}

/** Hands are the cure: the words beside it say what they do. */
const byHand = () => undefined;

const look = (href: CureOffer["href"], label: string): CureOffer => ({ href, label, begin: undefined });
const work = (label: string, begin: Begin): CureOffer => ({ href: "#set-up", label, begin });
const naming = () => work("Find out which arm is which", "naming");

/** Of those that are for an arm; of any other there is nothing to begin. */
function ofArm(label: (arm: string) => string, what: OfArm["what"]) {
  return ({ arm, ...cure }: Cure): CureOffer => {
    if (arm === undefined) return look("#set-up", label("the arm"));
    const joint = "joint" in cure && JOINT_ALONE.has(cure.do) ? (cure.joint as JointName) : undefined;
    const name = joint === undefined ? `the ${arm}` : `${joint} of the ${arm}`;
    return work(label(name), { what, arm, ...(joint !== undefined && { joint }) } as OfArm);
  };
}

/** What is done to one joint alone. */
const JOINT_ALONE: ReadonlySet<Kind> = new Set<Kind>(["calibrate joint", "give id"]);

const calibrating = ofArm((arm) => `Calibrate ${arm}`, "calibrate");
const givingIds = ofArm((arm) => `Give the servos their ids: ${arm}`, "setup-motors");

/** All of them. */
const OFFERS: Readonly<Record<Kind, (cure: Cure) => CureOffer | undefined>> = {
  assign: naming,
  "exchange ports": naming,
  "setup-motors": givingIds,
  "give ids": givingIds,
  "give id": givingIds,
  calibrate: calibrating,
  "calibrate joint": calibrating,
  "calibration pull": ofArm((arm) => `Take the calibration that ${arm} holds`, "pull"),
  "calibration apply": ofArm((arm) => `Write the file's calibration to ${arm}`, "apply"),
  "calibration finish": ofArm((arm) => `Complete the calibration of ${arm}`, "finish"),
  "calibration undo": ofArm((arm) => `Take back the calibration of ${arm}`, "undo"),
  "calibration import": ({ arm = "arm" }) => look("#set-up", `Pick a LeRobot file for the ${arm}`),
  "import old": ({ arm = "arm" }) => look("#set-up", `Pick the older file for the ${arm}`),
  "correct configuration": () => look("#settings", "See the settings"),
  resume: () => look("#now", "See what the arms do, and resume"),
  "start service": byHand,
  "restore file": byHand,
  "save as UTF-8": byHand,
  "switch power on": byHand,
  "check leads": byHand,
  "check lead": byHand,
  "check servo": byHand,
};

/** What is offered for these cures, each once. A newer service may name cures that nobody here knows: they have none. */
export function offersFor(cures: readonly Cure[]): CureOffer[] {
  const offers = cures.flatMap((cure) => {
    const offer = Object.hasOwn(OFFERS, cure.do) ? OFFERS[cure.do](cure) : undefined;
    return offer === undefined ? [] : [offer];
  });
  return [...new Map(offers.map((offer) => [offer.label, offer])).values()];
}
