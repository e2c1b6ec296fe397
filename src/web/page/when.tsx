/** A moment, as somebody reads it who wants to know whether it was just now. */

/** The time of today, or the day with it. What is no time is a dash. */
export function When({ time }: { readonly time: string }) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return <span>–</span>;
  return (
    <time dateTime={time} title={date.toLocaleString()}>
      {date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString() : date.toLocaleString()}
    </time>
  );
}
