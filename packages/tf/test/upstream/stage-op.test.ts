// Staging areas, after StageTest of TensorFlow 1.15's python/kernel_tests/stage_op_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";

const { add, mul } = tf.operator;

async function within<T>(
  build: () => T,
  use: (session: tf.Session, built: T) => Promise<void>,
): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  graph.finalize();
  const session = new tf.Session({ graph, backends: [] });
  try {
    await use(session, built);
  } finally {
    await session.close();
  }
}

const size = 16;
const value = (x: tf.Tensor): tf.Tensor => mul(2, add(tf.zeros([size, size]), x));
const number = (array: unknown): number => tf.toNumbers(array as tf.NdArray)[0] as number;
const expectClose = (got: unknown, want: number): void =>
  expect(Math.abs(number(got) - want)).toBeLessThanOrEqual(1e-4 * Math.abs(want) + 1e-6);

/** Stages the tuple of `x`, and takes the one before it, ten times. */
async function tenTimes(
  session: tf.Session,
  { x, stage, y }: { readonly x: tf.Tensor; readonly stage: tf.Operation; readonly y: tf.Tensor },
  expected: (before: number) => number,
): Promise<void> {
  const run = (i: number): Promise<unknown> => session.run(y, { targets: [stage], feeds: { [x.name]: i } });
  await session.run([], { targets: [stage], feeds: { [x.name]: -1 } });
  for (let i = 0; i < 10; i++) expectClose(await run(i), expected(i - 1));
}

describe("StagingArea", () => {
  it("[stage_op_test/StageTest.testSimple] what was put in comes out, one run later", () =>
    within(
      () => {
        const x = tf.placeholder("float32", []);
        const area = new tf.StagingArea(["float32"]);
        const stage = area.put([value(x)]);
        const [y] = area.get();
        y!.setShape([size, size]);
        return { x, stage, y: tf.reduceMax(tf.matmul(y!, y!)) };
      },
      (session, built) => tenTimes(session, built, (i) => 4 * i * i * size),
    ));

  it("[stage_op_test/StageTest.testMultiple] tuples of several tensors", () =>
    within(
      () => {
        const x = tf.placeholder("float32", []);
        const area = new tf.StagingArea(["float32", "float32"]);
        const stage = area.put([x, value(x)]);
        const [z, y] = area.get();
        return { x, stage, y: tf.reduceMax(mul(z!, tf.matmul(y!, y!))) };
      },
      (session, built) => tenTimes(session, built, (i) => 4 * i * i * i * size),
    ));

  it("[stage_op_test/StageTest.testDictionary] tuples by name", () =>
    within(
      () => {
        const x = tf.placeholder("float32", []);
        const area = new tf.StagingArea(["float32", "float32"], {
          shapes: [[], [size, size]],
          names: ["x", "v"],
        });
        const stage = area.put({ x, v: value(x) });
        const { x: z, v: y } = area.get();
        expect([z!.shape.dims, y!.shape.dims]).toEqual([[], [size, size]]);
        return { x, stage, y: tf.reduceMax(mul(z!, tf.matmul(y!, y!))) };
      },
      (session, built) => tenTimes(session, built, (i) => 4 * i * i * i * size),
    ));

  it("[stage_op_test/StageTest.testColocation] ops lie with the area, what comes out where it is asked for", () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      const v = graph.device("/cpu:0", () => value(tf.placeholder("float32", [])));
      const area = graph.device("/device:GPU:0", () => new tf.StagingArea(["float32"]));
      const put = graph.device("/device:GPU:0", () => area.put([v]));
      expect(put.device).toBe("/device:GPU:0");
      expect(put.colocationGroups()).toEqual(["loc:@StagingArea_root/NoOp"]);
      const [out] = graph.device("/cpu:0", () => area.get());
      expect(out!.device).toBe("/device:CPU:0");
    });
    graph.finalize();
  });

  it("[stage_op_test/StageTest.testPeek] tuples are looked at by number, and stay", () =>
    within(
      () => {
        const [x, p] = [
          tf.placeholder("int32", [], { name: "x" }),
          tf.placeholder("int32", [], { name: "p" }),
        ];
        const area = new tf.StagingArea(["int32"], { shapes: [[]] });
        return { stage: area.put([x]), peek: area.peek(p)[0]!, out: area.get()[0]! };
      },
      async (session, { stage, peek, out }) => {
        for (let i = 0; i < 10; i++) await session.run([], { targets: [stage], feeds: { "x:0": i } });
        for (let i = 0; i < 10; i++) expect(number(await session.run(peek, { feeds: { "p:0": i } }))).toBe(i);
        expect(number(await session.run(out))).toBe(0);
      },
    ));

  it("[stage_op_test/StageTest.testSizeAndClear] how many there are, and none", () =>
    within(
      () => {
        const x = tf.placeholder("float32", [], { name: "x" });
        const area = new tf.StagingArea(["float32", "float32"], {
          shapes: [[], [size, size]],
          names: ["x", "v"],
        });
        return { stage: area.put({ x, v: value(x) }), count: area.size(), clear: area.clear() };
      },
      async (session, { stage, count, clear }) => {
        for (const expected of [1, 2]) {
          await session.run([], { targets: [stage], feeds: { "x:0": -1 } });
          expect(number(await session.run(count))).toBe(expected);
        }
        await session.run([], { targets: [clear] });
        expect(number(await session.run(count))).toBe(0);
      },
    ));

  /** Stages `n` tuples, of which `most` have room; the others wait until tuples are taken. */
  const fill = async (
    session: tf.Session,
    {
      stage,
      count,
      out,
    }: { readonly stage: tf.Operation; readonly count: tf.Tensor; readonly out: tf.Tensor },
    most: number,
    feed: (i: number) => tf.NdArray | number,
  ): Promise<void> => {
    let staged = 0;
    const filling = (async () => {
      for (let i = 0; i < 8; i++, staged++)
        await session.run([], { targets: [stage], feeds: { "x:0": feed(i) } });
    })();
    while (number(await session.run(count)) < most);
    // Turns enough for one more, had it room.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0));
    expect([staged, number(await session.run(count))]).toEqual([most, most]);
    for (let i = 0; i < 8; i++)
      expect(new Set(tf.toNumbers((await session.run(out)) as tf.NdArray))).toEqual(new Set([i]));
    await filling;
    expect(number(await session.run(count))).toBe(0);
  };

  it("[stage_op_test/StageTest.testCapacity] a full area waits for room", () =>
    within(
      () => {
        const x = tf.placeholder("int32", [], { name: "x" });
        const area = new tf.StagingArea(["int32"], { capacity: 3, shapes: [[]] });
        return { stage: area.put([x]), out: area.get()[0]!, count: area.size() };
      },
      (session, built) => fill(session, built, 3, (i) => i),
    ));

  it("[stage_op_test/StageTest.testMemoryLimit] and so does one that holds as many bytes as it may", () =>
    within(
      () => {
        const x = tf.placeholder("uint8", null, { name: "x" });
        const area = new tf.StagingArea(["uint8"], { memoryLimit: 512 * 1024 });
        return { stage: area.put([x]), out: area.get()[0]!, count: area.size() };
      },
      async (session, built) => {
        const chunk = 200 * 1024;
        const bytes = (length: number, i: number): tf.NdArray =>
          tf.ndArray("uint8", [length], new Uint8Array(length).fill(i));
        await fill(session, built, 2, (i) => bytes(chunk, i));
        const tooMuch = session.run([], {
          targets: [built.stage],
          feeds: { "x:0": bytes(600 * 1024, 1) },
        });
        await expect(tooMuch).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      },
    ));

  it("waiting ends with the run's signal, or with the session", async () => {
    const graph = new tf.Graph();
    const [out] = graph.asDefault(() => new tf.StagingArea(["int32"]).get());
    const session = new tf.Session({ graph, backends: [] });
    const stop = new AbortController();
    const aborted = session.run(out!, { signal: stop.signal });
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: "CANCELLED" });
    const waiting = session.run(out!);
    const refused = expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await session.close();
    await refused;
  });
});
