/** Why nothing is known of a pair, and what to do: above every screen. */
import type { Known } from "../screens.tsx";

/** Shown while the pair's service says nothing. */
export function Absence({ known }: { readonly known: Known }) {
  if (known?.kind !== "absent") return null;
  return (
    <div class="notice" role="status">
      <p class="why">{known.why}</p>
      <p>This page goes on by itself once the service is heard.</p>
      <p>
        <a class="button" href="#health">
          See what the doctor finds
        </a>
      </p>
    </div>
  );
}
