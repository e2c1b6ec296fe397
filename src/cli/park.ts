/** `so101 park`: leads the follower to its parking pose now, or takes that pose from the arm. */
import { Command } from "commander";
import { ApiError } from "../api/client.ts";
import { isParkingEnd } from "../api/parking.ts";
import { configFor } from "../config/config.ts";
import { MAIN_PAIR, onlyPair, pairConfigPath } from "../config/pairs.ts";
import type { ToldEvent } from "../daemon/events/told.ts";
import { runService } from "../daemon/service.ts";
import { pairSettings } from "../daemon/settings/pair-settings.ts";
import { command } from "../messages/audience.ts";
import { sayProblem } from "../messages/problems.ts";
import { sayLeft } from "../messages/teleop.ts";
import { Interrupted } from "../workflows/errors.ts";
import type { Operator } from "../workflows/operator.ts";
import { park } from "../workflows/park/go.ts";
import { takePose } from "../workflows/park/take-pose.ts";
import { interruptible } from "./interrupt.ts";
import { operatorFor } from "./operator/operator-for.ts";
import { addJsonOption, addYesOption } from "./options/arm.ts";
import { addServiceOptions, type ServiceOptions, socketPaths } from "./options/service.ts";

interface Options extends ServiceOptions {
  readonly config?: string;
  readonly here?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function parkCommand(): Command {
  const parking = new Command("park")
    .summary("lead the follower to its parking pose and release it there")
    .description(
      "Leads the follower to the pose that [park] of the configuration gives, at the aligning speed, and releases it " +
        "there; its torque stays off until resume. The exit code is 1 unless it is there with its torque off. With " +
        "--here nothing moves: the pose in which the follower lies now, its torque off, becomes the parking pose in the " +
        "configuration file, whose other lines and comments stay as they are.",
    )
    .option("--here", "take the pose in which the follower lies now as the parking pose")
    .option("--config <file>", "configuration file of the pair")
    .addHelpText(
      "after",
      `
The service does it where it runs; without one this program does, with both
arms switched on. Ctrl-C on the way holds the follower where it is.

Examples:
  so101 release            (keep a hand under the arm, and put it into the pose)
  sudo so101 park --here
  so101 resume
  so101 park`,
    )
    .action(parkOrTake);
  return addJsonOption(addYesOption(addServiceOptions(parking)));
}

function parkOrTake(options: Options): Promise<void> {
  const { here, config } = options;
  const pair = options.pair ?? (config === undefined ? onlyPair() : MAIN_PAIR);
  const sockets = socketPaths({ ...options, pair });
  return interruptible((signal) => {
    const operator = operatorFor(options, signal);
    if (here) return takePose({ pair, file: config ?? pairConfigPath(pair), sockets }, operator);
    return go(sockets, { ...options, pair }, operator);
  });
}

async function go(sockets: readonly string[], options: Options, operator: Operator): Promise<void> {
  try {
    await park(sockets, operator);
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.kind !== "not running") throw error;
    await parkAlone(options, operator);
  }
}

/** Parks where no service runs, as a service that does only that. Throws an Error that says why it is not parked. */
async function parkAlone({ config, pair, socket }: Options, operator: Operator): Promise<void> {
  const settings = { ...pairSettings(configFor({ config, pair }, {})), onStop: "hold" as const };
  const arm = { role: "follower", id: settings.arms.follower.id } as const;
  if (settings.parkPose === undefined) {
    throw new Error(sayProblem({ code: "pair.not-parked", arm, why: "no pose" }, operator.audience));
  }
  let outcome: Extract<ToldEvent, { kind: "notice" }> | undefined;
  let why = "";
  let how = "";
  const event = (told: ToldEvent) => {
    if (told.kind === "state" && told.to !== "stopped" && outcome === undefined) {
      why = `${told.to}: ${told.why}`;
      operator.tell("info", why);
    } else if (told.kind === "stopped") how = told.how;
    else if (told.kind === "notice" && isParkingEnd(told.code)) outcome = told;
    else if (told.kind === "notice" && told.severity !== "info") operator.tell(told.severity, told.message);
  };
  await runService({
    readSettings: () => settings,
    ...{ pair, socket, only: "park" },
    audience: () => operator.audience,
    makeOutput: async () => ({ event, end() {} }),
  });
  if (outcome === undefined) {
    const cure =
      how === sayLeft("held") ? ` — "${command(operator.audience, "relax", "follower")}" releases it` : "";
    throw new Interrupted(`interrupted: ${how}${cure}`);
  }
  const { message, severity, code } = outcome;
  if (severity !== "info" || code.includes("not-parked")) throw new Error(`${message} (${why})`);
  operator.event({ event: "parked", arm: "follower", id: arm.id }, { tone: "done", message });
}
