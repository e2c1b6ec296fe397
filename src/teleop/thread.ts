/** The control thread as the main thread makes it. */

let ahead: Worker | undefined;

/** Starts the thread before there is an order for it: it loads its code while the main thread loads its own. */
export function startThreadAhead(): void {
  ahead = start();
  // Should no order come, it does not keep the process alive.
  ahead.unref();
}

/** The thread, started by now. It gets one order. */
export function controlThread(): Worker {
  const worker = ahead ?? start();
  ahead = undefined;
  worker.ref();
  return worker;
}

function start(): Worker {
  return new Worker(new URL("./control-thread.ts", import.meta.url).href, { smol: true });
}
