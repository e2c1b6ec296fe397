/** Who may make the arms move. */
import type { ScreenProperties } from "../screens.tsx";

/** The screen. */
export function Access({ pair }: ScreenProperties) {
  return <p>{pair}</p>;
}
