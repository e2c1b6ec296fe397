/** Setting arms up. */
import type { ScreenProperties } from "../screens.tsx";
import { Conversation } from "../work/conversation.tsx";
import { Steps } from "../work/steps.tsx";
import { useWork } from "../work/works.ts";

/** The screen. */
export function SetUp({ pair, isClaimed }: ScreenProperties) {
  const work = useWork(pair);
  return (
    <section aria-label="Set up">
      {work && <Conversation pair={pair} work={work} />}
      <Steps pair={pair} isClaimed={isClaimed} />
    </section>
  );
}
