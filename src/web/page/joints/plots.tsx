/** The plots of a joint: they stand still under a finger, and can be taken along as a file. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../../../api/protocol.ts";
import { JOINTS, type JointName, type Role } from "../../../arm/joints.ts";
import { saveCsv } from "./csv.ts";
import { askHistory, type History, withNews } from "./history.ts";
import { type Line, Plot } from "./plot.tsx";

/** A screen is 300 to 600 pixels wide, which ten minutes cross in one or two seconds each. */
const DRAW_EVERY_MS = 1_000;

const both = (figure: "temperature" | "voltage" | "current" | "load"): readonly Line[] => [
  { series: `leader ${figure}`, label: "leader", colour: "--leader" },
  { series: `follower ${figure}`, label: "follower", colour: "--follower" },
];

const PLOTS: readonly { readonly title: string; readonly unit: string; readonly lines: readonly Line[] }[] = [
  {
    title: "Angle",
    unit: "°",
    lines: [
      { series: "follower goal", label: "goal", colour: "--quiet", dash: [4, 3] },
      { series: "leader angle", label: "leader", colour: "--leader" },
      { series: "follower angle", label: "follower", colour: "--follower" },
    ],
  },
  { title: "Temperature", unit: "°C", lines: both("temperature") },
  { title: "Voltage", unit: "V", lines: both("voltage") },
  { title: "Current", unit: "mA", lines: both("current") },
  { title: "Load", unit: "%", lines: both("load") },
];

/** The plots of a machine that has one arm alone. */
const ofArm = (role: Role) =>
  PLOTS.map((plot) => ({ ...plot, lines: plot.lines.filter(({ series }) => series.startsWith(`${role} `)) }));
const PLOTS_OF = { both: PLOTS, leader: ofArm("leader"), follower: ofArm("follower") } as const;

interface Properties {
  readonly pair: string;
  readonly armsHere: Status["armsHere"];
}

/** The plots. */
export function Plots({ pair, armsHere = "both" }: Properties) {
  const [joint, setJoint] = useState<JointName>("shoulder_pan");
  const [isKept, setIsKept] = useState(false);
  const [pointed, setPointed] = useState<number>();
  const [saving, setSaving] = useState<"no" | "now" | "failed">("no");
  const isStill = isKept || pointed !== undefined;
  const place = useRef<HTMLDivElement>(null);
  // What nobody looks at is not drawn: slow phones have enough to do.
  const isSeen = useSeen(place);
  const { history, isLost } = useHistory(pair, joint, isStill || !isSeen);
  const point = ({ clientX, currentTarget }: PointerEvent) => {
    const over = (currentTarget as HTMLElement).querySelector(".u-over");
    if (over === null) return;
    const { left, width } = over.getBoundingClientRect();
    setPointed(Math.min(Math.max((clientX - left) / width, 0), 1));
  };
  const leave = () => setPointed(undefined);
  const save = async () => {
    setSaving("now");
    setSaving(
      await saveCsv(pair).then(
        () => "no" as const,
        () => "failed" as const,
      ),
    );
  };
  return (
    <section class="plots" aria-labelledby="plots">
      <h3 id="plots">The last ten minutes</h3>
      <div class="controls">
        <label>
          Joint{" "}
          <select value={joint} onChange={({ currentTarget }) => setJoint(currentTarget.value as JointName)}>
            {JOINTS.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={isKept} onClick={() => setIsKept(!isKept)}>
          Keep the plots still
        </button>
        <button type="button" disabled={saving === "now"} onClick={save}>
          Save all joints as CSV
        </button>
      </div>
      <p class="reply" role="status">
        {saving === "failed" && "The machine was not heard: nothing was saved. "}
        {isLost && "The machine is not heard: the plots wait for it. "}
        {isStill &&
          `The plots are paused: ${isKept ? "press the button again" : "lift the finger"} to go on.`}
      </p>
      <div
        ref={place}
        class="under-finger"
        onPointerDown={point}
        onPointerMove={point}
        onPointerUp={({ pointerType }) => pointerType !== "mouse" && leave()}
        onPointerLeave={leave}
        onPointerCancel={leave}
      >
        {history === undefined ? (
          <p>{isLost ? "" : "Asking the machine …"}</p>
        ) : (
          PLOTS_OF[armsHere].map(({ title, unit, lines }) => (
            <Plot
              key={title}
              title={title}
              unit={title === "Angle" && joint === "gripper" ? "%" : unit}
              {...{ lines, history, pointed }}
            />
          ))
        )}
      </div>
    </section>
  );
}

/** Whether any of an element is on the screen. */
function useSeen(place: RefObject<HTMLElement | null>): boolean {
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setIsSeen(entries.at(-1)!.isIntersecting));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, [place]);
  return isSeen;
}

/** A joint's history, asked for once, and then again and again but while it is to stand still. */
function useHistory(pair: string, joint: JointName, isStill: boolean) {
  const [history, setHistory] = useState<History>();
  const [isLost, setIsLost] = useState(false);
  const newest = useRef<History>(undefined);
  useEffect(() => {
    newest.current = undefined;
    setHistory(undefined);
  }, [pair, joint]);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const news = document.hidden
          ? undefined
          : await askHistory(pair, joint, newest.current?.timesMs.at(-1) ?? -1);
        if (isOver) return;
        if (news !== undefined) {
          newest.current = withNews(newest.current, news);
          setHistory(newest.current);
          setIsLost(false);
        }
      } catch {
        if (!isOver) setIsLost(true);
      }
      if (!isOver && !(isStill && newest.current !== undefined)) timer = setTimeout(ask, DRAW_EVERY_MS);
    };
    if (!isStill || newest.current === undefined) void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [pair, joint, isStill]);
  return { history, isLost };
}
