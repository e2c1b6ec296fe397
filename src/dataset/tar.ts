/** A dataset as one file to be taken away: a tar archive of what counts, made while it is read. */
import { closeSync, fstatSync, readSync } from "node:fs";
import { basename, resolve } from "node:path";
import { refuseOdd } from "../linux/guarded/odd-file.ts";
import { openNamedFile } from "../linux/guarded/path.ts";
import { readInfo } from "./dataset.ts";
import { asDatasetError, readText } from "./files.ts";
import { CARD_FILE, dataFile, GAPS_FILE, INFO_FILE, STATS_FILE, TASKS_FILE, videoFile } from "./format.ts";
import { DatasetError } from "./problem.ts";
import { camerasOf, readRows } from "./rows.ts";

const BLOCK = 512;
/** So much is read at once. */
const PIECE = 256 * 1024;

/**
 * The archive: a folder of the dataset's name, with the files of the episodes that count. Throws {@link DatasetError} where there
 * is no dataset, or one of its files cannot be read; the stream fails where that becomes so meanwhile.
 */
export async function tarOf(dir: string): Promise<ReadableStream<Uint8Array>> {
  const pieces = archive(dir, basename(resolve(dir)), await filesOf(dir));
  return new ReadableStream({
    pull(controller) {
      try {
        const { value, done } = pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(asDatasetError(dir, dir, error));
      }
    },
    cancel() {
      // A file may be open in the midst of it.
      pieces.return(undefined);
    },
  });
}

/** A file of the archive: its path below the dataset's folder, and its bytes where they are known already. */
interface Entry {
  readonly path: string;
  readonly bytes?: Buffer;
}

async function filesOf(dir: string): Promise<Entry[]> {
  // Read once: while somebody records, it is this one that says what counts.
  const info = readInfo(dir);
  const text = readText(dir, INFO_FILE)!;
  const cameras = camerasOf(info.features);
  const rows = (await readRows(dir, cameras, "without statistics")).slice(0, info.total_episodes);
  const optional = [CARD_FILE, STATS_FILE, TASKS_FILE, GAPS_FILE];
  const paths = [
    ...rows.map(({ path }) => path),
    ...rows.map(({ data }) => dataFile(data, info.data_path)),
    ...cameras.flatMap((camera) =>
      rows.map(({ videos }) => videoFile(info.video_path ?? "", camera, videos[camera]!)),
    ),
  ];
  const found = [...optional.filter((path) => readText(dir, path) !== undefined), ...new Set(paths)];
  // Before anything is sent: who gets a part of an archive is not told why.
  for (const path of found) closeSync(openPlain(dir, path));
  return [{ path: INFO_FILE, bytes: Buffer.from(text) }, ...found.map((path) => ({ path }))];
}

/** Opens a file that goes into the archive. Throws {@link DatasetError}. */
function openPlain(dir: string, name: string): number {
  const path = `${dir}/${name}`;
  try {
    const fd = openNamedFile(path);
    try {
      // Whoever writes there may have given a further name to a file of others.
      refuseOdd(path, fstatSync(fd));
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    throw asDatasetError(dir, path, error);
  }
}

function* archive(dir: string, name: string, files: readonly Entry[]): Generator<Uint8Array> {
  for (const { path, bytes } of files) {
    const inside = `${name}/${path}`;
    if (bytes !== undefined) {
      yield header(inside, bytes.length);
      yield padded(bytes);
      continue;
    }
    const fd = openPlain(dir, path);
    try {
      const { size } = fstatSync(fd);
      yield header(inside, size);
      for (let at = 0; at < size; ) {
        const piece = Buffer.alloc(Math.min(PIECE, size - at));
        const read = readSync(fd, piece, 0, piece.length, at);
        if (read === 0) {
          throw new DatasetError({
            kind: "damaged",
            dir,
            path: `${dir}/${path}`,
            fact: "it became shorter while it was read",
          });
        }
        at += read;
        yield at === size ? padded(piece.subarray(0, read), size) : piece.subarray(0, read);
      }
    } finally {
      closeSync(fd);
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** The end of a file of `size` bytes, and what fills its last block. */
function padded(bytes: Buffer, size = bytes.length): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)]);
}

/** A file's header (POSIX.1-2001 pax): a long name, or one that is not plain, is said by a header of its own before it. */
function header(path: string, size: number): Buffer {
  const plain = Buffer.byteLength(path) <= 100 && /^[\x20-\x7e]*$/.test(path);
  if (plain) return block(path, size, "0");
  const record = paxRecord("path", path);
  return Buffer.concat([
    block("PaxHeader", record.length, "x"),
    padded(record),
    block(path.replaceAll(/[^\x20-\x7e]/g, "_").slice(-100), size, "0"),
  ]);
}

/** `<length> path=<value>\n`, the length with its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (Buffer.byteLength(`${length}${rest}`) !== length) length = Buffer.byteLength(`${length}${rest}`);
  return Buffer.from(`${length}${rest}`);
}

function block(name: string, size: number, type: "0" | "x"): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) =>
    bytes.write(value.toString(8).padStart(width - 1, "0"), at, "latin1");
  bytes.write(name, 0, 100, "latin1");
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(Date.now() / 1_000), 136, 12);
  bytes.write("        ", 148, "latin1");
  bytes.write(type, 156, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  octal(
    bytes.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  bytes.write("\0 ", 154, "latin1");
  return bytes;
}
