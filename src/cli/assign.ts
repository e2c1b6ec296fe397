/** `so101 assign`: names this machine's boards, so that each arm has the same path wherever it is plugged in. */
import { Command } from "commander";
import { ROLES, type Role } from "../arm/joints.ts";
import { chooseArm } from "../config/choose-arm.ts";
import { MAIN_PAIR } from "../config/pairs.ts";
import { type Board, listBoards } from "../host/boards.ts";
import { isUsableSerial, type NamedBoard, namingRules } from "../host/naming-rules.ts";
import { udevRuns, usbSocketOf } from "../host/udev.ts";
import { type Chosen, chooseBoards } from "../workflows/assign/choose.ts";
import { offerNext } from "../workflows/assign/next.ts";
import { linksOf, makeConfig, type PairLinks } from "../workflows/assign/pair.ts";
import { planRules, writeRules } from "../workflows/assign/rules.ts";
import { checkPair, verifyLinks } from "../workflows/assign/verify.ts";
import { UsageError } from "../workflows/errors.ts";
import { interruptible } from "./interrupt.ts";
import { type Dialogue, dialogueFor } from "./operator/dialogue.ts";
import { addJsonOption, addYesOption } from "./options/arm.ts";

interface Options {
  readonly pair?: string;
  readonly leader?: string;
  readonly follower?: string;
  readonly print?: true;
  readonly show?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Makes the command. */
export function assignCommand(): Command {
  const command = new Command("assign")
    .summary("say which board is which arm, once and for all")
    .description(
      "Finds the USB boards, asks which one is the leader's and which one the follower's, and writes the udev rules " +
        "by which each gets its name in /dev, whichever socket it is plugged into. Then it checks that the names lead " +
        "to the right arms, and says what is still missing. It may be run again at any time.",
    )
    .option("--pair <name>", "which pair of arms (default: the main one)")
    .option("--leader <serial>", "serial number, or the port, of the leader's board")
    .option("--follower <serial>", "serial number, or the port, of the follower's board")
    .option("--print", "print the rules instead of writing them")
    .option("--show", "show which boards have which names, and change nothing")
    .addHelpText(
      "after",
      `
Examples:
  sudo so101 assign
  sudo so101 assign --leader 5AB9067929 --follower 5AB9067722
  sudo so101 assign --pair left
  so101 assign --show`,
    )
    .action(assign);
  return addJsonOption(addYesOption(command));
}

function assign(options: Options): Promise<void> {
  return interruptible(async (signal) => {
    const dialogue = dialogueFor(options, signal);
    const boards = await listBoards();
    if (options.show) return show(boards, dialogue);
    const pair = options.pair ?? MAIN_PAIR;
    if (!options.print && process.geteuid?.() !== 0) {
      throw new Error("writing udev's rules takes root — run it as: sudo so101 assign");
    }
    const links = linksOf(pair, dialogue);
    const chosen = await chooseBoards(boards, options, dialogue, signal);
    const named = await Promise.all(
      ROLES.map((role) => nameBoard(role, chosen[role], links, chosen, dialogue)),
    );
    const plan = planRules(named, namingRules());
    for (const { link, file, line } of plan.honoured) {
      dialogue.say(`${link} is made by ${file} (line ${line}) already, for the same board: that rule stays.`);
    }
    if (options.print) {
      if (dialogue.kind === "json") dialogue.event({ event: "rules", path: plan.path, text: plan.text });
      else process.stdout.write(plan.text);
      return;
    }
    const changed = writeRules(plan);
    makeConfig(pair, dialogue);
    dialogue.done(changed ? `${plan.path} is written.` : `${plan.path} says so already.`);
    if (!udevRuns()) {
      dialogue.warn(
        "udev does not run here (a container?): the names will be there once the machine has booted",
      );
      return;
    }
    await verifyLinks(pair, named, chosen, links, dialogue, signal);
    const arms = ROLES.map((role) => chooseArm(role, { pair: options.pair }));
    await checkPair(pair, arms, dialogue, signal);
    await offerNext(pair, arms, dialogue);
  });
}

/** By what the board will be known. */
async function nameBoard(
  role: Role,
  board: Chosen,
  links: PairLinks,
  all: Readonly<Record<Role, Chosen>>,
  dialogue: Dialogue,
): Promise<NamedBoard> {
  const link = links[role];
  const { serial, vendorId, productId } = board;
  const isUnique = serial !== undefined && isUsableSerial(serial) && !board.isTwin;
  if (isUnique) {
    return {
      link,
      mark: { by: "serial", serial, ...(vendorId && { vendorId }), ...(productId && { productId }) },
    };
  }
  const why =
    serial === undefined
      ? "has no serial number"
      : board.isTwin
        ? `has the serial number ${serial}, as another board here`
        : `has the serial number ${JSON.stringify(serial)}, which udev cannot tell from others`;
  const socket = board.path === undefined ? undefined : await usbSocketOf(board.path);
  if (socket === undefined) {
    throw new Error(
      `the ${role}'s board ${why}, and udev does not know its USB socket: use a board with a serial number`,
    );
  }
  const other = all[role === "leader" ? "follower" : "leader"];
  if (other.path === board.path) throw new UsageError("leader and follower are the same board");
  dialogue.warn(
    `The ${role}'s board ${why}: it is known by the USB socket it is in (${socket}). Always plug it in there; ` +
      `whatever is in that socket is taken for the ${role}.`,
  );
  return { link, mark: { by: "socket", socket } };
}

function show(boards: readonly Board[], dialogue: Dialogue): void {
  const rules = namingRules().filter(({ mark }) => mark !== undefined);
  for (const { link, file, line, mark } of rules) {
    const board = boards.find(({ serial }) => mark?.by === "serial" && serial === mark.serial);
    if (dialogue.kind === "json") {
      dialogue.event({ event: "name", link, file, line, ...mark, path: board?.path ?? null });
      continue;
    }
    const what =
      mark?.by === "serial" ? `the board with serial ${mark.serial}` : `what is in ${mark?.socket}`;
    const where =
      mark?.by === "serial" ? (board === undefined ? ", not plugged in" : `, now ${board.path}`) : "";
    dialogue.say(`${link}: ${what}${where} (${file}, line ${line})`);
  }
  if (rules.length === 0) dialogue.say("No board has been named yet: sudo so101 assign");
}
