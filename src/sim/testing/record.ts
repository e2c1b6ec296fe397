/** Reading the record of a simulation. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { PacketDecoder } from "../../feetech/packet.ts";
import type { BytesEntry, RecordEntry } from "../record/entries.ts";

/** Reads a record line by line; a last line that is not whole yet is left out. */
export async function* readRecord(path: string): AsyncGenerator<RecordEntry> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (line.endsWith("}")) yield JSON.parse(line) as RecordEntry;
  }
}

/** A whole record at once. */
export async function recordEntries(path: string): Promise<RecordEntry[]> {
  return await Array.fromAsync(readRecord(path));
}

/** A decoder that has received an entry; nothing where that is longer than any reply. */
export function decoderOf(entry: BytesEntry): PacketDecoder {
  const decoder = new PacketDecoder();
  const bytes = bytesOf(entry);
  if (bytes.length > decoder.bytes.length) return decoder;
  decoder.bytes.set(bytes);
  decoder.received(bytes.length);
  return decoder;
}

/** The bytes of an entry. */
export function bytesOf(entry: BytesEntry): Uint8Array {
  return Uint8Array.fromHex(entry.hex);
}
