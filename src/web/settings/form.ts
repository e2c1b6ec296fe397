/** A pair's settings as a form, made from the configuration's schema: a key that is added there is here, too. */

import { changeableKeys } from "../../config/changes.ts";
import type { ArmChoice } from "../../config/choose-arm.ts";
import { modeOf, parseConfig } from "../../config/config.ts";
import { ConfigError, readConfigFile } from "../../config/file.ts";
import type { ConfigKey, KeyValue, KindOfValue } from "../../config/keys.ts";
import { MAIN_PAIR, pairConfigPath } from "../../config/pairs.ts";
import { parseToml } from "../../config/toml.ts";
import { isSystemError } from "../../linux/system-error.ts";
import { digestOf, type SettingsFile } from "../../workflows/change-settings.ts";
import { explanations, groupOf } from "./explanations.ts";

/** A field: one key of the file. */
export interface FormField {
  /** As `teleoperation.rate_hz`. */
  readonly key: string;
  /** What it is called within its group. */
  readonly name: string;
  /** No list may be changed on a page. */
  readonly value: Exclude<KindOfValue, { kind: "list" }>;
  /** "" where its group says it. */
  readonly explanation: string;
  /** What the file has; null where it has nothing, or nothing that can be shown. */
  readonly present: KeyValue | null;
  /** What holds without it; null where nothing does. */
  readonly fallback: KeyValue | null;
}

/** Fields that belong together. */
export interface FormGroup {
  /** As `follower.gains`. */
  readonly name: string;
  readonly explanation: string;
  readonly fields: readonly FormField[];
}

/** The form. */
export interface SettingsForm {
  /** The file in which they are; null where the page knows none. */
  readonly file: string | null;
  /** By which the file is known again when it is to be changed; null where it cannot be. */
  readonly digest: string | null;
  /** Why there is no file, or what is wrong with it; null when nothing is. */
  readonly trouble: string | null;
  readonly groups: readonly FormGroup[];
}

/** Where a pair's configuration is. Throws {@link ConfigError} for a name that no pair can have. */
export function fileOf({ pair = MAIN_PAIR, config }: Choice): SettingsFile {
  return { path: config ?? pairConfigPath(pair), pair: config === undefined ? pair : undefined };
}

/** Whose configuration it is, as a pair that is served has it. */
type Choice = Pick<ArmChoice, "pair" | "config">;

/** The form of a pair. Never throws. */
export function settingsForm(choice: Choice): SettingsForm {
  let file: SettingsFile | undefined;
  try {
    file = fileOf(choice);
    const text = readConfigFile(file.path);
    const content = parseToml(text, file.path) as object;
    const trouble = troubleIn(text, file);
    return { file: file.path, digest: digestOf(text), trouble, groups: groupsFor(content, file.pair) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isMissing = isSystemError(error.cause) && error.cause.code === "ENOENT";
    const trouble = isMissing ? `${error.message.split(" — ")[0]} ${WITHOUT_FILE}` : error.message;
    return { file: file?.path ?? null, digest: null, trouble, groups: groupsFor({}, file?.pair) };
  }
}

/** What a page shows where there is no file. */
const WITHOUT_FILE =
  "— the defaults are shown, and nothing can be changed. The page of a service that was given another file is started " +
  "with that, too: --config.";

function troubleIn(text: string, { path, pair }: SettingsFile): string | null {
  try {
    parseConfig(text, path, pair);
    return null;
  } catch (error) {
    return (error as ConfigError).message;
  }
}

function groupsFor(content: object, pair?: string): FormGroup[] {
  const groups = new Map<string, FormField[]>();
  for (const key of changeableKeys(modeOf(content), pair)) {
    const { value } = key;
    if (value.kind === "list") throw new Error(`${key.path} is a list: a form has none yet`);
    const group = groupOf(key.section);
    groups.set(group, [...(groups.get(group) ?? []), fieldOf({ ...key, value }, group, content)]);
  }
  // What is a part of a part is changed more seldom.
  const depth = (name: string) => name.split(".").length;
  return [...groups]
    .toSorted(([a], [b]) => depth(a) - depth(b))
    .map(([name, fields]) => ({ name, explanation: explanations.sections.get(name) ?? "", fields }));
}

function fieldOf(
  { path, value, fallback }: ConfigKey & Pick<FormField, "value">,
  group: string,
  content: object,
): FormField {
  return {
    key: path,
    name: group === "" ? path : path.slice(group.length + 1),
    value,
    explanation: explanations.keys.get(path) ?? "",
    present: presentAt(content, path.split(".")),
    fallback: fallback ?? null,
  };
}

function presentAt(content: unknown, [name, ...rest]: readonly string[]): KeyValue | null {
  if (name === undefined)
    return ["string", "number", "boolean"].includes(typeof content) ? (content as KeyValue) : null;
  if (typeof content !== "object" || content === null || !Object.hasOwn(content, name)) return null;
  return presentAt((content as Record<string, unknown>)[name], rest);
}
