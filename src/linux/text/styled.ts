/** Colours on a terminal, told apart from whatever a text from outside may have in it. */
import { randomInt } from "node:crypto";
import { styleText } from "node:util";
import { visible } from "./visible.ts";

/** What a text can look like: `yellow`, `["bold", "red"]`. */
export type Style = Parameters<typeof styleText>[0];

/**
 * By this number, a new one in each process, a colour of ours is known: a text that others have written cannot have it.
 * It stands in the escape sequence, so that what measures and cuts such texts takes no account of it.
 */
const KEY = randomInt(1e9, 1e10);

/** The text in a style, where standard output is a terminal that shows it. It is for {@link terminalText}. */
export function styled(style: Style, text: string): string {
  const [begin = "", end = ""] = styleText(style, "\0").split("\0");
  return `${keyed(begin)}${text}${keyed(end)}`;
}

function keyed(codes: string): string {
  return codes.replaceAll("m", `;${KEY}m`);
}

/** `ESC [ 33 ; key m`, what is in brackets being the colour's number. */
const OURS = new RegExp(String.raw`\u001b\[(\d+);${KEY}m`);

/** A text as a terminal may get it: lines, the colours of {@link styled}, and whatever else is not seen written out. */
export function terminalText(text: string): string {
  return text
    .split("\n")
    .map((line) =>
      // What was in brackets comes at every second place.
      line
        .split(OURS)
        .map((part, index) => (index % 2 === 0 ? visible(part) : `\u001b[${part}m`))
        .join(""),
    )
    .join("\n");
}
