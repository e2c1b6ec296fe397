/** Draws both arms: the follower solid, the leader as an outline. */
import type { Point, Skeleton } from "./kinematics.ts";

/** From where the arms are looked at. */
export interface View {
  /** Around the vertical, and above the horizon, rad. */
  readonly azimuth: number;
  readonly elevation: number;
}

/** The colours of a picture, as CSS has them. */
export interface Palette {
  readonly floor: string;
  readonly leader: string;
  readonly follower: string;
  readonly jaw: string;
}

/** The middle of what an arm can reach, and how far it reaches from there, m. */
const CENTRE: Point = [0, -0.13, 0.24];
const REACH = 0.36;

/** How thick the parts are drawn, m. */
const THICKNESS = { base: 0.062, link: 0.038, jaw: 0.02 } as const;

/** A part between two points, and how far away it is. */
interface Part {
  readonly from: Point;
  readonly to: Point;
  readonly thickness: number;
  readonly colour: string;
  readonly depth: number;
}

/** Draws on a canvas of so many pixels. An arm that is not known is left out. */
export function drawArms(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  view: View,
  arms: { readonly leader: Skeleton | undefined; readonly follower: Skeleton | undefined },
  palette: Palette,
): void {
  const scale = Math.min(width, height) / (2 * REACH);
  const project = projection(view, width / 2, height / 2, scale);
  context.clearRect(0, 0, width, height);
  context.lineCap = "round";
  context.lineJoin = "round";
  drawFloor(context, project, palette.floor);
  if (arms.follower) {
    for (const part of partsOf(arms.follower, project, palette))
      stroke(context, part, part.thickness * scale);
  }
  if (arms.leader) outline(context, partsOf(arms.leader, project, palette), scale, palette.leader);
}

/** The point on the canvas, and in the third place its distance from who looks. */
type Project = (point: Point) => Point;

function projection({ azimuth, elevation }: View, middleX: number, middleY: number, scale: number): Project {
  const [ca, sa] = [Math.cos(azimuth), Math.sin(azimuth)];
  const [ce, se] = [Math.cos(elevation), Math.sin(elevation)];
  return ([x, y, z]) => {
    const [dx, dy, dz] = [x - CENTRE[0], y - CENTRE[1], z - CENTRE[2]];
    const right = ca * dx + sa * dy;
    const away = ca * dy - sa * dx;
    return [middleX + scale * right, middleY - scale * (ce * dz + se * away), ce * away - se * dz];
  };
}

function partsOf({ spine, fixedJaw, movingJaw }: Skeleton, project: Project, palette: Palette): Part[] {
  const part = (from: Point, to: Point, thickness: number, colour: string): Part => {
    const [a, b] = [project(from), project(to)];
    return { from: a, to: b, thickness, colour, depth: (a[2] + b[2]) / 2 };
  };
  const links = spine
    .slice(1)
    .map((to, index) =>
      part(spine[index]!, to, index === 0 ? THICKNESS.base : THICKNESS.link, palette.follower),
    );
  const jaws = [fixedJaw, movingJaw].map(([from, to]) => part(from, to, THICKNESS.jaw, palette.jaw));
  return [...links, ...jaws].toSorted((a, b) => b.depth - a.depth);
}

function stroke(context: CanvasRenderingContext2D, { from, to, colour }: Part, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(from[0], from[1]);
  context.lineTo(to[0], to[1]);
  context.stroke();
}

/** Where the outline is made: one for all frames, for making one costs more than drawing on it. */
let layer: OffscreenCanvasRenderingContext2D | undefined;

/** All parts as one shape, of which only the edge stays: drawn thick, then emptied from within. */
function outline(
  context: CanvasRenderingContext2D,
  parts: readonly Part[],
  scale: number,
  colour: string,
): void {
  const { width, height } = context.canvas;
  if (width === 0 || height === 0) return;
  const edge = Math.max(2, 0.005 * scale);
  layer ??= new OffscreenCanvas(width, height).getContext("2d")!;
  const drawn = layer;
  if (drawn.canvas.width !== width) drawn.canvas.width = width;
  if (drawn.canvas.height !== height) drawn.canvas.height = height;
  drawn.resetTransform();
  drawn.clearRect(0, 0, width, height);
  drawn.setTransform(context.getTransform());
  drawn.lineCap = "round";
  for (const [grown, mode] of [
    [edge, "source-over"],
    [-edge, "destination-out"],
  ] as const) {
    drawn.globalCompositeOperation = mode;
    for (const { from, to, thickness } of parts) {
      drawn.strokeStyle = colour;
      drawn.lineWidth = thickness * scale + grown;
      drawn.beginPath();
      drawn.moveTo(from[0], from[1]);
      drawn.lineTo(to[0], to[1]);
      drawn.stroke();
    }
  }
  context.save();
  context.resetTransform();
  context.drawImage(drawn.canvas, 0, 0);
  context.restore();
}

/** Rings on the table, 10 cm apart. */
function drawFloor(context: CanvasRenderingContext2D, project: Project, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  for (let ring = 1; ring <= 4; ring++) {
    context.beginPath();
    for (let step = 0; step <= 48; step++) {
      const angle = (step / 48) * 2 * Math.PI;
      const [x, y] = project([0.1 * ring * Math.cos(angle), 0.1 * ring * Math.sin(angle), 0]);
      if (step === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
  }
}
