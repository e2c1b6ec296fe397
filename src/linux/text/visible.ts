/** Text in which others have a say (names, paths, a board's strings) as a terminal, the journal and a person may get it. */

/**
 * What acts on a terminal or a log, or is not seen and changes what is: control characters, the ends of lines, what turns
 * the direction of writing, what has no width, halves of characters. Not the two joiners: scripts and emoji need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text with everything that is not seen written out, as in `\u001b`: in JSON's text this means the same as before. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (found) => {
    const units = Array.from({ length: found.length }, (_, index) => found.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** Whether a text has nothing in it that is not seen. */
export function isVisible(text: string): boolean {
  return text.search(UNSEEN) === -1;
}
