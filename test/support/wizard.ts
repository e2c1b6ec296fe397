/**
 * Playing the wizard in a page as a person does whose arms carry their calibration: what is tapped and moved is counted.
 * It is the same against simulated arms and a machine's own: only the hands are others.
 */
import type { Page } from "playwright-core";

/** What a person's hands do at the boards and the arms. Each resolves when it is done. */
export interface Hands {
  /** Pulls a board, which the page names so. */
  pull(board: string): Promise<unknown>;
  /** Plugs it in again. */
  plugIn(board: string): Promise<unknown>;
  /** Moves any joint of the leader by a quarter turn. */
  moveLeader(): Promise<unknown>;
  /** Puts both arms into the same pose, and into another one that turns every joint. */
  firstPose(): Promise<unknown>;
  secondPose(): Promise<unknown>;
}

/** What was done, in order: taps and motions of hands. */
export class Actions {
  readonly done: string[] = [];
  readonly #page: Page;
  readonly #patience: { readonly timeout: number };
  /** How long anything may take. */
  readonly timeoutMs: number;

  constructor(page: Page, timeoutMs: number) {
    this.#page = page;
    this.timeoutMs = timeoutMs;
    this.#patience = { timeout: timeoutMs };
  }

  /** Waits until the page says something; rejects with all that it says instead. */
  async until(text: RegExp): Promise<void> {
    try {
      await this.#page.getByText(text).last().waitFor(this.#patience);
    } catch (cause) {
      const says = await this.#page.locator("main").ariaSnapshot();
      throw new Error(`${text} did not come; the page says:\n${says}`, { cause });
    }
  }

  /** Taps a button, by its name. */
  async tap(name: string | RegExp): Promise<void> {
    await this.#page
      .getByRole("button", typeof name === "string" ? { name, exact: true } : { name })
      .first()
      .click(this.#patience);
    this.done.push(`tap ${name}`);
  }

  /** Does something by hand. */
  async hand(what: string, doing: Promise<unknown>): Promise<void> {
    await doing;
    this.done.push(what);
  }
}

/**
 * Plays the wizard on a page that has just been opened, of a machine whose boards have no names, to the button Resume and
 * arms that follow. Returns what was done.
 */
export async function playWizard(page: Page, hands: Hands, timeoutMs = 30_000): Promise<readonly string[]> {
  const actions = new Actions(page, timeoutMs);
  await claimByBoard(page, hands, actions);
  await actions.until(/^Move the leader/);
  await actions.hand("move the leader", hands.moveLeader());
  await actions.until(/^First pose/);
  await actions.hand("put both arms into one pose", hands.firstPose());
  await actions.tap("Yes");
  await actions.until(/^Second pose/);
  await actions.hand("put both arms into another pose", hands.secondPose());
  await actions.until(/^✓ Both arms are set up/);
  await actions.tap("Resume");
  await actions.until(/^The follower follows the leader/);
  return actions.done;
}

/** Claims the page by the board that it picks. */
export async function claimByBoard(page: Page, hands: Hands, actions: Actions): Promise<void> {
  await actions.tap("Begin");
  const asked = page.getByText(/^Unplug the board/);
  const board = (await asked.textContent({ timeout: actions.timeoutMs }))!;
  await actions.hand("unplug the board that the page has picked", hands.pull(board));
  await actions.until(/^Plug it in again/);
  await actions.hand("plug it in again", hands.plugIn(board));
}
