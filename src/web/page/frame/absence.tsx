/** Why nothing is known of a pair, and what to do: above every screen. */
import { byOwnMeans } from "../own-means.ts";
import type { Known, ScreenName } from "../screens.tsx";

/** Shown while the pair's service says nothing. */
export function Absence({ known, screen }: { readonly known: Known; readonly screen: ScreenName }) {
  if (known?.kind !== "absent") return null;
  return (
    <div class="notice" role="status">
      <p class="why">{byOwnMeans(known.why)}</p>
      <p>This page goes on by itself once the service is heard.</p>
      {screen !== "health" && (
        <p>
          <a class="button" href="#health">
            See what the doctor finds
          </a>
        </p>
      )}
    </div>
  );
}
