/** The page's one connection to the server: made again by itself, for as long as the page is open. */
import type { PageMessage } from "../messages.ts";
import { mustBeSeen } from "./work/works.ts";

/** Whether the page hears the machine; why not, where the machine says so. */
export type Reach =
  | { readonly is: "connecting" | "connected" }
  | { readonly is: "lost"; readonly why: string };

/** What a page does with what it hears. */
export interface Hearer {
  message(message: PageMessage): void;
  reach(reach: Reach): void;
}

/** A machine that is restarted is back after seconds; a phone comes back into the network after more. */
const RETRY_MS = 1_000;
/** A connection on which nothing comes for so long is none: status comes five times a second. */
const SILENT_MS = 5_000;

const NOT_HEARD =
  "The machine is not heard: is it on, and in this network? This page goes on by itself once it is back.";

/** What has an arm move or hold ends when the page says nothing for 0.7 s. */
const HERE_EVERY_MS = 250;

/** Connects, and connects again. */
export function connect(hearer: Hearer): void {
  const socket = new WebSocket(`ws://${location.host}/live`);
  let isOver = false;
  const here = setInterval(() => {
    const isSeen = document.visibilityState === "visible";
    if (isSeen && mustBeSeen() && socket.readyState === WebSocket.OPEN) socket.send("here");
  }, HERE_EVERY_MS);
  const lost = () => {
    if (isOver) return;
    isOver = true;
    clearInterval(here);
    clearTimeout(patience);
    socket.close();
    hearer.reach({ is: "lost", why: NOT_HEARD });
    void whyRefused().then((why) => {
      if (why !== undefined) hearer.reach({ is: "lost", why });
      setTimeout(() => connect(hearer), RETRY_MS);
    });
  };
  let patience = setTimeout(lost, SILENT_MS);
  socket.addEventListener("message", ({ data }) => {
    if (isOver) return;
    clearTimeout(patience);
    patience = setTimeout(lost, SILENT_MS);
    hearer.reach({ is: "connected" });
    // From the server that this page came from: the same program, whose types these are.
    hearer.message(JSON.parse(data as string) as PageMessage);
  });
  socket.addEventListener("close", lost);
  socket.addEventListener("error", lost);
}

/** What the machine says where it takes no connection: a browser tells a page nothing of that. */
async function whyRefused(): Promise<string | undefined> {
  try {
    const response = await fetch("/live", { cache: "no-store", signal: AbortSignal.timeout(SILENT_MS) });
    if (response.status !== 503) return undefined;
    const type = response.headers.get("content-type") ?? "";
    // In the page's place stands another one, which says what is wrong.
    if (type.startsWith("text/html")) location.reload();
    return type.startsWith("application/json")
      ? ((await response.json()) as { text: string }).text
      : undefined;
  } catch {
    return undefined;
  }
}
