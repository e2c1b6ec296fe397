/** The settings of a pair. */
import type { ScreenProperties } from "../screens.tsx";

/** The screen. */
export function Settings({ pair }: ScreenProperties) {
  return <p>{pair}</p>;
}
