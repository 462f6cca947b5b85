// Queues: order, waiting, closing, cancelling; queue runners and the coordinator.
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

const int = (...values: number[]): tf.NdArray =>
  tf.ndArray("int32", [values.length], Int32Array.from(values));

async function within<T>(
  build: () => T,
  use: (session: tf.Session, built: T) => Promise<void>,
): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ graph, backends: [] });
  try {
    await use(session, built);
  } finally {
    await session.close();
  }
}

const numbers = async (session: tf.Session, fetch: tf.Tensor): Promise<number[]> =>
  tf.toNumbers((await session.run(fetch)) as never);

describe("queues", () => {
  it("FIFO: elements come out in order; a full queue waits for room, an empty one for elements", () =>
    within(
      () => {
        const queue = new tf.FIFOQueue(2, "int32", { shapes: [] });
        return {
          fill: queue.enqueueMany(int(1, 2, 3, 4, 5)),
          one: queue.dequeue(),
          two: queue.dequeueMany(2),
          size: queue.size(),
        };
      },
      async (session, { fill, one, two, size }) => {
        const filling = session.run([], { targets: [fill] });
        expect(await numbers(session, size)).toEqual([2]);
        expect(await numbers(session, one)).toEqual([1]);
        expect(await numbers(session, two)).toEqual([2, 3]);
        expect(await numbers(session, two)).toEqual([4, 5]);
        await filling;
        const waiting = numbers(session, two);
        await session.run([], { targets: [fill], signal: AbortSignal.timeout(20) }).catch(() => {});
        expect(await waiting).toEqual([1, 2]);
      },
    ));

  it("closing: what is in comes out, then OUT_OF_RANGE; nothing goes in", () =>
    within(
      () => {
        const queue = new tf.FIFOQueue(10, ["int32"], { shapes: [[]], name: "q" });
        return {
          fill: queue.enqueueMany(int(1, 2, 3)),
          many: queue.dequeueMany(2),
          upTo: queue.dequeueUpTo(2),
          close: queue.close(),
          closed: queue.isClosed(),
        };
      },
      async (session, { fill, many, upTo, close, closed }) => {
        await session.run([], { targets: [fill] });
        expect(await numbers(session, closed)).toEqual([0]);
        await session.run([], { targets: [close] });
        expect(await numbers(session, closed)).toEqual([1]);
        expect(await numbers(session, many)).toEqual([1, 2]);
        await expect(session.run(many)).rejects.toMatchObject({
          code: "OUT_OF_RANGE",
          message: expect.stringContaining(
            "FIFOQueue '_0_q' is closed and has insufficient elements (requested 2, current size 1)",
          ),
        });
        expect(await numbers(session, upTo)).toEqual([3]);
        await expect(session.run([], { targets: [fill] })).rejects.toMatchObject({
          code: "CANCELLED",
          message: expect.stringContaining("FIFOQueue '_0_q' is closed."),
        });
        await expect(session.run([], { targets: [close] })).rejects.toThrow(
          "Queue '_0_q' is already closed.",
        );
      },
    ));

  it("closing waits for those who wait to put in, unless it cancels them; aborting ends waiting", () =>
    within(
      () => {
        const make = (name: string) => {
          const queue = new tf.FIFOQueue(1, "int32", { shapes: [], name });
          return {
            fill: queue.enqueueMany(int(1, 2)),
            one: queue.dequeue(),
            close: queue.close(),
            cancel: queue.close({ cancelPendingEnqueues: true }),
          };
        };
        return [make("a"), make("b")] as const;
      },
      async (session, [a, b]) => {
        const filling = session.run([], { targets: [a.fill] });
        const closing = session.run([], { targets: [a.close] });
        expect(await numbers(session, a.one)).toEqual([1]);
        await filling;
        await closing;
        expect(await numbers(session, a.one)).toEqual([2]);
        await expect(session.run(a.one)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });

        const cancelled = session.run([], { targets: [b.fill] });
        const refused = expect(cancelled).rejects.toMatchObject({
          code: "CANCELLED",
          message: expect.stringContaining("Enqueue operation was cancelled"),
        });
        await session.run([], { targets: [b.cancel] });
        await refused;
        expect(await numbers(session, b.one)).toEqual([1]);
      },
    ));

  it("a run that is aborted gives back what it had taken", () =>
    within(
      () => {
        const queue = new tf.FIFOQueue(10, "int32", { shapes: [] });
        return { fill: queue.enqueueMany(int(1, 2)), three: queue.dequeueMany(3), two: queue.dequeueMany(2) };
      },
      async (session, { fill, three, two }) => {
        await session.run([], { targets: [fill] });
        const stop = new AbortController();
        const waiting = session.run(three, { signal: stop.signal });
        stop.abort();
        await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
        expect(await numbers(session, two)).toEqual([1, 2]);
      },
    ));

  it("PaddingFIFOQueue fills batches up; PriorityQueue gives the least first; RandomShuffleQueue keeps some back", () =>
    within(
      () => {
        const padding = new tf.PaddingFIFOQueue(5, ["int32"], { shapes: [[null, 2]] });
        const priority = new tf.PriorityQueue(10, ["string"], { shapes: [[]] });
        const shuffle = new tf.RandomShuffleQueue(100, 2, "int32", { shapes: [], seed: 3 });
        const count = tf.placeholder("int64", [], { name: "p" });
        const text = tf.placeholder("string", [], { name: "t" });
        return {
          pads: [
            padding.enqueue(tf.ndArray("int32", [1, 2], Int32Array.of(1, 2))),
            padding.enqueue(tf.ndArray("int32", [2, 2], Int32Array.of(3, 4, 5, 6))),
          ],
          padded: padding.dequeueMany(2),
          put: priority.enqueue([count, text]),
          least: priority.dequeue()[1]!,
          fill: shuffle.enqueueMany(int(1, 2, 3, 4, 5, 6)),
          some: shuffle.dequeueMany(4),
          close: shuffle.close(),
          rest: shuffle.dequeueMany(2),
        };
      },
      async (session, { pads, padded, put, least, fill, some, close, rest }) => {
        for (const pad of pads) await session.run([], { targets: [pad] });
        expect((await session.run(padded as tf.Tensor)).shape).toEqual([2, 2, 2]);
        for (const pad of pads) await session.run([], { targets: [pad] });
        expect(await numbers(session, padded)).toEqual([1, 2, 0, 0, 3, 4, 5, 6]);
        for (const [p, t] of [
          [5n, "five"],
          [1n, "one"],
          [1n, "uno"],
        ] as const)
          await session.run([], { targets: [put], feeds: { "p:0": p, "t:0": t } });
        const texts = [];
        for (let i = 0; i < 3; i++) texts.push(...tf.toStrings((await session.run(least)) as never));
        expect(texts).toEqual(["one", "uno", "five"]);
        await session.run([], { targets: [fill] });
        const first = await numbers(session, some);
        const waiting = numbers(session, rest);
        await session.run([], { targets: [close] });
        expect([...first, ...(await waiting)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
      },
    ));

  it("records, sizes that do not fit, sharing", () =>
    within(
      () => {
        const queue = new tf.FIFOQueue(3, ["float32", "int32"], { names: ["x", "y"], sharedName: "both" });
        const again = new tf.FIFOQueue(3, ["float32", "int32"], { names: ["x", "y"], sharedName: "both" });
        const other = new tf.FIFOQueue(3, ["int32"], { sharedName: "both" });
        expect(() => queue.enqueue([tf.constant(1), 2])).toThrow(
          "You must enqueue a dictionary in a Queue with names",
        );
        expect(() => queue.enqueue({ x: 1 })).toThrow("do not match names of Queue");
        const fixed = new tf.FIFOQueue(3, "float32", { shapes: [2] });
        expect(() => fixed.enqueue(tf.zeros([3]))).toThrow("Shapes (3,) and (2,) are incompatible");
        const unknown = tf.placeholder("float32", undefined, { name: "u" });
        return {
          put: queue.enqueue({ x: 1.5, y: tf.constant(2, "int32") }),
          get: again.dequeue() as unknown as { x: tf.Tensor; y: tf.Tensor },
          many: queue.dequeueMany(1) as unknown as { x: tf.Tensor },
          other: other.size(),
          fixed: fixed.enqueue(unknown),
        };
      },
      async (session, { put, get, many, other, fixed }) => {
        await session.run([], { targets: [put] });
        const value = await session.run(get);
        expect(tf.toNumbers(value.x as never)).toEqual([1.5]);
        expect(tf.toNumbers(value.y as never)).toEqual([2]);
        await expect(session.run(many.x)).rejects.toThrow("require the components to have specified shapes");
        await expect(session.run(other)).rejects.toThrow("has component types float-int32");
        await expect(session.run([], { targets: [fixed], feeds: { "u:0": [1, 2, 3] } })).rejects.toThrow(
          "Shape mismatch in tuple component 0. Expected [2], got [3]",
        );
      },
    ));

  it("queue runners fill a queue until the data ends, or the coordinator stops", () =>
    within(
      () => {
        const count = new tf.Variable(tf.constant(0, "int32"), { name: "count" });
        const next = tf.countUpTo(count.asRef(), 5);
        const queue = new tf.FIFOQueue(2, "int32", { shapes: [] });
        tf.train.addQueueRunner(new tf.train.QueueRunner(queue, [queue.enqueue(next)]));
        return { batch: queue.dequeueMany(2), init: tf.globalVariablesInitializer() };
      },
      async (session, { batch, init }) => {
        await session.run([], { targets: [init] });
        const coord = new tf.train.Coordinator();
        const tasks = tf.train.startQueueRunners(session, { coord });
        expect(tf.train.startQueueRunners(session, { coord })).toEqual([]);
        expect(await numbers(session, batch)).toEqual([0, 1]);
        expect(await numbers(session, batch)).toEqual([2, 3]);
        await expect(session.run(batch)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
        coord.requestStop();
        await coord.join(tasks);
        expect(tasks.every(({ isAlive }) => !isAlive)).toBe(true);
      },
    ));
});

describe("a coordinator", () => {
  it("passes the first error on, takes OUT_OF_RANGE for an end, and can be used again", async () => {
    const coord = new tf.train.Coordinator();
    let turns = 0;
    const looping = coord.loop(0.001, () => {
      turns++;
      if (turns === 3) throw new Error("first");
    });
    await expect(coord.join([looping])).rejects.toThrow("first");
    expect(coord.joined).toBe(true);
    expect(() => coord.requestStop(new Error("late"))).toThrow("late");
    coord.clearStop();
    expect(coord.shouldStop()).toBe(false);
    expect(await coord.waitForStop(0.001)).toBe(false);
    coord.requestStop(new tf.TfError("OUT_OF_RANGE", "end"));
    await coord.join();
    expect(await coord.waitForStop()).toBe(true);
  });

  it("names tasks that do not end", async () => {
    const coord = new tf.train.Coordinator();
    coord.registerThread({ name: "stuck", isAlive: true, done: new Promise(() => {}) });
    coord.requestStop();
    await expect(coord.join([], { stopGracePeriodSecs: 0.01 })).rejects.toThrow(
      "Coordinator stopped with threads still running: stuck",
    );
  });
});
