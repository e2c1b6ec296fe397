/** The settings of a pair, as a form that the server makes of the configuration's schema. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { KeyValue } from "../../../config/keys.ts";
import type { FormGroup, SettingsForm } from "../../settings/form.ts";
import type { SaveReply } from "../../settings/messages.ts";
import { get } from "../get.ts";
import { pathOf } from "../pair-path.ts";
import { post } from "../post.ts";
import type { ScreenProperties } from "../screens.tsx";
import { entered, Field } from "./field.tsx";
import { PresentPose } from "./present-pose.tsx";
import "./settings.css";

/** The group whose fields the arm can fill in. */
const POSE = "park";

/** What was entered, and not saved yet, by key. */
type Drafts = Readonly<Record<string, KeyValue>>;

/** The screen. */
export function Settings({ pair, status, isClaimed }: ScreenProperties) {
  const path = pathOf(pair, "settings");
  const [form, setForm] = useState<SettingsForm>();
  const [isMissing, setIsMissing] = useState(false);
  const [drafts, setDrafts] = useState<Drafts>({});
  const [reply, setReply] = useState<Partial<SaveReply>>();
  const [isBusy, setIsBusy] = useState(false);
  const load = async () => {
    setIsMissing(false);
    try {
      setForm(await get<SettingsForm>(path));
    } catch {
      setIsMissing(true);
    }
  };
  useEffect(() => void load(), [path]);
  const ask = async (what: string, body: object): Promise<boolean> => {
    setIsBusy(true);
    setReply(undefined);
    // A refusal of the server's is a text alone.
    const answer: Partial<SaveReply> = await post(`${path}/${what}`, body);
    if (answer.form) setForm(answer.form);
    setReply(answer);
    setIsBusy(false);
    return answer.done === true;
  };
  if (form === undefined) {
    return isMissing ? (
      <p class="notice">
        The settings could not be read.{" "}
        <button type="button" onClick={load}>
          Read them again
        </button>
      </p>
    ) : (
      <p>Reading the settings …</p>
    );
  }
  const isFixed = !isClaimed || form.digest === null;
  const count = Object.keys(drafts).length;
  const save = async (event: Event) => {
    event.preventDefault();
    const fields = form.groups.flatMap((group) => group.fields).filter(({ key }) => key in drafts);
    const changes = Object.fromEntries(
      fields.map((field) => [field.key, entered(field, drafts[field.key]!)]),
    );
    if (await ask("save", { digest: form.digest, changes })) setDrafts({});
  };
  const enter = (key: string, value: KeyValue | undefined) => {
    const { [key]: _, ...others } = drafts;
    setDrafts(value === undefined ? others : { ...others, [key]: value });
  };
  return (
    <section class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      {form.trouble !== null && <p class="notice">{form.trouble}</p>}
      {status?.settings?.refused.map((problem) => (
        <p key={problem} class="notice">
          The service goes on with the settings that it had: {problem}
        </p>
      ))}
      {(status?.settings?.kept.length ?? 0) > 0 && (
        <p class="notice">
          This takes effect when the service starts the next time: {status?.settings?.kept.join(", ")}
        </p>
      )}
      {!isClaimed && form.digest !== null && (
        <p class="notice">
          To change something, claim this page:{" "}
          <a class="button" href="#access">
            Access
          </a>
        </p>
      )}
      <form noValidate onSubmit={save}>
        {form.groups.map((group, index) => (
          <Group
            key={group.name}
            group={group}
            isFirst={index === 0}
            isFixed={isFixed || isBusy}
            drafts={drafts}
            problems={reply?.problems ?? []}
            enter={enter}
            pose={
              group.name === POSE ? (
                <PresentPose pair={pair} isFixed={isFixed || isBusy} taken={load} />
              ) : null
            }
          />
        ))}
        <p class={reply?.done === false ? "reply failed" : "reply"} role="status">
          {isBusy ? "Saving …" : reply?.text}
        </p>
        <div class="save">
          <button type="submit" disabled={isFixed || isBusy || count === 0}>
            {count === 0 ? "Save" : `Save ${count} ${count === 1 ? "change" : "changes"}`}
          </button>
          <button type="button" disabled={isBusy || count === 0} onClick={() => setDrafts({})}>
            Take back
          </button>
        </div>
      </form>
      {form.file !== null && (
        <p class="file">
          They are in <code>{form.file}</code>: what else stands there, comments too, stays.
        </p>
      )}
    </section>
  );
}

interface GroupProperties {
  readonly group: FormGroup;
  readonly isFirst: boolean;
  readonly isFixed: boolean;
  readonly drafts: Drafts;
  readonly problems: SaveReply["problems"];
  enter(key: string, value: KeyValue | undefined): void;
  /** What fills its fields in. */
  readonly pose: ComponentChildren;
}

function Group({ group, isFirst, isFixed, drafts, problems, enter, pose }: GroupProperties) {
  const { name, explanation, fields } = group;
  const [isOpen, setIsOpen] = useState(isFirst);
  const keys = new Set(fields.map(({ key }) => key));
  // What is wrong with several keys together is told of their group.
  const own = problems.filter(({ key }) => !keys.has(key) && (key === name || key.startsWith(`${name}.`)));
  const isWrong = own.length > 0 || problems.some(({ key }) => keys.has(key));
  useEffect(() => {
    if (isWrong) setIsOpen(true);
  }, [isWrong]);
  return (
    <details
      aria-label={titleOf(name)}
      open={isOpen}
      onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}
    >
      <summary>{titleOf(name)}</summary>
      {explanation !== "" && <p class="means">{explanation}</p>}
      {own.map(({ message }) => (
        <p key={message} class="failed">
          {message}
        </p>
      ))}
      {pose}
      {fields.map((field) => (
        <Field
          key={field.key}
          field={field}
          isFixed={isFixed}
          draft={drafts[field.key]}
          problem={problems.find(({ key }) => key === field.key)?.message}
          enter={(value) => enter(field.key, value)}
        />
      ))}
    </details>
  );
}

/** `follower.gains` as "Follower gains". */
function titleOf(name: string): string {
  const words = name === "" ? "general" : name.replaceAll(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
