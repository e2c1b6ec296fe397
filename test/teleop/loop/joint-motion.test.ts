import { describe, expect, test } from "bun:test";
import { JointMotion } from "../../../src/teleop/loop/joint-motion.ts";

/** Steps/s: whole ones, so that each second moves a goal by just so many. */
const speeds = { aligning: 2, following: 20 };

/** A joint that is given a goal each second. */
class Motion extends JointMotion {
  override advance(wanted: number, seconds = 1): boolean {
    return super.advance(wanted, seconds);
  }
}

/** A joint at 2000 whose goal is there. */
function motion(range = { min: 0, max: 4095 }) {
  const it = new Motion(range, speeds);
  it.begin(2000, 2000);
  return it;
}

/** One that follows. */
function following() {
  const it = motion();
  it.advance(2000);
  return it;
}

/** One that follows, was led to `goal`, and is stopped at 2000. */
function stopped(goal: number) {
  const it = following();
  while (it.goal !== goal) it.advance(goal);
  it.see(2000);
  it.see(2000);
  return it;
}

test("a joint has no goal before it begins", () => {
  expect(new Motion({ min: 0, max: 4095 }, speeds).goal).toBe(-1);
});

describe("a joint that aligns", () => {
  test("moves its goal at the aligning speed, and is slow", () => {
    const it = motion();
    expect([it.advance(2010), it.goal, it.mode, it.isSlow]).toEqual([false, 2002, "aligning", true]);
  });

  test("follows from the tick on in which its goal meets its target", () => {
    const it = motion();
    expect([it.advance(2002), it.mode, it.isSlow]).toEqual([true, "following", false]);
  });

  test("has met a target that passed its goal by no more than it could have followed", () => {
    const it = motion();
    it.advance(2100); // goal 2002, 100 ahead
    expect([it.advance(1982), it.mode]).toEqual([true, "following"]);
    const further = motion();
    further.advance(2100);
    expect([further.advance(1981), further.mode]).toEqual([false, "aligning"]);
  });

  test("has met none that passed between when it began", () => {
    const it = motion();
    it.advance(2100);
    it.begin(2002, 2002);
    expect([it.advance(1990), it.mode]).toEqual([false, "aligning"]);
  });

  test("carries parts of a step over", () => {
    const it = new Motion({ min: 0, max: 4095 }, { aligning: 2.5, following: 20 });
    it.begin(2000, 2000);
    const goals = [0, 0, 0, 0].map(() => {
      it.advance(3000);
      return it.goal;
    });
    expect(goals).toEqual([2002, 2005, 2007, 2010]);
    it.begin(2000, 2000);
    it.advance(3000);
    expect(it.goal).toBe(2002);
  });
});

describe("a joint that follows", () => {
  test("moves its goal at the following speed, and has met its target whatever the distance", () => {
    const it = following();
    expect([it.advance(2500), it.goal, it.mode]).toEqual([true, 2020, "following"]);
  });

  test("aligns when it is told to", () => {
    const it = following();
    it.align();
    expect([it.mode, it.isSlow]).toEqual(["aligning", true]);
    it.advance(2500);
    expect(it.goal).toBe(2002);
  });

  test("aligns when it is to be slow, and stays so also where it meets its target", () => {
    const it = following();
    it.slow = true;
    expect([it.mode, it.advance(2001), it.mode]).toEqual(["aligning", true, "aligning"]);
    it.slow = false;
    expect([it.mode, it.advance(2001), it.mode]).toEqual(["aligning", true, "following"]);
  });

  test("stays as it is when it need not be slow, and need not before", () => {
    const it = following();
    it.slow = false;
    expect(it.mode).toBe("following");
  });
});

test.each([1, -1])(
  "a joint that moves is not stopped, though it was seen where it is before (side %i)",
  (side) => {
    const it = following();
    while (it.goal !== 2600) it.advance(2600);
    for (let reading = 0; reading < 5; reading++) {
      it.see(2000, side * 133);
      it.see(2000, side * 1_000);
    }
    expect(it.mode).toBe("following");
    it.see(2000, side * 132);
    it.see(2000, side * 132);
    expect(it.mode).toBe("obstructed");
  },
);

describe("a joint that is stopped", () => {
  test.each([1, -1])("is slow, and its goal comes back to 20° from it (side %i)", (side) => {
    const it = stopped(2000 + side * 600);
    expect([it.mode, it.obstacleSide, it.isSlow, it.seenAt]).toEqual(["obstructed", side, true, 2000]);
    expect(it.advance(2000 + side * 600)).toBe(false);
    expect(it.goal).toBe(2000 + side * 580);
    while (it.goal !== 2000 + side * 228) it.advance(2000 + side * 600);
    it.advance(2000 + side * 600);
    expect(it.goal).toBe(2000 + side * 228);
  });

  test.each([1, -1])("follows a target on its own side of the obstacle at once (side %i)", (side) => {
    const it = stopped(2000 + side * 600);
    it.advance(2000);
    expect([it.mode, it.obstacleSide, it.goal]).toEqual(["following", 0, 2000 + side * 580]);
  });

  test.each([1, -1])("follows a target that is 20° ahead of it or less at once (side %i)", (side) => {
    const it = stopped(2000 + side * 600);
    expect([it.advance(2000 + side * 228), it.mode, it.goal]).toEqual([true, "following", 2000 + side * 580]);
    const atLimit = stopped(2000 + side * 600);
    while (atLimit.goal !== 2000 + side * 228) atLimit.advance(2000 + side * 600);
    expect([atLimit.advance(2000 + side * 210), atLimit.goal]).toEqual([true, 2000 + side * 210]);
  });

  test("aligns afterwards when it was told to meanwhile, or must be slow", () => {
    const told = stopped(2600);
    told.align();
    expect(told.mode).toBe("obstructed");
    told.advance(1900);
    expect(told.mode).toBe("aligning");
    const slow = stopped(2600);
    slow.slow = true;
    slow.advance(1900);
    expect(slow.mode).toBe("aligning");
  });

  test("that was aligning has its goal brought back slowly", () => {
    const it = motion();
    while (it.goal !== 2600) it.advance(2600);
    it.begin(2600, 2000);
    it.see(2000);
    it.see(2000);
    expect(it.mode).toBe("obstructed");
    it.advance(2600);
    expect(it.goal).toBe(2598);
  });

  test.each([1, -1])("presses on slowly when what stops it gives way (side %i)", (side) => {
    const it = stopped(2000 + side * 600);
    while (it.goal !== 2000 + side * 228) it.advance(2000 + side * 600);
    it.see(2000 + side * 50);
    it.advance(2000 + side * 600);
    expect(it.goal).toBe(2000 + side * 230);
  });

  /** One that was stopped, pressed, and whose way is free now: its target is further than its goal may be at once. */
  function freed(side: number) {
    const it = stopped(2000 + side * 600);
    while (it.goal !== 2000 + side * 228) it.advance(2000 + side * 600);
    it.see(2000 + side * 400);
    expect([it.advance(2000 + side * 600), it.mode]).toEqual([false, "aligning"]);
    expect([it.obstacleSide, it.goal]).toEqual([0, 2000 + side * 230]);
    return it;
  }

  test.each([1, -1])(
    "goes slowly to a target that it may reach again, and then follows (side %i)",
    (side) => {
      const it = freed(side);
      let before = it.goal;
      for (; !it.advance(2000 + side * 600); before = it.goal) expect(Math.abs(it.goal - before)).toBe(2);
      expect([it.mode, it.goal]).toEqual(["following", 2000 + side * 600]);
    },
  );

  test.each([1, -1])("follows a target that comes back to its goal, however fast (side %i)", (side) => {
    const it = freed(side);
    expect([it.advance(2000 + side * 100), it.mode, it.goal]).toEqual([true, "following", 2000 + side * 210]);
  });

  test.each([1, -1])("follows just so after a second obstacle (side %i)", (side) => {
    const it = freed(side);
    it.see(2000 - side * 60);
    it.see(2000 - side * 60);
    it.see(2000 - side * 60);
    expect(it.mode).toBe("obstructed");
    it.advance(1900);
    expect(it.mode).toBe("following");
  });

  test("approaches what the leader jumped to slowly, also when its way had become free", () => {
    const it = freed(1);
    it.align();
    it.advance(1900);
    expect([it.mode, it.goal]).toEqual(["aligning", 2228]);
  });

  test("that must be slow when its way becomes free follows nothing", () => {
    const it = freed(1);
    it.slow = true;
    it.advance(1900);
    expect([it.mode, it.goal]).toEqual(["aligning", 2228]);
  });

  test("that was aligning has met its target when its goal is as far as it may be", () => {
    const it = motion();
    while (it.goal !== 2228) it.advance(2600);
    it.begin(2228, 1900);
    it.see(1900);
    it.see(1900);
    expect(it.mode).toBe("obstructed");
    it.advance(2600);
    it.advance(1800);
    expect(it.mode).toBe("aligning");
    it.begin(2228, 1900);
    it.see(1900);
    it.see(1900);
    for (let tick = 0; tick < 100; tick++) it.advance(2600);
    it.advance(1800);
    expect(it.mode).toBe("following");
  });
});

test("a goal stays within the range, and comes back into it", () => {
  const it = motion({ min: 1990, max: 2010 });
  for (let tick = 0; tick < 20; tick++) it.advance(3000);
  expect(it.goal).toBe(2010);
  it.begin(1900, 1900);
  it.advance(0);
  expect(it.goal).toBe(1902);
});

test("a target that comes back to a joint that presses less for a while is followed at once, as far as before", () => {
  const eased = () => {
    const it = stopped(2600);
    it.lead = 57;
    while (it.goal !== 2057) it.advance(2600);
    return it;
  };
  const it = eased();
  expect([it.advance(2228), it.mode, it.goal]).toEqual([true, "following", 2077]);
  const gaveWay = eased();
  gaveWay.see(2100);
  expect([gaveWay.advance(2300), gaveWay.mode, gaveWay.goal]).toEqual([false, "aligning", 2059]);
});
