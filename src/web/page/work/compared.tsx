/** What came of a comparison: how far apart the joints of both arms are in the two poses. */
import type { ShownPicture } from "../../work/messages.ts";

type Joints = Extract<ShownPicture, { kind: "compared" }>["joints"];

const notes = {
  agrees: "",
  offset: "offset",
  inverted: "turns the other way",
  scaled: "turns by another angle",
  "not turned": "was not turned",
} as const;

/** The table. */
export function ComparedJoints({ joints }: { readonly joints: Joints }) {
  return (
    <table class="compared">
      <caption>How far the follower stands from where its leader has it</caption>
      <thead>
        <tr>
          <th scope="col">joint</th>
          <th scope="col">first pose</th>
          <th scope="col">second pose</th>
        </tr>
      </thead>
      <tbody>
        {joints.map(({ joint, agreement, apartDeg: [first, second] }) => (
          <tr key={joint} class={agreement === "agrees" ? "agrees" : ""}>
            <th scope="row">
              {joint} {notes[agreement] && <small>{notes[agreement]}</small>}
            </th>
            <td>{signed(first!)}</td>
            <td>{signed(second!)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function signed(degrees: number): string {
  return `${degrees > 0 ? "+" : ""}${degrees.toFixed(1)}°`;
}
