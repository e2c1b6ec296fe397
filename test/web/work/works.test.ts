/** When works end by themselves: with the page that drives, and when nobody has looked for long. */
import { describe, expect, test } from "bun:test";
import type { WorkMessage, WorkView } from "../../../src/web/work/messages.ts";
import type { WorkPlan } from "../../../src/web/work/work.ts";
import { Works } from "../../../src/web/work/works.ts";
import { Interrupted } from "../../../src/workflows/errors.ts";
import type { Operator } from "../../../src/workflows/operator.ts";

/** A plan that asks until it is answered, and notes how it ended. */
function asking(isDriving: boolean, more: Partial<WorkPlan> = {}) {
  const end = Promise.withResolvers<string>();
  const plan: WorkPlan = {
    ...{ what: "park", title: "Parking the follower", isDriving, audience: {} },
    async run(operator: Operator) {
      try {
        await operator.ask("Go on?");
        end.resolve("answered");
      } catch (error) {
        end.resolve((error as Error).message);
        throw error;
      }
      return "done";
    },
    ...more,
  };
  return { plan, ended: end.promise };
}

/** A page, and what it hears. */
function pageOf(works: Works, id: string, standing: "claimed" | "unclaimed" = "claimed") {
  const heard: WorkMessage[] = [];
  const page = works.open(id, standing, (message) => heard.push(message));
  const newest = (): WorkView | null | undefined => {
    const message = heard.findLast(({ kind }) => kind === "work");
    return message?.kind === "work" ? message.work : undefined;
  };
  return { ...page, heard, newest };
}

describe("a work that moves an arm", () => {
  test("ends with its page, though another one looks", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    pageOf(works, "b");
    const { plan, ended } = asking(true);
    expect(works.start("main", plan, "a")).toBeUndefined();
    page.leave();
    expect(await ended).toBe("the page that began it is gone");
  });

  test("ends when its page says nothing any more, and not before", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const { plan, ended } = asking(true);
    works.start("main", plan, "a");
    for (let times = 0; times < 6; times++) {
      await Bun.sleep(250);
      page.here();
    }
    expect(page.newest()?.conversation?.ended).toBeNull();
    expect(await ended).toBe("the page that began it is gone");
  });

  test("is not begun by a page that is not there, or not claimed", () => {
    const works = new Works();
    pageOf(works, "a", "unclaimed");
    const { plan } = asking(true);
    for (const id of ["a", "b", undefined]) {
      expect(works.start("main", plan, id)).toContain("takes an open page that hears the machine");
    }
  });
});

describe("a work that asks while an arm holds", () => {
  const holding = () =>
    asking(false, {
      async run(operator) {
        await operator.ask("The arm holds its pose: may it be released?", "holding");
        await operator.ask("Go on?");
        return "done";
      },
    });
  const endOf = async (page: ReturnType<typeof pageOf>) => {
    while (page.newest()?.conversation?.ended == null) await Bun.sleep(5);
    return page.newest()!.conversation!.ended;
  };

  test("ends when nobody looks at any claimed page", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const visitor = pageOf(works, "visitor", "unclaimed");
    works.start("main", holding().plan);
    const looking = setInterval(() => visitor.here(), 100);
    expect(await endOf(page)).toEqual({ outcome: "interrupted", text: "nobody looks at the page" });
    clearInterval(looking);
  });

  test("goes on while one is looked at, and once it is answered without", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const other = pageOf(works, "b");
    works.start("main", holding().plan);
    for (let times = 0; times < 5; times++) {
      await Bun.sleep(250);
      other.here();
    }
    expect(works.answer("main", page.newest()!.conversation!.question!.id, true)).toBeUndefined();
    await Bun.sleep(1_000);
    const { question, ended } = page.newest()!.conversation!;
    expect(ended).toBeNull();
    works.answer("main", question!.id, true);
    expect((await endOf(page))?.outcome).toBe("done");
  });
});

describe("a work that moves nothing", () => {
  test("is found again by a page that comes back in time", async () => {
    const works = new Works(400);
    const page = pageOf(works, "a");
    const { plan, ended } = asking(false);
    works.start("main", plan);
    page.leave();
    await Bun.sleep(200);
    const back = pageOf(works, "b");
    await Bun.sleep(400);
    const { question } = back.newest()!.conversation!;
    expect(works.answer("main", question!.id, true)).toBeUndefined();
    expect(await ended).toBe("answered");
  });

  test("ends when no claimed page has looked for long, whoever else does", async () => {
    const works = new Works(200);
    const page = pageOf(works, "a");
    pageOf(works, "visitor", "unclaimed");
    const { plan, ended } = asking(false);
    works.start("main", plan);
    page.leave();
    expect(await ended).toBe("no claimed page was open for 0.2 s");
  });

  test("that nobody looks at from its beginning ends so, too", async () => {
    const { plan, ended } = asking(false);
    new Works(50).start(null, plan);
    expect(await ended).toStartWith("no claimed page was open");
  });
});

describe("works", () => {
  test("of two pairs and of the machine go on beside each other, one each", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const plans = ["left", "right", null].map((place) => ({ place, ...asking(false) }));
    for (const { place, plan } of plans) expect(works.start(place, plan)).toBeUndefined();
    for (const { place, plan } of plans)
      expect(works.start(place, plan)).toContain("Parking the follower goes on");
    await works.end();
    for (const { ended } of plans) expect(await ended).toBe("the page's program was told to end");
    expect(page.heard.length).toBeGreaterThan(2);
  });

  test("keep the last fifty lines, each of bounded length, and tell a failure in words", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const { plan } = asking(false, {
      async run(operator) {
        for (let line = 1; line <= 500; line++) operator.tell("info", `${line} ${"x".repeat(5_000)}`);
        throw new Error("the arm is made of glass");
      },
    });
    works.start("main", plan);
    while (page.newest()?.conversation?.ended == null) await Bun.sleep(5);
    const { lines, ended } = page.newest()!.conversation!;
    expect(lines).toHaveLength(50);
    expect(lines[49]!.message).toStartWith("500 ");
    expect(JSON.stringify(lines).length).toBeLessThan(120_000);
    expect(ended).toEqual({ outcome: "failed", text: "the arm is made of glass" });
    expect(page.heard.length).toBeLessThan(6);
  });

  test("that a person ends are no failure", async () => {
    const works = new Works();
    const page = pageOf(works, "a");
    const { plan } = asking(false, {
      async run() {
        throw new Interrupted("nothing was changed");
      },
    });
    works.start("main", plan);
    while (page.newest()?.conversation?.ended == null) await Bun.sleep(5);
    expect(page.newest()!.conversation!.ended).toEqual({
      outcome: "interrupted",
      text: "nothing was changed",
    });
    // What is over is followed by the next one.
    expect(works.start("main", plan)).toBeUndefined();
  });
});
