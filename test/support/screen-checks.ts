/** What must hold of every screen of the page, whatever is on it: looked at in the browser, told as lists of what is wrong. */
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = await Bun.file(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir)).text();

/** How long a screen may take until it shows what it has, and how long that must stay. */
const SETTLED_WITHIN_MS = 15_000;
const SETTLED_FOR_LOOKS = 3;
const LOOK_EVERY_MS = 100;

/** What axe-core finds: the rule, and where it is broken. */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(`${AXE}; undefined`);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

/** Waits until a screen shows what it has: its words, but for figures, stay the same, and none says that it is asking. */
export async function settled(page: Page): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (let same = 0, last = ""; same < SETTLED_FOR_LOOKS; await Bun.sleep(LOOK_EVERY_MS)) {
    const words = await page.evaluate<string>(
      "document.querySelector('main').innerText.replace(/\\d+/g, '')",
    );
    same = words === last && !/(Asking|Looking|Reading) .*…/.test(words) ? same + 1 : 0;
    last = words;
    if (performance.now() > deadline) throw new Error(`a screen does not come to rest: ${words}`);
  }
}

/** By how many pixels the page is wider than the screen, and what a thumb does not hit. */
export async function layoutFindings(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const findings = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0) findings.push("the page is " + wide + " px wider than the screen");
    for (const element of document.querySelectorAll(${JSON.stringify(TARGETS)})) {
      if (!element.checkVisibility()) continue;
      // Whoever touches the words of a box or a field touches it.
      const hit = [element, element.closest("label"), ...(element.labels ?? [])].filter(Boolean);
      const boxes = hit.map((one) => one.getBoundingClientRect());
      if (boxes.some(({ width, height }) => width >= 43.9 && height >= 43.9)) continue;
      const { width, height } = boxes[0];
      const name = element.textContent || element.getAttribute("aria-label") || element.id || element.name;
      findings.push(element.localName + " " + name + " is " + Math.round(width) + " × " + Math.round(height));
    }
    return findings;
  })()`);
}

/** What can be touched. */
const TARGETS =
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";

/** What Tab must come to: all that can be used, and the picture that keys turn. Of a group of choices one. */
const REACHED = `${TARGETS}, [tabindex]`;

/** What Tab does not come to, and what does not show that it is where the keys go. */
export async function keyboardFindings(page: Page): Promise<string[]> {
  await page.evaluate(`{
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    globalThis.reached = new Map();
  }`);
  const expected = await page.evaluate<number>(`(() => {
    const isOne = (element) =>
      element.checkVisibility() && !element.disabled && element.tabIndex >= 0 &&
      (element.type !== "radio" || element.checked);
    globalThis.expected = [...document.querySelectorAll(${JSON.stringify(REACHED)})].filter(isOne);
    return globalThis.expected.length;
  })()`);
  // Some more than that: the browser's own stops, and controls that come while it goes on.
  for (let stop = 0; stop < expected + 10; stop++) {
    await page.keyboard.press("Tab");
    const isAll = await page.evaluate<boolean>(`(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const isShown = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
      reached.set(element, isShown);
      return expected.every((one) => reached.has(one) || !one.isConnected);
    })()`);
    if (isAll) break;
  }
  return await page.evaluate<string[]>(`expected.flatMap((element) => {
    const name = element.localName + " " + (element.textContent || element.getAttribute("aria-label") || element.id);
    if (!element.isConnected) return [];
    if (!reached.has(element)) return ["Tab does not come to " + name];
    return reached.get(element) ? [] : ["it is not seen that the keys go to " + name];
  })`);
}
