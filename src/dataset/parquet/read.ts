/** Reading Parquet: a file's columns, its row groups, its types. Whatever is wrong in it is a {@link DatasetError}. */
import { gunzipSync } from "node:zlib";
import {
  type AsyncBuffer,
  type Compressors,
  type DecodedArray,
  type FileMetaData,
  parquetMetadata,
  parquetReadObjects,
  parquetScan,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from "hyparquet";
import { DatasetError } from "../problem.ts";

/** Snappy is the library's own. */
const compressors: Compressors = {
  GZIP: (bytes) => new Uint8Array(gunzipSync(bytes)),
  ZSTD: (bytes) => new Uint8Array(Bun.zstdDecompressSync(bytes)),
};

/** Of a row group with more rows nothing is kept: some hours of recording are no more, and a frame takes some 300 bytes. */
const MOST_KEPT_ROWS = 500_000;

/** A Parquet file in memory. */
export class Table {
  readonly metadata: FileMetaData;
  /** The numbers of rows of its row groups. */
  readonly groups: readonly number[];
  readonly rows: number;
  readonly #dir: string;
  readonly #path: string;
  readonly #file: AsyncBuffer;
  /** By column, the values of the row group of which a part was asked for last, and its first row. */
  readonly #kept = new Map<string, { readonly start: number; readonly values: DecodedArray }>();

  /** `path` is the file's, below `dir`, for errors. Throws {@link DatasetError} where its end is not as it must be. */
  constructor(bytes: Buffer, dir: string, path: string) {
    this.#dir = dir;
    this.#path = path;
    const { buffer, byteOffset, byteLength } = bytes;
    const whole =
      byteOffset === 0 && byteLength === buffer.byteLength
        ? buffer
        : buffer.slice(byteOffset, byteOffset + byteLength);
    this.#file = { byteLength, slice: (start, end) => (whole as ArrayBuffer).slice(start, end) };
    this.metadata = this.#try(() => parquetMetadata(whole as ArrayBuffer));
    this.groups = this.metadata.row_groups.map(({ num_rows }) => Number(num_rows));
    this.rows = Number(this.metadata.num_rows);
    if (this.groups.reduce((sum, rows) => sum + rows, 0) !== this.rows) {
      throw this.#damaged("its row groups do not add up");
    }
  }

  /** The names of its columns, in their order. */
  get columns(): string[] {
    return parquetSchema(this.metadata).children.map(({ element }) => element.name);
  }

  /** The elements of a column that have values, at the ends of its branches; none where there is no such column. */
  leavesOf(column: string): SchemaElement[] {
    const leaves = ({ element, children }: SchemaTree): SchemaElement[] =>
      children.length === 0 ? [element] : children.flatMap(leaves);
    const tree = this.#tree(column);
    return tree === undefined ? [] : leaves(tree);
  }

  /** Whether a column has a list in each row. */
  isList(column: string): boolean {
    const { element } = this.#tree(column) ?? {};
    return (
      element?.converted_type === "LIST" ||
      element?.logical_type?.type === "LIST" ||
      element?.repetition_type === "REPEATED"
    );
  }

  #tree(column: string): SchemaTree | undefined {
    return parquetSchema(this.metadata).children.find(({ element }) => element.name === column);
  }

  /** The text that it has under a key of its metadata. */
  note(key: string): string | undefined {
    return this.metadata.key_value_metadata?.find((one) => one.key === key)?.value;
  }

  /** All rows, by the names of the columns: for files of few rows and many columns. Throws {@link DatasetError}. */
  async records(columns: readonly string[]): Promise<Record<string, unknown>[]> {
    try {
      const { metadata } = this;
      return await parquetReadObjects({ file: this.#file, metadata, columns: [...columns], compressors });
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  /** A column's values of some rows. Throws {@link DatasetError}. */
  async column(name: string, rowStart = 0, rowEnd = this.rows): Promise<DecodedArray> {
    const group = this.#groupAround(rowStart, rowEnd);
    if (group === undefined) return this.#decode(name, rowStart, rowEnd);
    let kept = this.#kept.get(name);
    if (kept?.start !== group.start) {
      kept = { start: group.start, values: await this.#decode(name, group.start, group.end) };
      this.#kept.set(name, kept);
    }
    return kept.values.slice(rowStart - group.start, rowEnd - group.start);
  }

  /**
   * The row group that has all these rows and others beside them. A part of one is not decoded without all of it: where it
   * holds many episodes, as in a dataset that LeRobot has merged, it is decoded once.
   */
  #groupAround(
    rowStart: number,
    rowEnd: number,
  ): { readonly start: number; readonly end: number } | undefined {
    let start = 0;
    for (const rows of this.groups) {
      const end = start + rows;
      if (rowStart >= start && rowEnd <= end)
        return rowEnd - rowStart < rows && rows <= MOST_KEPT_ROWS ? { start, end } : undefined;
      start = end;
    }
    return undefined;
  }

  async #decode(name: string, rowStart: number, rowEnd: number): Promise<DecodedArray> {
    try {
      const scan = await parquetScan({
        ...{ file: this.#file, metadata: this.metadata, columns: [name], compressors },
        ...{ rowStart, rowEnd, useOffsetIndex: false },
      });
      const parts: DecodedArray[] = [];
      for (const range of scan.ranges) parts.push(await scan.readColumn({ column: name, ...range }));
      const values = parts.length === 1 ? parts[0]! : parts.flatMap((part) => Array.from(part));
      if (values.length !== rowEnd - rowStart) {
        throw new Error(`column ${name} has ${values.length} rows in place of ${rowEnd - rowStart}`);
      }
      return values;
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  #try<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  #damaged(why: unknown): DatasetError {
    if (why instanceof DatasetError) return why;
    const fact = (why instanceof Error ? why.message : String(why)).split("\n")[0]!.slice(0, 160);
    return new DatasetError(
      { kind: "damaged", dir: this.#dir, path: `${this.#dir}/${this.#path}`, fact },
      why,
    );
  }
}
