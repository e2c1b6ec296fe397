/** Setting arms up. */
import type { ScreenProperties } from "../screens.tsx";

/** The screen. */
export function SetUp({ pair }: ScreenProperties) {
  return <p>{pair}</p>;
}
