import { expect, test } from "bun:test";
import { audienceOf, COMMAND_NAMES, command } from "../../src/messages/audience.ts";

test("the only pair of a machine needs no name", () => {
  expect(command({}, "calibration pull", "leader")).toBe("so101 calibration pull leader");
});

test("with two pairs the pair is named", () => {
  const audience = { pair: "left" };
  expect(command(audience, "calibration pull", "leader")).toBe("so101 calibration pull leader --pair left");
  expect(command(audience, "resume")).toBe("so101 resume --pair left");
});

test("root is asked for where only root can do it, and nowhere else", () => {
  expect(command({ pair: "left" }, "assign")).toBe("sudo so101 assign --pair left");
  const asRoot = COMMAND_NAMES.filter((name) => command({}, name).startsWith("sudo "));
  expect(asRoot).toEqual(["assign"]);
});

test("what was given to say which arm is meant is given again, as a shell takes it", () => {
  const audience = audienceOf({
    port: "/dev/ttyACM0",
    id: "my arm",
    calibrationDir: "~/it's here",
    config: "/etc/own.toml",
    socket: "/run/own.sock",
  });
  expect(command(audience, "setup-motors", "leader", "--joint", "gripper")).toBe(
    "so101 setup-motors leader --joint gripper --config /etc/own.toml --port /dev/ttyACM0 --id 'my arm' " +
      "--calibration-dir '~/it'\\''s here'",
  );
  expect(command(audience, "find-port", "/dev/my arm")).toBe(
    "so101 find-port '/dev/my arm' --config /etc/own.toml --calibration-dir '~/it'\\''s here'",
  );
  expect(command(audience, "resume")).toBe("so101 resume --socket /run/own.sock");
  expect(command(audience, "assign")).toBe("sudo so101 assign");
});

test("each arm is given what was given of it", () => {
  const audience = { arms: { leader: { port: "/dev/a" }, follower: { port: "/dev/b", id: "red" } } };
  expect(command(audience, "calibrate", "leader")).toBe("so101 calibrate leader --port /dev/a");
  expect(command(audience, "calibrate", "follower")).toBe("so101 calibrate follower --port /dev/b --id red");
});
