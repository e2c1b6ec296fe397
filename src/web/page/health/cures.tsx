/** What settles a finding, to be pressed. */
import type { Cure } from "../../../workflows/check.ts";
import { linksFor } from "./cure-links.ts";

/** A link for each cure that the page has a workflow for. */
export function Cures({ cures }: { readonly cures: readonly Cure[] }) {
  const links = linksFor(cures);
  if (links.length === 0) return null;
  return (
    <p class="cures">
      {links.map(({ href, label }) => (
        <a key={label} class="button" href={href}>
          {label}
        </a>
      ))}
    </p>
  );
}
