/** One field of the settings: what it is called, what it means, what it is, and what is wrong with it. */
import type { KeyValue } from "../../../config/keys.ts";
import type { FormField } from "../../settings/form.ts";

interface Properties {
  readonly field: FormField;
  readonly isFixed: boolean;
  /** What was entered, and not saved yet. */
  readonly draft: KeyValue | undefined;
  readonly problem: string | undefined;
  /** Hears what is entered; undefined when it is what it was. */
  enter(value: KeyValue | undefined): void;
}

/** The field. */
export function Field({ field, isFixed, draft, problem, enter }: Properties) {
  const { key, name, value, explanation, present, fallback } = field;
  const id = `setting-${key.replaceAll(".", "-")}`;
  const unit = value.kind === "number" ? value.unit : undefined;
  const now = present ?? fallback;
  const described = [
    explanation !== "" && `${id}-means`,
    `${id}-state`,
    problem !== undefined && `${id}-wrong`,
  ];
  return (
    <div class={draft === undefined ? "field" : "field changed"}>
      <label for={id}>{labelOf(name, unit)}</label>
      <Input
        kind={value}
        shown={draft ?? now}
        enter={(value) => enter(String(value) === String(now ?? "") ? undefined : value)}
        {...{
          id,
          disabled: isFixed,
          "aria-invalid": problem !== undefined,
          "aria-describedby": described.filter(Boolean).join(" "),
        }}
      />
      {problem !== undefined && (
        <p id={`${id}-wrong`} class="failed">
          {problem}
        </p>
      )}
      {explanation !== "" && (
        <p id={`${id}-means`} class="means">
          {explanation}
        </p>
      )}
      <p id={`${id}-state`} class="state-of">
        {stateOf(field)}
      </p>
    </div>
  );
}

/** What was entered, as the file has it: a number as people write it, with a point or a comma; else as it is. */
export function entered({ value: { kind } }: FormField, draft: KeyValue): KeyValue {
  const isNumber = kind === "number" && /^\s*[+-]?\d{1,12}([.,]\d{1,6})?\s*$/.test(String(draft));
  return isNumber ? Number(String(draft).replace(",", ".")) : draft;
}

/** Where the value comes from. */
function stateOf({ key, value, present, fallback }: FormField): string {
  const usual = fallback === null ? "there is no default" : `the default is ${fallback}`;
  const bounds =
    value.kind === "number" && value.min !== undefined && value.max !== undefined
      ? `${value.min} to ${value.max}; `
      : "";
  return `${key}: ${bounds}${present === null ? "not set in the file" : "set in the file"}; ${usual}`;
}

/** `align_speed_deg_per_s` as "align speed (°/s)". */
function labelOf(name: string, unit: string | undefined): string {
  if (unit === undefined) return name.replaceAll(/[._]/g, " ");
  const words = name.replace(/_(deg_per_s|hz|ms|s|c|percent|ma)$/, "");
  return `${words.replaceAll(/[._]/g, " ")} (${unit})`;
}

interface InputProperties {
  readonly kind: FormField["value"];
  readonly shown: KeyValue | null;
  enter(value: KeyValue): void;
  readonly id: string;
  readonly disabled: boolean;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string;
}

function Input({ kind, shown, enter, ...others }: InputProperties) {
  switch (kind.kind) {
    case "choice":
      return (
        <select
          {...others}
          value={String(shown ?? "")}
          onChange={({ currentTarget }) => enter(currentTarget.value)}
        >
          {kind.options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      );
    case "switch":
      return (
        <input
          {...others}
          type="checkbox"
          checked={shown === true}
          onChange={({ currentTarget }) => enter(currentTarget.checked)}
        />
      );
    case "text":
      return (
        <input
          {...others}
          type="text"
          value={String(shown ?? "")}
          onInput={({ currentTarget }) => enter(currentTarget.value)}
        />
      );
    case "number":
      return (
        <input
          {...others}
          // Every text is taken, and what is no number is told by the machine as all else that cannot be.
          type="text"
          inputMode={(kind.min ?? 0) < 0 ? "text" : "decimal"}
          autoComplete="off"
          value={String(shown ?? "")}
          onInput={({ currentTarget }) => enter(currentTarget.value)}
        />
      );
  }
}
