/** Figures by their names. */

/** `label` says what they are of, for who does not see them together. */
export function FigureList({
  label,
  figures,
}: {
  readonly label: string;
  readonly figures: readonly (readonly [name: string, value: string])[];
}) {
  return (
    <dl class="figures" aria-label={label}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
