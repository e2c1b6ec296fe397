/** Answers that take their time, such as a download: for as long as whoever asked may have them, and at the speed he reads. */

/**
 * `body` as it is read, part by part: nothing is read ahead. It breaks off, so that nobody takes a part for the whole, when
 * `isAllowed` says no. `over` is called once, however it ends.
 */
export function lasting(
  body: ReadableStream<Uint8Array>,
  isAllowed: () => boolean,
  over: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isOver = false;
  const end = () => {
    if (!isOver) over();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (!isAllowed()) throw new Error("the claim of the page that asked has ended");
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          end();
          void reader.cancel(error).catch(() => {});
          controller.error(error);
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
