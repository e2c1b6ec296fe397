/** What is put into a measured page before its own script: it notes when what happens there, and changes nothing. */

/** What the probe has noted: times are the page's, ms from its beginning. */
export interface Noted {
  /** When the state was known and all three buttons could be pressed. */
  readonly usableMs: number | undefined;
  /** Pictures: when the newest sample in each was read (the machine's clock, µs), and when the frame after it began. */
  readonly pictures: readonly (readonly [timeUs: number, shownMs: number])[];
  /** When the last request of a button left. */
  readonly askedMs: number | undefined;
  /** When its success was on the page. */
  readonly successMs: number | undefined;
}

/** What resolves, in the page, when the probe has noted a time. */
export function untilNoted(what: "usableMs" | "successMs"): string {
  return `new Promise((resolve) => {
    const look = () => (probe.${what} === undefined ? setTimeout(look, 5) : resolve());
    look();
  })`;
}

/**
 * The probe. A picture is drawn in a frame's callback with the newest sample that has come by then; the next frame's
 * callback comes after that frame went to the screen.
 */
export const PROBE = `(() => {
  const probe = (globalThis.probe = { usableMs: undefined, pictures: [], askedMs: undefined, successMs: undefined });
  let newestUs, drawnUs;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const [, timeUs] = /^{"kind":"sample".*?"timeUs":(\\d+)/.exec(data) ?? [];
        if (timeUs !== undefined) newestUs = Number(timeUs);
      });
    }
  };
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...given) {
    clearRect.apply(this, given);
    if (newestUs === undefined || newestUs === drawnUs) return;
    const timeUs = (drawnUs = newestUs);
    requestAnimationFrame(() => probe.pictures.push([timeUs, performance.now()]));
  };
  const { fetch } = globalThis;
  globalThis.fetch = (...given) => {
    if (/\\/buttons$/.test(given[0])) [probe.askedMs, probe.successMs] = [performance.now(), undefined];
    return fetch(...given);
  };
  new MutationObserver(() => {
    if (probe.usableMs === undefined && document.querySelector(".resume:enabled")) probe.usableMs = performance.now();
    if (probe.successMs === undefined && /torque of the follower is off/.test(document.querySelector(".bar .reply")?.textContent)) {
      probe.successMs = performance.now();
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})()`;
