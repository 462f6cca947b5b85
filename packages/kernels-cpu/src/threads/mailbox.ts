// How the threads of a backend talk: one mailbox of eight words for each worker, in the shared memory itself, so that a worker that waits
// needs no event loop. The owner writes the words, then the state; the worker sets the state back to `idle` when it is done.
// The worker's side is worker-source.ts.

/** Words of a mailbox. */
export const words = { state: 0, module: 1, entry: 2, address: 3, length: 4, failed: 5 } as const;
export const wordsOfMailbox = 16;

export const states = {
  idle: 0,
  /** Calls export `entry` of module `module` with `address`. */
  call: 1,
  /** Compiles the `length` bytes at `address` as module `module`. */
  load: 2,
  stop: 3,
} as const;
