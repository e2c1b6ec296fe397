/** What happened last, the newest first. */
import type { ScreenProperties } from "../screens.tsx";

/** The last events of a pair. */
export function Events({ status }: ScreenProperties) {
  if (status === undefined)
    return <p>The service is not heard: what happened is in the journal of the machine.</p>;
  return (
    <ol class="events" aria-label="Events">
      {status.events.toReversed().map(({ time, code, severity, message }) => (
        <li key={time + code} class={severity}>
          <time dateTime={time}>{new Date(time).toLocaleTimeString()}</time> {message} <code>{code}</code>
        </li>
      ))}
    </ol>
  );
}
