/** The keys of a configuration's schema as data: whoever shows or sets them, a form say, knows them from here alone. */
import type * as v from "valibot";

/** What a key may be set to. */
export type KeyValue = string | number | boolean;

/** A key, by its path in the file. */
export interface ConfigKey {
  /** As `teleoperation.rate_hz`. */
  readonly path: string;
  /** The section that it stands in, as `teleoperation`; "" for the top of the file. */
  readonly section: string;
  readonly name: string;
  readonly value: KindOfValue;
  /** What holds without it; undefined where nothing does. */
  readonly fallback: KeyValue | undefined;
}

/** What a value must be, as far as a form can show it; the schema checks the rest. */
export type KindOfValue =
  /** Both ends belong to it; `unit` as the schema has it, "°/s". */
  | {
      readonly kind: "number";
      readonly min: number | undefined;
      readonly max: number | undefined;
      readonly unit: string | undefined;
      readonly isWhole: boolean;
    }
  | { readonly kind: "choice"; readonly options: readonly string[] }
  | { readonly kind: "switch" }
  | { readonly kind: "text" }
  | { readonly kind: "list" };

/** A schema of valibot's, as far as it is looked into. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly wrapped?: Shape;
  readonly default?: unknown;
  readonly options?: readonly string[];
  readonly requirement?: unknown;
  readonly metadata?: { readonly unit?: string };
  readonly pipe?: readonly Shape[];
}

/** Every key of a schema, in its order. Throws an Error for a schema that is made in a way that this does not know. */
export function keysOf(schema: v.GenericSchema): ConfigKey[] {
  return keysIn(schema as unknown as Shape, []);
}

function keysIn(shape: Shape, path: readonly string[], fallback?: KeyValue): ConfigKey[] {
  if (shape.wrapped) return keysIn(shape.wrapped, path, shape.default as KeyValue | undefined);
  if (shape.entries) {
    return Object.entries(shape.entries).flatMap(([name, entry]) => keysIn(entry, [...path, name]));
  }
  // One that may not be there is refused by it, with the reason.
  if (shape.type === "never") return [];
  const [name, section] = [path.at(-1)!, path.slice(0, -1).join(".")];
  return [{ path: path.join("."), section, name, value: kindOf(shape, path), fallback }];
}

function kindOf(shape: Shape, path: readonly string[]): KindOfValue {
  const { type, options } = shape;
  if (type === "picklist") return { kind: "choice", options: options! };
  if (type === "boolean") return { kind: "switch" };
  if (type === "string") return { kind: "text" };
  if (type === "array") return { kind: "list" };
  if (type !== "number") throw new Error(`${path.join(".")} is of a type that no form knows: ${type}`);
  const part = (name: string) => shape.pipe?.find((one) => one.type === name);
  return {
    kind: "number",
    min: part("min_value")?.requirement as number | undefined,
    max: part("max_value")?.requirement as number | undefined,
    unit: part("metadata")?.metadata?.unit,
    isWhole: part("integer") !== undefined,
  };
}
