/** What the doctor finds. */
import "./health.css";
import type { ScreenProperties } from "../screens.tsx";

/** The screen. */
export function Health({ pair }: ScreenProperties) {
  return <p>{pair}</p>;
}
