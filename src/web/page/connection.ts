/** The page's one connection to the server: made again by itself, for as long as the page is open. */
import type { PageMessage } from "../messages.ts";
import { mustBeSeen } from "./work/works.ts";

/** Whether the page hears the machine. */
export type Reach = "connecting" | "connected" | "lost";

/** What a page does with what it hears. */
export interface Hearer {
  message(message: PageMessage): void;
  reach(reach: Reach): void;
}

/** A machine that is restarted is back after seconds; a phone comes back into the network after more. */
const RETRY_MS = 1_000;
/** A connection on which nothing comes for so long is none: status comes five times a second. */
const SILENT_MS = 5_000;

/** What has an arm move or hold ends when the page says nothing for 0.75 s. */
const HERE_EVERY_MS = 200;

/** Connects, and connects again. */
export function connect(hearer: Hearer): void {
  const socket = new WebSocket(`ws://${location.host}/live`);
  let patience = setTimeout(() => socket.close(), SILENT_MS);
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
    hearer.reach("lost");
    setTimeout(() => connect(hearer), RETRY_MS);
  };
  socket.addEventListener("message", ({ data }) => {
    clearTimeout(patience);
    patience = setTimeout(() => {
      socket.close();
      lost();
    }, SILENT_MS);
    hearer.reach("connected");
    // From the server that this page came from: the same program, whose types these are.
    hearer.message(JSON.parse(data as string) as PageMessage);
  });
  socket.addEventListener("close", lost);
  socket.addEventListener("error", lost);
}
