/** How much a phone loads, and when the page is there and can be used, on a slow processor; how smooth it is on a slower one. */
import { distribution, median } from "../bench/analysis.ts";
import { judged, type Row } from "../bench/report.ts";
import { notedBy, type OpenPage, type World } from "./world.ts";

const MOST_KB = 150;
const SLOWED_AT_START = 4;
const SLOWED_IN_FRAMES = 6;
/** What opening the page costs is not what showing it does. */
const SETTLING_MS = 2_000;

/** What all that a new phone loads has on the wire, headers included. */
export async function sizeRows(world: World): Promise<Row[]> {
  let bytes = 0;
  let unpacked = 0;
  const { context } = await world.open(async ({ tools }) => {
    await tools.send("Network.enable");
    tools.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    tools.on("Network.dataReceived", ({ dataLength }) => {
      unpacked += dataLength;
    });
  });
  await context.close();
  return [
    judged("all that a new phone loads", "kB", bytes / 1e3, { atMost: MOST_KB }),
    judged("the same, unpacked", "kB", unpacked / 1e3, {}),
  ];
}

/** From the address to the first paint, and until the buttons can be pressed. */
export async function startRows(world: World, times: number): Promise<Row[]> {
  const paints: number[] = [];
  const usable: number[] = [];
  for (let time = 0; time < times; time++) {
    const { page, context } = await world.open(slowed(SLOWED_AT_START));
    paints.push(
      await page.evaluate<number>('performance.getEntriesByName("first-contentful-paint")[0].startTime'),
    );
    usable.push(await page.evaluate<number>("probe.usableMs"));
    await context.close();
  }
  return [
    judged(`first paint: median of ${times}`, "ms", median(paints), { atMost: 1_000 }),
    judged("first paint: max", "ms", Math.max(...paints), {}),
    judged(`buttons can be pressed: median of ${times}`, "ms", median(usable), { atMost: 2_000 }),
    judged("buttons can be pressed: max", "ms", Math.max(...usable), {}),
  ];
}

/** How many frames a second the page has while both arms move: each is a new picture, for none is made of what is not new. */
export async function frameRows(world: World, seconds: number): Promise<Row[]> {
  const opened = await world.open(slowed(SLOWED_IN_FRAMES));
  await Bun.sleep(SETTLING_MS);
  const before = await notedBy(opened);
  await Bun.sleep(seconds * 1e3);
  const { pictures } = await notedBy(opened);
  await opened.context.close();
  const shown = pictures.slice(before.pictures.length).map(([, shownMs]) => shownMs);
  const gapsMs = shown.slice(1).map((at, index) => at - shown[index]!);
  const spanMs = shown.at(-1)! - shown[0]!;
  return [
    judged("frames", "/s", (1e3 * gapsMs.length) / spanMs, { atLeast: 25 }),
    judged("from one to the next p99", "ms", distribution(gapsMs).p99, {}),
  ];
}

function slowed(rate: number): (opened: OpenPage) => Promise<unknown> {
  return ({ tools }) => tools.send("Emulation.setCPUThrottlingRate", { rate });
}
