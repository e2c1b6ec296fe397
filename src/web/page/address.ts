/** What is looked at, as the address has it: the screen after #, the pair after ?. So a link leads to both. */
import { useEffect, useState } from "preact/hooks";
import { SCREENS, type ScreenName } from "./screens.tsx";

/** What the address names. */
export interface Address {
  readonly screen: ScreenName;
  /** Undefined where it names none. */
  readonly pair: string | undefined;
}

/** The address as it is now; behind a screen's name may stand whatever that screen makes of it. */
function read(): Address {
  const [name = ""] = location.hash.slice(1).split("/");
  const pair = new URLSearchParams(location.search).get("pair") ?? undefined;
  return { screen: Object.hasOwn(SCREENS, name) ? (name as ScreenName) : "now", pair };
}

/** The address, and what makes it name another pair. The way back is the browser's. */
export function useAddress(): [Address, (pair: string) => void] {
  const [address, setAddress] = useState(read);
  useEffect(() => {
    const turn = () => setAddress(read());
    addEventListener("hashchange", turn);
    addEventListener("popstate", turn);
    return () => {
      removeEventListener("hashchange", turn);
      removeEventListener("popstate", turn);
    };
  }, []);
  const choose = (pair: string) => {
    history.pushState(null, "", `?${new URLSearchParams({ pair })}${location.hash}`);
    setAddress(read());
  };
  return [address, choose];
}
