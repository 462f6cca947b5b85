// Turns of the event loop: a loop of runs that never waits for anything would starve timers, signals and queues. Every
// 10 ms a run waits for one turn.

/** Milliseconds between turns. */
const interval = 10;

let last = performance.now();
let asked = last;
/** Questions that are answered without looking at the clock: they come in quick succession. */
let unasked = 0;

/** A promise for the next turn of the event loop, or undefined where the last one is recent. */
export function dueTurn(): Promise<void> | undefined {
  if (unasked > 0) {
    unasked--;
    return undefined;
  }
  const now = performance.now();
  if (now - asked < 0.01) unasked = 8;
  asked = now;
  if (now - last < interval) return undefined;
  return nextTurn().then(() => {
    last = performance.now();
  });
}

function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }
  });
}
