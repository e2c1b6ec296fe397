import { expect, test } from "bun:test";
import { lerobotCalibrationRoot } from "../../../src/arm/calibration/tree.ts";

test("LeRobot's own root is where its environment variables say", () => {
  const home = { HOME: "/home/me" };
  for (const [env, expected] of [
    [{}, "/home/me/.cache/huggingface/lerobot/calibration"],
    [{ XDG_CACHE_HOME: "/cache" }, "/cache/huggingface/lerobot/calibration"],
    [{ HF_HOME: "/hf", XDG_CACHE_HOME: "/cache" }, "/hf/lerobot/calibration"],
    [{ HF_LEROBOT_HOME: "~/lr", HF_HOME: "/hf" }, "/home/me/lr/calibration"],
    [{ HF_LEROBOT_CALIBRATION: "/c", HF_LEROBOT_HOME: "/lr" }, "/c"],
  ] as const) {
    expect(lerobotCalibrationRoot({ ...home, ...env })).toBe(expected);
  }
});
