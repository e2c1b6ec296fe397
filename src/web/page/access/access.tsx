/** Who may make the arms move: claiming this page, and the pages that are claimed. */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ActionReply, ListedClaim } from "../../messages.ts";
import { ConfirmedButton } from "../frame/confirmed-button.tsx";
import { Reply } from "../frame/reply.tsx";
import { get } from "../get.ts";
import { post } from "../post.ts";
import type { ScreenProperties } from "../screens.tsx";
import { Claim } from "./claim.tsx";
import "./access.css";

/** The screen. */
export function Access({ pair, isClaimed, attempt }: ScreenProperties) {
  return (
    <section aria-labelledby="access-title">
      <h2 id="access-title">Access</h2>
      <p>
        Pause is for everybody in this network, and Release for who presses it for a second. All else that
        moves an arm or changes a setting takes a claimed page.
      </p>
      <Claim pair={pair} isClaimed={isClaimed} attempt={attempt} isOpen />
      {isClaimed && <Claims />}
    </section>
  );
}

function Claims() {
  const [claims, setClaims] = useState<readonly ListedClaim[]>();
  const [reply, setReply] = useState<ActionReply>();
  const look = useCallback(async () => {
    try {
      setClaims((await get<{ claims: readonly ListedClaim[] }>("/claims")).claims);
    } catch (error) {
      setReply({ done: false, text: (error as Error).message });
    }
  }, []);
  useEffect(() => void look(), [look]);
  const end = async (id: string) => {
    setReply(await post("/revoke", { id }));
    await look();
  };
  return (
    <>
      <h3>Claimed pages</h3>
      <ul class="claims">
        {claims?.map((claim) => (
          <li key={claim.id}>
            <p>
              <b>{browserOf(claim.name)}</b>
              {claim.isThis && " (this page)"}
              <br />
              claimed on{" "}
              <time dateTime={new Date(claim.claimedAtMs).toISOString()}>
                {new Date(claim.claimedAtMs).toLocaleString()}
              </time>
            </p>
            <ConfirmedButton what="End this claim" yes="Yes, end it" done={() => end(claim.id)} />
          </li>
        ))}
      </ul>
      {(claims?.length ?? 0) > 1 && (
        <ConfirmedButton what="End all claims" yes="Yes, end it" done={() => end("all")} />
      )}
      <Reply reply={reply} />
    </>
  );
}

/** What a person knows of a browser, out of all that it says of itself. */
function browserOf(name: string): string {
  const [, browser] = /(Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome|Safari)\//.exec(name) ?? [];
  const [system] = /\b(iPhone|iPad|Android|Windows|Macintosh|CrOS|Linux)\b/.exec(name) ?? [];
  const called = { Edg: "Edge", OPR: "Opera", FxiOS: "Firefox", CriOS: "Chrome", SamsungBrowser: "Samsung" };
  if (browser === undefined) return name;
  return [called[browser as keyof typeof called] ?? browser, system && `on ${system}`]
    .filter(Boolean)
    .join(" ");
}
