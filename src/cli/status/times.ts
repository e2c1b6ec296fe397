/** Times in words, as a reader has them. */

/** A time of the day by the reader's clock: `14:05:09`. */
export function localTime(iso: string): string {
  return new Date(iso).toTimeString().slice(0, 8);
}

/** A duration as people say it: `3 h 12 min`, `4 min 5 s`, `12 s`. */
export function duration(ms: number): string {
  const s = Math.max(Math.floor(ms / 1000), 0);
  const [days, hours, minutes] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${s % 60} s` : `${s} s`;
}
