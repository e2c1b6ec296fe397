/** The fleet as the page knows it: asked for when it is looked at, then whenever the machine says that something has changed. */
import { useEffect, useState } from "preact/hooks";
import type { FleetReply, FleetRow } from "../../fleet/messages.ts";
import { get } from "../get.ts";
import { withNews } from "./rows.ts";

/** What is known; a row that has not changed is the same object. */
export interface Fleet {
  readonly rows: ReadonlyMap<string, FleetRow>;
  readonly machine: string | null;
  readonly trouble: string | null;
}

const RETRY_MS = 2_000;

let heard = () => {};

/** Has the fleet asked for, where it is looked at: the machine has said that something of it has changed. */
export function hearOfFleet(): void {
  heard();
}

/** The fleet, from when it is first known; `problem` says why the machine does not tell it. */
export function useFleet(): { readonly fleet: Fleet | undefined; readonly problem: string | undefined } {
  const [fleet, setFleet] = useState<Fleet>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const gone = new AbortController();
    let place = { id: "", change: 0 };
    let rows: ReadonlyMap<string, FleetRow> = new Map();
    let [isAsking, isNews] = [false, false];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      isNews = true;
      if (isAsking) return;
      isAsking = true;
      clearTimeout(timer);
      while (isNews && !gone.signal.aborted) {
        isNews = false;
        try {
          const { id, change } = place;
          const reply = await get<FleetReply>(`/fleet?id=${id}&change=${change}`, gone.signal);
          if (gone.signal.aborted) return;
          rows = withNews(rows, reply);
          place = { id: reply.id, change: reply.change };
          setFleet({ rows, machine: reply.machine, trouble: reply.trouble });
          setProblem(undefined);
        } catch (error) {
          if (gone.signal.aborted) return;
          setProblem((error as Error).message);
          timer = setTimeout(ask, RETRY_MS);
          break;
        }
      }
      isAsking = false;
    };
    heard = () => void ask();
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
      heard = () => {};
    };
  }, []);
  return { fleet, problem };
}
