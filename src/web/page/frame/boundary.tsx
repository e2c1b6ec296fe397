/** What is shown in the place of a part of the page that has failed: the rest goes on. */
import type { ComponentChildren } from "preact";
import { useErrorBoundary } from "preact/hooks";

interface Properties {
  /** What may fail, as it is called on the page. */
  readonly what: string;
  readonly children: ComponentChildren;
}

/** Shows its children, or that they have failed. */
export function Boundary({ what, children }: Properties) {
  const [error] = useErrorBoundary();
  if (error === undefined) return <>{children}</>;
  return (
    <div class="notice" role="alert">
      <p>
        {what} has failed, by a mistake of this page. The arms go on as they were; Pause and Release are the
        machine's own.
      </p>
      <p>
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </p>
      <button type="button" onClick={() => location.reload()}>
        Load the page again
      </button>
    </div>
  );
}
