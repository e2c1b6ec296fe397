/** What stands between this machine's arms and other machines, in words: what happened, and what to do now. */
import type { BrokerClosed, RemoteTrouble } from "../teleop/settings.ts";

/** Why what came over the network was not obeyed. */
export const ignoredCommands = {
  retained:
    "a command that the broker keeps came over the network, and is not obeyed: it would be obeyed anew with every " +
    "connection — publish commands without retain, and clear this one with an empty message",
  unknown:
    "what came over the network as a command is none, and is ignored — the manual's page on the fleet says how one is written",
  "too many":
    "more commands came over the network than are obeyed: ten of a kind in ten seconds — see to who sends them",
} as const;

/** Why nothing is heard of the leader of another machine, and what to do. */
export function sayAway(leader: string, trouble: RemoteTrouble | undefined): string {
  const nothing = `nothing is heard of the ${leader}`;
  switch (trouble?.why) {
    case undefined:
      return nothing;
    case "no client":
      return `${nothing}: no client of the network is connected — see: systemctl status so101-network`;
    case "no broker":
    case "refused":
    case "certificate":
      return `${nothing}: ${sayClosed(trouble)}`;
    case "unknown":
      return `${nothing}: the broker has never heard of it — check network.remote_leader, and that the other machine runs with this broker`;
    case "offline":
      return `${nothing}: its machine is off, or has no network`;
    case "not ready":
      return `${nothing}: its machine is there, and has no leader that is connected and calibrated — look at "so101 status" there`;
    case "no calibration":
      return `${nothing}: its samples come, but not its calibration — calibrate it on its machine, then start the service there again`;
    case "other version":
      return `${nothing}: it speaks version ${trouble.version} of the protocol, which this program does not — install the same version of so101-teleop on both machines`;
  }
}

/** What is wrong between this machine and its broker; the fact ends with what to do. */
export function sayClosed({ why, broker, fact }: BrokerClosed): string {
  switch (why) {
    case "no broker":
      return `the broker ${broker} cannot be reached: ${fact}`;
    case "refused":
      return `the broker ${broker} cannot be used: ${fact}`;
    case "certificate":
      return `the broker ${broker} cannot be used safely: ${fact}`;
  }
}
