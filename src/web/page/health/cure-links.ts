/** What a page can do about a finding: each cure, and the screen that has the workflow for it. */
import type { Cure } from "../../../workflows/check.ts";
import type { ScreenName } from "../screens.tsx";

type Kind = Cure["do"];

/** What a cure is on the page. `arm` is "the leader", "the follower" or, where it is for none, "the arms". */
interface Offer {
  readonly screen: ScreenName;
  label(arm: string, cure: Cure): string;
}

/** Hands are the cure: the words beside it say what they do. */
const BY_HAND = undefined;

/** All of them. */
const OFFERS: Readonly<Record<Kind, Offer | undefined>> = {
  assign: { screen: "set-up", label: () => "Find out which arm is which" },
  "exchange ports": { screen: "set-up", label: () => "Find out which arm is which" },
  "setup-motors": { screen: "set-up", label: (arm) => `Give ids to the servos of ${arm}` },
  "give ids": { screen: "set-up", label: (arm) => `Give ids to the servos of ${arm}` },
  "give id": { screen: "set-up", label: (arm) => `Give ids to the servos of ${arm}` },
  calibrate: { screen: "set-up", label: (arm) => `Calibrate ${arm}` },
  "calibrate joint": { screen: "set-up", label: (arm) => `Calibrate ${arm}` },
  "calibration pull": { screen: "set-up", label: (arm) => `Take the calibration that ${arm} holds` },
  "calibration apply": { screen: "set-up", label: (arm) => `Write the file's calibration to ${arm}` },
  "calibration import": { screen: "set-up", label: (arm) => `Take a LeRobot file for ${arm}` },
  "import old": { screen: "set-up", label: (arm) => `Take the older file for ${arm}` },
  "calibration finish": { screen: "set-up", label: (arm) => `Finish the calibration of ${arm}` },
  "calibration undo": { screen: "set-up", label: (arm) => `Undo the calibration of ${arm}` },
  "correct configuration": { screen: "settings", label: () => "See the settings" },
  resume: { screen: "now", label: () => "See what the arms do, and resume" },
  "start service": BY_HAND,
  "restore file": BY_HAND,
  "save as UTF-8": BY_HAND,
  "switch power on": BY_HAND,
  "check leads": BY_HAND,
  "check lead": BY_HAND,
  "check servo": BY_HAND,
};

/** A link to what settles a finding. */
export interface CureLink {
  readonly href: string;
  readonly label: string;
}

/** The links for these cures, each once. A newer service may name cures that nobody here knows: they have none. */
export function linksFor(cures: readonly Cure[]): CureLink[] {
  const links = cures.flatMap((cure) => {
    const offer = Object.hasOwn(OFFERS, cure.do) ? OFFERS[cure.do] : undefined;
    if (offer === undefined) return [];
    const arm = cure.arm === undefined ? "the arms" : `the ${cure.arm}`;
    return [{ href: `#${offer.screen}`, label: offer.label(arm, cure) }];
  });
  return [...new Map(links.map((link) => [link.label, link])).values()];
}
