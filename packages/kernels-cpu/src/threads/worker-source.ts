// The program of a worker, as text: a package carries no files to be found at run time. Plain JavaScript for Node's worker_threads and
// for browsers' workers; the words are those of mailbox.ts.
import { states, words } from "./mailbox.ts";

/** Turns that a worker looks for work before it sleeps: about 20 microseconds. */
const patience = 2000;

export const workerSource: string = `
"use strict";
const begin = ({ memory, mailbox }) => {
  const modules = [];
  const box = new Int32Array(memory.buffer, mailbox, ${Object.keys(words).length});
  for (;;) {
    for (let turn = 0; turn < ${patience} && Atomics.load(box, ${words.state}) === ${states.idle}; turn++);
    Atomics.wait(box, ${words.state}, ${states.idle});
    const state = Atomics.load(box, ${words.state});
    if (state === ${states.idle}) continue;
    if (state === ${states.stop}) return;
    try {
      if (state === ${states.load}) {
        // Growing by nothing makes the view of memory that another thread grew current.
        memory.grow(0);
        const bytes = new Uint8Array(memory.buffer, box[${words.address}], box[${words.length}]).slice();
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
        modules[box[${words.module}]] = Object.values(exports);
      } else modules[box[${words.module}]][box[${words.entry}]](box[${words.address}]);
      box[${words.failed}] = 0;
    } catch {
      box[${words.failed}] = 1;
    }
    Atomics.store(box, ${words.state}, ${states.idle});
    Atomics.notify(box, ${words.state});
  }
};
if (typeof process === "object" && typeof require === "function") {
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.postMessage("ready");
  begin(workerData);
} else
  onmessage = ({ data }) => {
    postMessage("ready");
    begin(data);
  };
`;
