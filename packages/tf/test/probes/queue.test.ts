// Queues that are closed; elements of unknown shape.
import * as tf from "../../src/index.ts";
import { openSession } from "./files.ts";
import { probes } from "./probes.ts";

type Queue = InstanceType<typeof tf.FIFOQueue>;

/** `use` of a queue after it was closed; `before` others were made in front of it, as its name in sentences says. */
const closed = (before: number, use: (queue: Queue) => unknown) => async (): Promise<void> => {
  const make = (options = {}): Queue => new tf.FIFOQueue(2, ["float32"], { shapes: [[]], ...options });
  const others = Array.from({ length: before }, () => make({ name: "other" }).size());
  const queue = make();
  const [close, then] = [queue.close(), use(queue)];
  const session = openSession();
  try {
    await session.run(others);
    await session.run([], { targets: [close] });
    await session.run(then as tf.Tensor);
  } finally {
    await session.close();
  }
};

probes(["queue"], {
  "queue.closed_dequeue": closed(0, (queue) => queue.dequeue()),
  "queue.closed_enqueue": closed(1, (queue) => queue.enqueue([tf.constant(1, { dtype: "float32" })])),
  "queue.many_noshape": {
    run: async () => {
      const queue = new tf.FIFOQueue(2, ["float32"]);
      const session = openSession();
      await session.run([], { targets: [queue.enqueueMany([tf.constant([1, 2], { dtype: "float32" })])] });
      await session.close();
    },
    gives: undefined,
  },
});
