/** What is to be recorded, before it is: the dataset, the task, and how. */
import { useState } from "preact/hooks";
import type { DatasetsReply } from "../../datasets/messages.ts";
import type { ActionReply } from "../../messages.ts";
import type { RecordOrder } from "../../recording/messages.ts";
import { episodesOf, sizeOf } from "../datasets/listed.ts";
import { Reply } from "../frame/reply.tsx";
import { byOwnMeans } from "../own-means.ts";
import { pathOf } from "../pair-path.ts";
import { post } from "../post.ts";

interface Properties {
  readonly pair: string;
  readonly datasets: DatasetsReply | undefined;
}

/** As the machine takes it: a name that is no path. */
const NAME = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";
/** LeRobot's own default. */
const USUAL_FPS = 30;

/** What was entered last, for the next recording of this page. */
let last: RecordOrder | undefined;

/** The form. The browser itself says what is missing in it, or out of bounds. */
export function Start({ pair, datasets }: Properties) {
  const [dataset, setDataset] = useState(last?.dataset ?? "");
  const [isStarting, setIsStarting] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const known = datasets?.datasets.find(({ name }) => name === dataset);
  const start = async (event: SubmitEvent) => {
    event.preventDefault();
    const order = orderIn(event.currentTarget as HTMLFormElement, known !== undefined);
    last = order;
    setIsStarting(true);
    setReply(undefined);
    setReply(await post(pathOf(pair, "recorder/begin"), order));
    setIsStarting(false);
  };
  return (
    <form class="start" onSubmit={start}>
      <p>
        Each episode is what the leader asks for and what the follower does, as LeRobot reads it. The arms go
        on as they do now: to teach something, the follower must follow.
      </p>
      {datasets?.problem && <p class="notice">{datasets.problem}</p>}
      <div class="entry">
        <label for="record-dataset">Dataset</label>
        <input
          id="record-dataset"
          name="dataset"
          type="text"
          list="record-datasets"
          required
          pattern={NAME}
          title="Letters and digits, and within the name also . _ and -"
          maxLength={64}
          autoComplete="off"
          spellcheck={false}
          value={dataset}
          onInput={({ currentTarget }) => setDataset(currentTarget.value)}
          aria-describedby="record-dataset-is"
        />
        <datalist id="record-datasets">
          {datasets?.datasets.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <small id="record-dataset-is">
          {known === undefined
            ? "A new folder below that of the datasets; letters, digits and . _ -"
            : known.info === null
              ? `It is there, and cannot be read: ${known.problem}.`
              : `It is there, with ${episodesOf(known.info.episodes)}: new ones are added.`}
        </small>
      </div>
      <div class="entry">
        <label for="record-task">Task</label>
        <input
          id="record-task"
          name="task"
          type="text"
          required
          maxLength={200}
          defaultValue={last?.task ?? ""}
          autoComplete="off"
          aria-describedby="record-task-is"
        />
        <small id="record-task-is">
          What the arm does, in a sentence, such as: Put the cube into the box
        </small>
      </div>
      <div class="numbers">
        <NumberEntry
          name="fps"
          label="Frames a second"
          min={1}
          max={200}
          step={1}
          value={known?.info?.fps ?? last?.fps ?? USUAL_FPS}
          isFixed={known?.info != null}
        />
        <NumberEntry
          name="episodes"
          label="Episodes"
          min={1}
          max={10_000}
          step={1}
          value={last?.episodes}
          empty="no end"
        />
        <NumberEntry
          name="episodeTimeS"
          label="Longest episode, s"
          min={0.1}
          max={86_400}
          value={last?.episodeTimeS}
          empty="no end"
        />
        <NumberEntry
          name="resetTimeS"
          label="Time between, s"
          min={0.1}
          max={86_400}
          value={last?.resetTimeS}
          empty="by the button"
        />
      </div>
      <p>
        {datasets?.freeBytes != null && `${sizeOf(datasets.freeBytes)} are free in ${datasets.folder}. `}
        An hour at 30 frames a second takes some 5 MB.
      </p>
      <button type="submit" disabled={isStarting}>
        {isStarting ? "Starting …" : known ? "Go on with this dataset" : "Get ready to record"}
      </button>
      <Reply reply={reply && { ...reply, text: byOwnMeans(reply.text) }} />
    </form>
  );
}

interface NumberProperties {
  readonly name: keyof RecordOrder;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value?: number | undefined;
  /** A dataset that is there has its own. */
  readonly isFixed?: boolean;
  /** What it means to enter nothing; undefined where something must be entered. */
  readonly empty?: string;
}

function NumberEntry({ name, label, min, max, step, value, isFixed = false, empty }: NumberProperties) {
  const id = `record-${name}`;
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      <input
        // Another dataset has another value.
        key={value}
        {...{ id, name, min, max, step: step ?? "any" }}
        type="number"
        inputMode="decimal"
        required={empty === undefined}
        placeholder={empty}
        defaultValue={value === undefined ? "" : String(value)}
        readOnly={isFixed}
        autoComplete="off"
      />
    </div>
  );
}

/** What was entered. */
function orderIn(form: HTMLFormElement, resume: boolean): RecordOrder {
  const entered = new FormData(form);
  const text = (name: keyof RecordOrder) => String(entered.get(name) ?? "").trim();
  const numbers = (["episodes", "episodeTimeS", "resetTimeS"] as const).flatMap((name) =>
    text(name) === "" ? [] : [[name, Number(text(name))] as const],
  );
  return {
    ...{ dataset: text("dataset"), task: text("task"), fps: Number(text("fps")), resume },
    ...Object.fromEntries(numbers),
  };
}
