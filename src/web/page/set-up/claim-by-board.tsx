/** Claiming the page while no board has a name: the machine picks one, which is unplugged and plugged in again. */
import { useState } from "preact/hooks";
import type { ActionReply } from "../../messages.ts";
import { Reply } from "../frame/reply.tsx";
import { post } from "../post.ts";
import type { ScreenProperties } from "../screens.tsx";

/** The button that begins it; what is asked then every page shows. */
export function ClaimByBoard({ attempt }: Pick<ScreenProperties, "attempt">) {
  const [isTrying, setIsTrying] = useState(false);
  const [reply, setReply] = useState<ActionReply>();
  const tryIt = async () => {
    setIsTrying(true);
    setReply(undefined);
    const answer = await post("/claim-by-board", {});
    setIsTrying(false);
    setReply(answer);
    // The connection knows by its cookie that it is claimed: a new one.
    if (answer.done) location.reload();
  };
  return (
    <div class="claim">
      <p>
        Setting arms up takes somebody beside them: the machine picks one of the boards, which you unplug and
        plug in again within 20 seconds.
      </p>
      <button type="button" class="begin" disabled={isTrying || attempt !== undefined} onClick={tryIt}>
        Begin
      </button>
      <Reply reply={reply} />
    </div>
  );
}
