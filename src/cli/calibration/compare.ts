/** `so101 calibration compare`: do the two arms of a pair agree? */
import { Command } from "commander";
import type { Role } from "../../arm/joints.ts";
import type { ChosenArm } from "../../config/choose-arm.ts";
import { configFor, type Overrides } from "../../config/config.ts";
import { MAIN_PAIR, onlyPair } from "../../config/pairs.ts";
import { compareArms } from "../../workflows/calibration/compare.ts";
import { interruptible } from "../interrupt.ts";
import { operatorFor } from "../operator/operator-for.ts";
import { addJsonOption, addYesOption } from "../options/arm.ts";
import { readerOfService } from "../options/audience.ts";

interface Options extends Omit<Overrides, "rate">, ConfigChoice {
  readonly yes?: true;
  readonly json?: true;
}

interface ConfigChoice {
  readonly pair?: string | undefined;
  readonly config?: string | undefined;
}

/** Makes the command. */
export function compareCommand(): Command {
  const command = new Command("compare")
    .summary("do the two arms agree? in two poses, into which you put both")
    .description(
      "Says how far apart the joints of the two arms are when both stand in the same pose, and what cures it: you put " +
        "both into one pose by hand, then into another, for one alone cannot tell an offset from a joint that turns the " +
        "other way. Both arms are released first; nothing is changed. The exit code is 1 when a joint is 5° or more apart.",
    )
    .option("--pair <name>", "which configured pair of arms (default: the only one)")
    .option("--leader <path>", "serial port of the leader arm, instead of the configured one")
    .option("--follower <path>", "serial port of the follower arm, instead of the configured one")
    .option("--leader-id <id>", "LeRobot id of the leader, instead of the configured one")
    .option("--follower-id <id>", "LeRobot id of the follower, instead of the configured one")
    .option("--calibration-dir <dir>", "root of the calibration files, as LeRobot's HF_LEROBOT_CALIBRATION")
    .option("--config <file>", "configuration file of the pair")
    .addHelpText(
      "after",
      `
Without a terminal, or with --yes, nothing is asked: have both arms in the first
pose when it starts; the second is taken once every joint of both was turned by
20° or more and nothing has moved for 3 s, or for 15 s if some was not turned.`,
    )
    .action(compare);
  return addJsonOption(addYesOption(command));
}

function compare({ pair, config, yes, json, ...overrides }: Options): Promise<void> {
  return interruptible(async (signal) => {
    const arms = chooseArms({ pair, config }, overrides);
    const audience = readerOfService({ pair, config, socket: undefined }, overrides);
    const { agree } = await compareArms(arms, operatorFor({ yes, json }, signal, audience));
    if (!agree) process.exitCode = 1;
  });
}

/** Both arms of a pair. Throws {@link ConfigError}. */
function chooseArms(from: ConfigChoice, overrides: Overrides): Readonly<Record<Role, ChosenArm>> {
  const config = configFor({ ...from, pair: from.pair ?? unnamedPair(from, overrides) }, overrides);
  const armIn = (role: Role): ChosenArm => ({
    role,
    ...config[role],
    calibrationDir: config.calibration_dir,
    normalisation: config.teleoperation.normalisation,
  });
  return { leader: armIn("leader"), follower: armIn("follower") };
}

/** The only pair; undefined for the main one, and where no configuration is needed. Throws {@link ConfigError}. */
function unnamedPair({ config }: ConfigChoice, overrides: Overrides): string | undefined {
  const { leader, follower, leaderId, followerId } = overrides;
  const isComplete = [leader, follower, leaderId, followerId].every((given) => given !== undefined);
  if (config !== undefined || isComplete) return undefined;
  const only = onlyPair();
  return only === MAIN_PAIR ? undefined : only;
}
