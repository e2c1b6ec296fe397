/** What an MP4 file says of its video: how many frames it has, and how many a second. Nothing is decoded (ISO/IEC 14496-12). */
import { closeSync, fstatSync, readSync } from "node:fs";
import { openNamedFile } from "../../linux/guarded/path.ts";

/** A video's frames. */
export interface VideoFrames {
  readonly frames: number;
  /** On average, by which LeRobot finds a frame. */
  readonly perSecond: number;
}

/** The index of a file of 200 MB has some hundred kilobytes. */
const LARGEST_INDEX = 32 * 1024 * 1024;
/** The boxes of a file: its type, its index, its frames, and a few that are to be skipped. */
const MOST_BOXES = 1_000;

/** Reads what the index of a file says; undefined where it has none, or one without a video. Throws the system's error. */
export function videoFrames(path: string): VideoFrames | undefined {
  const fd = openNamedFile(path);
  try {
    const index = readIndex(fd);
    return index === undefined ? undefined : framesOf(index);
  } catch (error) {
    // A number in it led beyond its end.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * The content of the box `moov`, wherever it stands; undefined also where the frames are not all there: LeRobot puts the index
 * before them, so that a file which is cut off may still have it whole.
 */
function readIndex(fd: number): Buffer | undefined {
  const { size } = fstatSync(fd);
  const head = Buffer.alloc(16);
  let index: Buffer | undefined;
  let hasFrames = false;
  for (let at = 0, boxes = 0; at + 8 <= size && boxes < MOST_BOXES; boxes++) {
    if (readSync(fd, head, 0, 16, at) < 8) return undefined;
    const { type, header, length } = boxAt(head, size - at);
    const isWhole = length >= header && at + length <= size;
    // What comes after both is nobody's business.
    if (!isWhole) return hasFrames && type !== "mdat" ? index : undefined;
    if (type === "mdat") hasFrames = true;
    if (type === "moov" && index === undefined) {
      if (length > LARGEST_INDEX) return undefined;
      index = Buffer.alloc(length - header);
      if (readSync(fd, index, 0, index.length, at + header) !== index.length) return undefined;
    }
    at += length;
  }
  return hasFrames ? index : undefined;
}

/** A box's type, the size of its header and its whole length; `rest` is what is left, which the last one may have all of. */
function boxAt(bytes: Buffer, rest: number) {
  const short = bytes.readUInt32BE(0);
  const type = bytes.toString("latin1", 4, 8);
  if (short === 1) return { type, header: 16, length: Number(bytes.readBigUInt64BE(8)) };
  return { type, header: 8, length: short === 0 ? rest : short };
}

/** The boxes of a type in another's content. */
function boxes(content: Buffer, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= content.length; ) {
    const box = boxAt(content.subarray(at), content.length - at);
    if (box.length < box.header || at + box.length > content.length) return found;
    if (box.type === type) found.push(content.subarray(at + box.header, at + box.length));
    at += box.length;
  }
  return found;
}

/** The one box that a path of types leads to. */
function box(content: Buffer, ...path: readonly string[]): Buffer | undefined {
  return path.reduce<Buffer | undefined>((at, type) => at && boxes(at, type)[0], content);
}

function framesOf(index: Buffer): VideoFrames | undefined {
  const media = boxes(index, "trak")
    .map((track) => box(track, "mdia"))
    .find((one) => one && box(one, "hdlr")?.toString("latin1", 8, 12) === "vide");
  const [times, sizes] = [media && box(media, "mdhd"), media && box(media, "minf", "stbl", "stsz")];
  if (times === undefined || sizes === undefined) return undefined;
  // After version and flags come two times of day, of 4 or 8 bytes, then the time scale and the duration.
  const isLong = times.readUInt8(0) === 1;
  const scale = times.readUInt32BE(isLong ? 20 : 12);
  const duration = isLong ? Number(times.readBigUInt64BE(24)) : times.readUInt32BE(16);
  const frames = sizes.readUInt32BE(8);
  return scale === 0 || duration === 0 ? undefined : { frames, perSecond: (frames * scale) / duration };
}
