// Map staging areas, after MapStageTest of TensorFlow 1.15's python/kernel_tests/map_stage_op_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";

const { add, mul } = tf.operator;
const size = 16;
const value = (x: tf.Tensor): tf.Tensor => mul(2, add(tf.zeros([size, size]), x));

const float = (name: string): tf.Tensor => tf.placeholder("float32", [], { name });
const int64 = (name: string): tf.Tensor => tf.placeholder("int64", [], { name });
const number = (array: unknown): number => Number(tf.toNumbers(array as tf.NdArray)[0]);

type Feeds = Readonly<Record<string, number | tf.NdArray>>;

class Runner {
  readonly session: tf.Session;
  constructor(session: tf.Session) {
    this.session = session;
  }
  op(target: tf.Operation, feeds: Feeds): Promise<unknown> {
    return this.session.run([], { targets: [target], feeds: named(feeds) });
  }
  /** The fetched values as numbers, in the form of `fetches`. */
  async get(fetches: unknown, feeds: Feeds = {}): Promise<unknown> {
    return numbers(await this.session.run(fetches as never, { feeds: named(feeds) }));
  }
}

const named = (feeds: Feeds): Record<string, number | tf.NdArray> =>
  Object.fromEntries(Object.entries(feeds).map(([name, fed]) => [`${name}:0`, fed]));

function numbers(found: unknown): unknown {
  if (Array.isArray(found)) return found.map(numbers);
  if ((found as tf.NdArray).dtype !== undefined) return number(found);
  return Object.fromEntries(Object.entries(found as object).map(([key, one]) => [key, numbers(one)]));
}

async function within<T>(build: () => T, use: (run: Runner, built: T) => Promise<void>): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  graph.finalize();
  const session = new tf.Session({ graph, backends: [] });
  try {
    await use(new Runner(session), built);
  } finally {
    await session.close();
  }
}

describe("MapStagingArea", () => {
  const products = (
    types: readonly tf.DType[],
    options: ConstructorParameters<typeof tf.MapStagingArea>[1],
    values: (x: tf.Tensor) => Parameters<tf.MapStagingArea["put"]>[1],
    indices: number[] | undefined,
    result: (values: tf.Tensor[] & Record<string, tf.Tensor>) => tf.Tensor,
  ) => {
    const [x, pi, gi] = [float("x"), int64("pi"), int64("gi")];
    const area = new tf.MapStagingArea(types, options);
    const stage = area.put(pi, values(x), { indices });
    const [key, out] = area.get(gi);
    return { stage, key, y: result(out as never) };
  };
  const square = (y: tf.Tensor): tf.Tensor => {
    y.setShape([size, size]);
    return tf.reduceMax(tf.matmul(y, y));
  };

  it.each([
    [
      "testSimple",
      () =>
        products(
          ["float32"],
          {},
          (x) => [value(x)],
          [0],
          ([y]) => square(y!),
        ),
      (i: number) => 4 * i * i * size,
    ],
    [
      "testMultiple",
      () =>
        products(
          ["float32", "float32"],
          {},
          (x) => [x, value(x)],
          [0, 1],
          ([z, y]) => mul(z!, square(y!)),
        ),
      (i: number) => 4 * i * i * i * size,
    ],
    [
      "testDictionary",
      () =>
        products(
          ["float32", "float32"],
          { shapes: [[], [size, size]], names: ["x", "v"] },
          (x) => ({ x, v: value(x) }),
          undefined,
          ({ x, v }) => mul(x!, square(v!)),
        ),
      (i: number) => 4 * i * i * i * size,
    ],
  ] as const)(
    "[map_stage_op_test/MapStageTest.%s] what is under a key comes out by the key",
    (_, build, expected) =>
      within(build, async (run, { stage, y, key }) => {
        await run.op(stage, { x: -1, pi: 0 });
        for (let i = 0; i < 10; i++) {
          const [k, found] = (await run.session.run([key as tf.Tensor, y], {
            targets: [stage],
            feeds: named({ x: i, pi: i + 1, gi: i }),
          })) as unknown[];
          expect(number(k)).toBe(i);
          const want = expected(i - 1);
          expect(Math.abs(number(found) - want)).toBeLessThanOrEqual(1e-4 * Math.abs(want) + 1e-6);
        }
      }),
  );

  it("[map_stage_op_test/MapStageTest.testColocation] ops lie with the area, what comes out where it is asked for", () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      const v = graph.device("/cpu:0", () => value(float("x")));
      const area = graph.device("/device:GPU:0", () => new tf.MapStagingArea(["float32"]));
      const one = tf.ndArray("int64", [], BigInt64Array.of(1n));
      const put = graph.device("/device:GPU:0", () => area.put(one, [v], { indices: [0] }));
      expect(put.device).toBe("/device:GPU:0");
      const [, [out]] = graph.device("/cpu:0", () => area.get(one));
      expect(out!.device).toBe("/device:CPU:0");
    });
    graph.finalize();
  });

  const numbered = (options: ConstructorParameters<typeof tf.MapStagingArea>[1]) => {
    const [x, pi, gi] = [tf.placeholder("int32", [], { name: "x" }), int64("pi"), int64("gi")];
    const area = new tf.MapStagingArea(["int32"], { shapes: [[]], ...options });
    return {
      stage: area.put(pi, [x], { indices: [0] }),
      peek: area.peek(gi),
      get: area.get(gi),
      any: area.get(),
      count: area.size(),
    };
  };

  it("[map_stage_op_test/MapStageTest.testPeek] tuples are looked at by key, and stay", () =>
    within(
      () => numbered({}),
      async (run, { stage, peek, count }) => {
        for (let i = 0; i < 10; i++) await run.op(stage, { x: i, pi: i });
        for (let i = 0; i < 10; i++) expect(await run.get(peek, { gi: i })).toEqual([i]);
        expect(await run.get(count)).toBe(10);
      },
    ));

  it("[map_stage_op_test/MapStageTest.testSizeAndClear] how many there are, and none", () =>
    within(
      () => {
        const [x, pi] = [float("x"), int64("pi")];
        const area = new tf.MapStagingArea(["float32", "float32"], {
          shapes: [[], [size, size]],
          names: ["x", "v"],
        });
        return { stage: area.put(pi, { x, v: value(x) }), count: area.size(), clear: area.clear() };
      },
      async (run, { stage, count, clear }) => {
        for (const key of [3, 1]) await run.op(stage, { x: -1, pi: key });
        expect(await run.get(count)).toBe(2);
        await run.op(clear, {});
        expect(await run.get(count)).toBe(0);
      },
    ));

  /** Stages eight tuples, of which `most` have room; the others wait until tuples are taken. */
  const fill = async (
    run: Runner,
    {
      stage,
      get,
      count,
    }: { stage: tf.Operation; get: readonly [unknown, readonly tf.Tensor[]]; count: tf.Tensor },
    most: number,
    feed: (i: number) => number | tf.NdArray,
  ): Promise<void> => {
    let staged = 0;
    const filling = (async () => {
      for (let i = 0; i < 8; i++, staged++) await run.op(stage, { x: feed(i), pi: i });
    })();
    while (Number(await run.get(count)) < most);
    // Turns enough for one more, had it room.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 0));
    expect([staged, await run.get(count)]).toEqual([most, most]);
    for (let i = 0; i < 8; i++) expect(await run.get(get[1][0], { gi: i })).toBe(i);
    await filling;
    expect(await run.get(count)).toBe(0);
  };

  it("[map_stage_op_test/MapStageTest.testCapacity] a full area waits for room", () =>
    within(
      () => numbered({ capacity: 3 }),
      (run, { stage, get, count }) => fill(run, { stage, get, count }, 3, (i) => i),
    ));

  it("[map_stage_op_test/MapStageTest.testMemoryLimit] and so does one that holds as many bytes as it may", () =>
    within(
      () => {
        const [x, pi, gi] = [tf.placeholder("uint8", null, { name: "x" }), int64("pi"), int64("gi")];
        const area = new tf.MapStagingArea(["uint8"], { memoryLimit: 512 * 1024 });
        return { stage: area.put(pi, [x], { indices: [0] }), get: area.get(gi), count: area.size() };
      },
      (run, built) => {
        const chunk = 200 * 1024;
        return fill(run, built, 2, (i) => tf.ndArray("uint8", [chunk], new Uint8Array(chunk).fill(i)));
      },
    ));

  it("[map_stage_op_test/MapStageTest.testOrdering] the least key comes out first", () =>
    within(
      () => numbered({ ordered: true }),
      async (run, { stage, any, count }) => {
        for (let i = 9; i >= 0; i--) await run.op(stage, { x: i, pi: i });
        expect(await run.get(count)).toBe(10);
        for (let i = 0; i < 10; i++) expect(await run.get(any)).toEqual([i, [i]]);
        expect(await run.get(count)).toBe(0);
      },
    ));

  const three = ["float32", "float32", "float32"] as const;

  it("[map_stage_op_test/MapStageTest.testPartialDictInsert] parts by name", () =>
    within(
      () => {
        const [x, f, v, pi, gi] = [float("x"), float("f"), float("v"), int64("pi"), int64("gi")];
        const area = new tf.MapStagingArea(three, { names: ["x", "v", "f"] });
        return {
          xf: area.put(pi, { x, f }),
          v: area.put(pi, { v }),
          get: area.get(gi),
          sizes: [area.size(), area.incompleteSize()],
        };
      },
      async (run, { xf, v, get, sizes }) => {
        expect(await run.get(sizes)).toEqual([0, 0]);
        await run.op(xf, { pi: 0, x: 1, f: 2 });
        expect(await run.get(sizes)).toEqual([0, 1]);
        await run.op(xf, { pi: 1, x: 1, f: 2 });
        expect(await run.get(sizes)).toEqual([0, 2]);
        await run.op(v, { pi: 0, v: 1 });
        expect(await run.get(sizes)).toEqual([1, 1]);
        expect(await run.get(get, { gi: 0 })).toEqual([0, { x: 1, f: 2, v: 1 }]);
        expect(await run.get(sizes)).toEqual([0, 1]);
        await run.op(v, { pi: 1, v: 3 });
        expect(await run.get(get, { gi: 1 })).toEqual([1, { x: 1, f: 2, v: 3 }]);
      },
    ));

  it("[map_stage_op_test/MapStageTest.testPartialIndexInsert] parts by number", () =>
    within(
      () => {
        const [x, f, v, pi, gi] = [float("x"), float("f"), float("v"), int64("pi"), int64("gi")];
        const area = new tf.MapStagingArea(three);
        return {
          xf: area.put(pi, [x, f], { indices: [0, 2] }),
          v: area.put(pi, [v], { indices: [1] }),
          get: area.get(gi),
          sizes: [area.size(), area.incompleteSize()],
        };
      },
      async (run, { xf, v, get, sizes }) => {
        for (const key of [0, 1]) await run.op(xf, { pi: key, x: 1, f: 2 });
        expect(await run.get(sizes)).toEqual([0, 2]);
        await run.op(v, { pi: 0, v: 1 });
        expect(await run.get(sizes)).toEqual([1, 1]);
        expect(await run.get(get, { gi: 0 })).toEqual([0, [1, 1, 2]]);
        expect(await run.get(sizes)).toEqual([0, 1]);
        await run.op(v, { pi: 1, v: 3 });
        expect(await run.get(get, { gi: 1 })).toEqual([1, [1, 3, 2]]);
      },
    ));

  it("[map_stage_op_test/MapStageTest.testPartialDictGetsAndPeeks] parts out by name, once each", () =>
    within(
      () => {
        const [x, f, v, pi, pei, gi] = [
          float("x"),
          float("f"),
          float("v"),
          int64("pi"),
          int64("pei"),
          int64("gi"),
        ];
        const area = new tf.MapStagingArea(three, { names: ["x", "v", "f"] });
        return {
          xf: area.put(pi, { x, f }),
          v: area.put(pi, { v }),
          peekXf: area.peek(pei, { indices: ["x", "f"] }),
          peekV: area.peek(pei, { indices: ["v"] }),
          getXf: area.get(gi, { indices: ["x", "f"] }),
          getV: area.get(gi, { indices: ["v"] }),
          anyXf: area.get(null, { indices: ["x", "f"] }),
          lastV: area.get(pi, { indices: ["v"] }),
          sizes: [area.size(), area.incompleteSize()],
        };
      },
      async (run, b) => {
        for (const key of [0, 1]) await run.op(b.xf, { pi: key, x: 1, f: 2 });
        expect(await run.get(b.sizes)).toEqual([0, 2]);
        await run.op(b.v, { pi: 0, v: 1 });
        expect(await run.get(b.sizes)).toEqual([1, 1]);
        expect(await run.get(b.peekXf, { pei: 0 })).toEqual({ x: 1, f: 2 });
        expect(await run.get(b.peekV, { pei: 0 })).toEqual({ v: 1 });
        expect(await run.get(b.sizes)).toEqual([1, 1]);
        expect(await run.get(b.getXf, { gi: 0 })).toEqual([0, { x: 1, f: 2 }]);
        expect(await run.get(b.sizes)).toEqual([1, 1]);
        await expect(run.get(b.getXf, { gi: 0 })).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("Tensor at index '0' for key '0' has already been removed."),
        });
        expect(await run.get(b.getV, { gi: 0 })).toEqual([0, { v: 1 }]);
        expect(await run.get(b.sizes)).toEqual([0, 1]);
        await run.op(b.v, { pi: 1, v: 1 });
        expect(await run.get(b.sizes)).toEqual([1, 0]);
        expect(await run.get(b.anyXf)).toEqual([1, { x: 1, f: 2 }]);
        expect(await run.get(b.sizes)).toEqual([1, 0]);
        expect(await run.get(b.lastV, { pi: 1 })).toEqual([1, { v: 1 }]);
        expect(await run.get(b.sizes)).toEqual([0, 0]);
      },
    ));

  it("[map_stage_op_test/MapStageTest.testPartialIndexGets] parts out by number", () =>
    within(
      () => {
        const [x, v, f, pi, gi] = [float("x"), float("v"), float("f"), int64("pi"), int64("gi")];
        const area = new tf.MapStagingArea(three);
        return {
          stage: area.put(pi, [x, v, f], { indices: [0, 1, 2] }),
          xf: area.get(gi, { indices: [0, 2] }),
          v: area.get(gi, { indices: [1] }),
          sizes: [area.size(), area.incompleteSize()],
        };
      },
      async (run, { stage, xf, v, sizes }) => {
        await run.op(stage, { pi: 0, x: 1, f: 2, v: 3 });
        expect(await run.get(sizes)).toEqual([1, 0]);
        expect(await run.get(xf, { gi: 0 })).toEqual([0, [1, 2]]);
        expect(await run.get(sizes)).toEqual([1, 0]);
        expect(await run.get(v, { gi: 0 })).toEqual([0, [3]]);
        expect(await run.get(sizes)).toEqual([0, 0]);
      },
    ));

  it("what does not fit is refused", () =>
    new tf.Graph().asDefault(() => {
      const area = new tf.MapStagingArea(three);
      const key = tf.ndArray("int64", [], BigInt64Array.of(1n));
      expect(() => area.put(key, [tf.constant(1)])).toThrow(/Indices must be supplied/);
      expect(() => area.put(key, [tf.constant(1)], { indices: [0, 1] })).toThrow(
        /doesn't match number of values/,
      );
      expect(() => area.put(key, { a: tf.constant(1) })).toThrow(/must have names/);
      expect(() => area.get(key, { indices: ["a"] })).toThrow(/was not created with names/);
      expect(() => area.get(key, { indices: [] })).toThrow(/Empty indices/);
      expect(() => area.put(key, [tf.constant(1, "int32")], { indices: [0] })).toThrow(
        /Datatypes do not match/,
      );
    }));
});
