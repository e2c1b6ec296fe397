/** The live picture of a pair: turned by a finger, drawn each frame in which something is new. */
import { useEffect, useRef } from "preact/hooks";
import type { Status } from "../../../../api/protocol.ts";
import { JOINTS, type JointName } from "../../../../arm/joints.ts";
import type { SampleMessage } from "../../../messages.ts";
import { listenForSamples, newestSamples } from "../../samples.ts";
import { drawArms, type Palette, type View } from "./draw.ts";
import { type Skeleton, type Stance, skeletonOf } from "./kinematics.ts";

/** From a little above, the arm pointing to the left front. */
const FIRST_VIEW: View = { azimuth: -0.9, elevation: 0.35 };
const HIGHEST = 1.5;
const RAD_PER_PIXEL = 0.008;
const RAD_PER_KEY = 0.1;

interface Properties {
  readonly pair: string;
  readonly armsHere: Status["armsHere"];
}

/** What stands in it, in words. */
const SHOWN = {
  both: "Both arms as they stand: the follower solid, the leader as an outline",
  leader: "The leader as it stands, as an outline; its follower is on another machine",
  follower: "The follower as it stands, solid",
} as const;

/** The picture. */
export function Picture({ pair, armsHere = "both" }: Properties) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef(FIRST_VIEW);
  const redraw = useRef(() => {});
  const turn = (right: number, up: number) => {
    const { azimuth, elevation } = view.current;
    view.current = {
      azimuth: azimuth + right,
      elevation: Math.min(Math.max(elevation + up, 0), HIGHEST),
    };
    redraw.current();
  };
  useEffect(() => {
    const picture = animate(canvas.current!, pair, view);
    redraw.current = picture.redraw;
    return picture.end;
  }, [pair]);
  const keys: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-RAD_PER_KEY, 0],
    ArrowRight: [RAD_PER_KEY, 0],
    ArrowUp: [0, RAD_PER_KEY],
    ArrowDown: [0, -RAD_PER_KEY],
  };
  return (
    <canvas
      ref={canvas}
      class="picture"
      role="img"
      tabIndex={0}
      aria-label={`${SHOWN[armsHere]}. The arrow keys turn the picture.`}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) {
          turn(event.movementX * RAD_PER_PIXEL, event.movementY * RAD_PER_PIXEL);
        }
      }}
      onKeyDown={(event) => {
        const way = keys[event.key];
        if (way === undefined) return;
        event.preventDefault();
        turn(...way);
      }}
    />
  );
}

/**
 * Draws until it is told to end. A frame is asked for only when there is something new: one that shows the same costs a slow
 * phone as much as one that does not.
 */
function animate(
  canvas: HTMLCanvasElement,
  pair: string,
  view: { readonly current: View },
): { redraw(): void; end(): void } {
  const context = canvas.getContext("2d")!;
  let frame = 0;
  // A browser calls for no frame of a page that is hidden; a picture that is scrolled away is drawn just as little.
  let isSeen = true;
  let sample: SampleMessage | undefined;
  let palette = paletteOf(canvas);
  const draw = () => {
    frame = 0;
    if (!isSeen) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = Math.min(devicePixelRatio, 2);
    sample = newestSamples.get(pair);
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const arms = { leader: skeleton(sample?.leader), follower: skeleton(sample?.follower) };
    drawArms(context, width, height, view.current, arms, palette);
  };
  const redraw = () => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    palette = paletteOf(canvas);
    redraw();
  };
  darkness.addEventListener("change", recolour);
  const watcher = new IntersectionObserver(([last]) => {
    isSeen = last!.isIntersecting;
    redraw();
  });
  watcher.observe(canvas);
  const sizes = new ResizeObserver(redraw);
  sizes.observe(canvas);
  const endListening = listenForSamples(() => {
    if (newestSamples.get(pair) !== sample) redraw();
  });
  redraw();
  return {
    redraw,
    end() {
      cancelAnimationFrame(frame);
      watcher.disconnect();
      sizes.disconnect();
      endListening();
      darkness.removeEventListener("change", recolour);
    },
  };
}

/** An arm of which a joint is not known is not drawn: it would stand as it does not. */
function skeleton(angles: readonly (number | null)[] | undefined): Skeleton | undefined {
  if (angles === undefined || angles.includes(null)) return undefined;
  const entries = JOINTS.map((joint, index): [JointName, number] => [joint, angles[index]!]);
  return skeletonOf(Object.fromEntries(entries) as Stance);
}

/** The page's own colours, light or dark. */
function paletteOf(canvas: HTMLCanvasElement): Palette {
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    floor: colour("--floor"),
    leader: colour("--leader"),
    follower: colour("--follower"),
    jaw: colour("--jaw"),
  };
}
