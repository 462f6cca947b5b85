// Barriers, after BarrierTest of TensorFlow 1.15's python/kernel_tests/barrier_ops_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";

const first = -(2n ** 63n);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const floats = (...values: number[]): tf.NdArray =>
  tf.ndArray("float32", [values.length], Float32Array.from(values));

type Values = readonly [tf.NdArray, tf.NdArray, ...tf.NdArray[]];

async function within<T>(
  build: () => T,
  use: (
    built: T,
    run: {
      readonly ops: (...ops: tf.Operation[]) => Promise<unknown>;
      readonly number: (fetch: tf.Tensor) => Promise<number>;
      readonly take: (taken: readonly [tf.Tensor, tf.Tensor, readonly tf.Tensor[]]) => Promise<Values>;
      readonly session: tf.Session;
    },
  ) => Promise<void>,
): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ graph, backends: [] });
  try {
    await use(built, {
      session,
      ops: (...ops) => session.run([], { targets: ops }),
      number: async (fetch) => tf.toNumbers((await session.run(fetch)) as tf.NdArray)[0] as number,
      take: async ([indices, keys, values]) =>
        (await session.run([indices, keys, ...values])) as unknown as Values,
    });
  } finally {
    await session.close();
  }
}

const indicesOf = ([indices]: Values): bigint[] => [...(indices.data as BigInt64Array)];
const keysOf = ([, keys]: Values): string[] => tf.toStrings(keys);
const numbers = (value: tf.NdArray): number[] => tf.toNumbers(value) as number[];

/** A barrier of two float scalars. */
const pairs = () => new tf.Barrier(["float32", "float32"], { shapes: [[], []], name: "B" });
const closed = /is closed/;
const insufficient = /is closed and has insufficient elements/;

describe("Barrier", () => {
  it("[barrier_ops_test/BarrierTest.testConstructorWithShapes] the node", () => {
    const b = new tf.Graph().asDefault(
      () => new tf.Barrier(["float32", "float32"], { shapes: [[1, 2, 3], [8]], sharedName: "B", name: "B" }),
    );
    expect(b.barrierRef).toBeInstanceOf(tf.Tensor);
    const { op } = b.barrierRef;
    expect([op.name, op.type]).toEqual(["B", "Barrier"]);
    expect(op.attrs.int("capacity")).toBe(-1);
    expect(op.attrs.types("component_types")).toEqual(["float32", "float32"]);
    expect(op.attrs.shapes("shapes").map(({ dims }) => dims)).toEqual([[1, 2, 3], [8]]);
    expect([op.attrs.string("container"), op.attrs.string("shared_name")]).toEqual(["", "B"]);
  });

  it("[barrier_ops_test/BarrierTest.testInsertMany] elements are ready when they are whole", () =>
    within(
      () => {
        const b = pairs();
        const size = b.readySize();
        expect(size.shape.dims).toEqual([]);
        const keys = ["a", "b", "c"];
        return {
          size,
          insert: [b.insertMany(0, keys, [10, 20, 30]), b.insertMany(1, keys, [100, 200, 300])] as const,
        };
      },
      async ({ size, insert }, { ops, number }) => {
        expect(await number(size)).toBe(0);
        await ops(insert[0]);
        expect(await number(size)).toBe(0);
        await ops(insert[1]);
        expect(await number(size)).toBe(3);
      },
    ));

  it("[barrier_ops_test/BarrierTest.testInsertManyEmptyTensor] shapes without elements are refused", () =>
    new tf.Graph().asDefault(() => {
      expect(() => new tf.Barrier(["float32", "float32"], { shapes: [[1], [0]], name: "B" })).toThrow(
        /Empty tensors are not supported, but received shape '\(0,\)' at index 1/,
      );
    }));

  it("[barrier_ops_test/BarrierTest.testInsertManyEmptyTensorUnknown] and so are such values", () =>
    within(
      () => {
        const b = new tf.Barrier(["float32", "float32"], { name: "B" });
        const insert = b.insertMany(0, ["a", "b", "c"], tf.ndArray("float32", [3, 0]));
        return { size: b.readySize(), insert };
      },
      async ({ size, insert }, { ops, number }) => {
        expect(await number(size)).toBe(0);
        await expect(ops(insert)).rejects.toThrow(/Tensors with no elements are not supported/);
      },
    ));

  it("[barrier_ops_test/BarrierTest.testTakeMany] whole elements with the index of their insertion", () =>
    within(
      () => {
        const b = pairs();
        const keys = ["a", "b", "c"];
        return {
          size: b.readySize(),
          insert: [b.insertMany(0, keys, [10, 20, 30]), b.insertMany(1, keys, [100, 200, 300])],
          taken: b.takeMany(3),
        };
      },
      async ({ size, insert, taken }, { ops, number, take }) => {
        for (const op of insert) await ops(op);
        expect(await number(size)).toBe(3);
        const values = await take(taken);
        expect(indicesOf(values)).toEqual([first, first, first]);
        expect(keysOf(values)).toEqual(["a", "b", "c"]);
        expect(numbers(values[2]!)).toEqual([10, 20, 30]);
        expect(numbers(values[3]!)).toEqual([100, 200, 300]);
      },
    ));

  it("[barrier_ops_test/BarrierTest.testTakeManySmallBatch] smaller batches once it is closed", () =>
    within(
      () => {
        const b = pairs();
        const keys = ["a", "b", "c", "d"];
        return {
          ready: b.readySize(),
          incomplete: b.incompleteSize(),
          zero: b.insertMany(0, keys, [10, 20, 30, 40]),
          ab: b.insertMany(1, ["a", "b"], [100, 200]),
          c: b.insertMany(1, ["c"], [300]),
          d: b.insertMany(1, ["d"], [400]),
          nothing: b.insertMany(0, tf.ndArray("string", [0]), floats()),
          close: b.close(),
          cancel: b.close({ cancelPendingEnqueues: true }),
          taken: b.takeMany(3, { allowSmallBatch: true }),
        };
      },
      async (b, { ops, number, take }) => {
        await ops(b.zero);
        await ops(b.ab);
        await ops(b.close);
        expect([await number(b.incomplete), await number(b.ready)]).toEqual([2, 2]);
        let values = await take(b.taken);
        expect(keysOf(values)).toEqual(["a", "b"]);
        expect([numbers(values[2]!), numbers(values[3]!)]).toEqual([
          [10, 20],
          [100, 200],
        ]);
        await ops(b.c);
        expect([await number(b.incomplete), await number(b.ready)]).toEqual([1, 1]);
        values = await take(b.taken);
        expect(keysOf(values)).toEqual(["c"]);
        expect([numbers(values[2]!), numbers(values[3]!)]).toEqual([[30], [300]]);
        await ops(b.nothing);
        await expect(ops(b.ab)).rejects.toThrow(closed);
        await ops(b.cancel);
        await expect(ops(b.nothing)).rejects.toThrow(closed);
        await expect(ops(b.d)).rejects.toThrow(closed);
      },
    ));

  it("[barrier_ops_test/BarrierTest.testUseBarrierWithShape] components of more dimensions", () => {
    const [v0, v1] = [
      tf.ndArray("float32", [3, 2, 2], Float32Array.from([10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30])),
      tf.ndArray(
        "float32",
        [3, 8],
        Float32Array.from({ length: 24 }, (_, i) => 100 * (1 + Math.floor(i / 8))),
      ),
    ];
    return within(
      () => {
        const b = new tf.Barrier(["float32", "float32"], { shapes: [[2, 2], [8]], name: "B" });
        const keys = ["a", "b", "c"];
        return {
          size: b.readySize(),
          insert: [b.insertMany(0, keys, v0), b.insertMany(1, keys, v1)],
          taken: b.takeMany(3),
        };
      },
      async ({ size, insert, taken }, { ops, number, take }) => {
        for (const op of insert) await ops(op);
        expect(await number(size)).toBe(3);
        const values = await take(taken);
        expect(indicesOf(values)).toEqual([first, first, first]);
        expect([taken[1], ...taken[2]].map(({ shape }) => shape.dims)).toEqual([[3], [3, 2, 2], [3, 8]]);
        expect(values.slice(1).map(({ shape }) => shape)).toEqual([[3], [3, 2, 2], [3, 8]]);
        expect(values[2]).toEqual(v0);
        expect(values[3]).toEqual(v1);
      },
    );
  });

  const single = () => new tf.Barrier("float32", { shapes: [[]] });

  it("[barrier_ops_test/BarrierTest.testParallelInsertMany] several insertions in one run", () =>
    within(
      () => {
        const b = single();
        return {
          size: b.readySize(),
          insert: range(10).map((i) => b.insertMany(0, [`${i}`], [i])),
          taken: b.takeMany(10),
        };
      },
      async ({ size, insert, taken }, { ops, number, take }) => {
        await ops(...insert);
        expect(await number(size)).toBe(10);
        const values = await take(taken);
        expect(indicesOf(values)).toEqual(range(10).map((i) => first + BigInt(i)));
        expect(keysOf(values).map(Number)).toEqual(numbers(values[2]!));
        expect(numbers(values[2]!).sort((a, b) => a - b)).toEqual(range(10));
      },
    ));

  it("[barrier_ops_test/BarrierTest.testParallelTakeMany] several takes in one run", () =>
    within(
      () => {
        const b = single();
        const insert = b.insertMany(0, range(10).map(String), floats(...range(10)));
        return { size: b.readySize(), insert, taken: range(10).map(() => b.takeMany(1)) };
      },
      async ({ size, insert, taken }, { ops, number, session }) => {
        await ops(insert);
        expect(await number(size)).toBe(10);
        const found = (await session.run(
          taken.map(([indices, keys, [value]]) => [indices, keys, value!]),
        )) as unknown as Values[];
        expect(found.flatMap(indicesOf)).toEqual(range(10).map(() => first));
        for (const values of found) expect(keysOf(values).map(Number)).toEqual(numbers(values[2]!));
        expect(found.flatMap((values) => numbers(values[2]!)).sort((a, b) => a - b)).toEqual(range(10));
      },
    ));

  it("[barrier_ops_test/BarrierTest.testBlockingTakeMany] who takes waits for whole elements", () =>
    within(
      () => {
        const b = single();
        return { insert: range(10).map((i) => b.insertMany(0, [`${i}`], [i])), taken: b.takeMany(10) };
      },
      async ({ insert, taken }, { ops, take }) => {
        const taking = take(taken);
        for (const op of insert) await ops(op);
        const values = await taking;
        expect(indicesOf(values)).toEqual(keysOf(values).map((key) => first + BigInt(key)));
        expect(keysOf(values).map(Number)).toEqual(numbers(values[2]!));
      },
    ));

  /** `count` pairs of insertions of ten elements, and as many takes of ten. */
  const many = (count: number, cancel: boolean) => {
    const b = new tf.Barrier(["float32", "int64"], { shapes: [[], [2]] });
    const keys = (i: number): string[] => range(10).map((k) => `${i}:${k}`);
    const ones = (i: number): tf.NdArray =>
      tf.ndArray(
        "int64",
        [10, 2],
        BigInt64Array.from({ length: 20 }, (_, j) => BigInt(Math.floor(j / 2) + 1 + (j % 2) + i)),
      );
    return {
      zero: range(count).map((i) => b.insertMany(0, keys(i), floats(...range(10).map((x) => x + i)))),
      one: range(count).map((i) => b.insertMany(1, keys(i), ones(i))),
      taken: range(count).map(() => b.takeMany(10)),
      close: b.close({ cancelPendingEnqueues: cancel }),
    };
  };

  it("[barrier_ops_test/BarrierTest.testParallelInsertManyTakeMany] a hundred of both at once", () =>
    within(
      () => many(100, false),
      async ({ zero, one, taken }, { ops, take }) => {
        const taking = taken.map(take);
        await Promise.all(zero.map((op, i) => ops(op, one[i]!)));
        const found = await Promise.all(taking);
        const ascending = (values: bigint[]): bigint[] => values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(ascending(found.flatMap(indicesOf))).toEqual(
          range(100).flatMap((i) => range(10).map(() => first + BigInt(i))),
        );
        expect(found.flatMap(keysOf).sort()).toEqual(
          range(100)
            .flatMap((i) => range(10).map((k) => `${i}:${k}`))
            .sort(),
        );
        for (const values of found) {
          const sums = keysOf(values).map((key) =>
            key.split(":").reduce((sum, part) => sum + Number(part), 0),
          );
          expect(numbers(values[2]!)).toEqual(sums);
          expect(numbers(values[3]!)).toEqual(sums.flatMap((sum) => [sum + 1, sum + 2]));
        }
      },
    ));

  it("[barrier_ops_test/BarrierTest.testClose] closed: known keys alone, then nothing", () =>
    within(
      () => {
        const b = pairs();
        const keys = ["a", "b", "c"];
        return {
          ready: b.readySize(),
          incomplete: b.incompleteSize(),
          zero: b.insertMany(0, keys, [10, 20, 30]),
          one: b.insertMany(1, keys, [100, 200, 300]),
          close: b.close(),
          other: b.insertMany(0, ["f"], [60]),
          taken: b.takeMany(3),
          tooMany: b.takeMany(4)[0],
        };
      },
      async (b, { ops, number, take, session }) => {
        expect([await number(b.ready), await number(b.incomplete)]).toEqual([0, 0]);
        await ops(b.zero);
        expect([await number(b.ready), await number(b.incomplete)]).toEqual([0, 3]);
        await ops(b.close);
        await expect(ops(b.other)).rejects.toThrow(closed);
        await ops(b.one);
        expect([await number(b.ready), await number(b.incomplete)]).toEqual([3, 0]);
        await expect(ops(b.other)).rejects.toThrow(closed);
        await expect(session.run(b.tooMany)).rejects.toThrow(
          /is closed and has insufficient elements \(requested 4, total size 3\)/,
        );
        const values = await take(b.taken);
        expect(indicesOf(values)).toEqual([first, first, first]);
        expect(keysOf(values)).toEqual(["a", "b", "c"]);
        expect([numbers(values[2]!), numbers(values[3]!)]).toEqual([
          [10, 20, 30],
          [100, 200, 300],
        ]);
        await expect(session.run(b.taken[0])).rejects.toMatchObject({
          code: "OUT_OF_RANGE",
          message: expect.stringMatching(insufficient),
        });
      },
    ));

  it("[barrier_ops_test/BarrierTest.testCancel] cancelled: what is not whole is given up", () =>
    within(
      () => {
        const b = pairs();
        const keys = ["a", "b", "c"];
        return {
          ready: b.readySize(),
          incomplete: b.incompleteSize(),
          zero: b.insertMany(0, keys, [10, 20, 30]),
          one: b.insertMany(1, ["a", "b"], [100, 200]),
          two: b.insertMany(1, ["c"], [300]),
          cancel: b.close({ cancelPendingEnqueues: true }),
          other: b.insertMany(0, ["f"], [60]),
          taken: b.takeMany(2),
          tooMany: b.takeMany(3)[0],
        };
      },
      async (b, { ops, number, take, session }) => {
        expect(await number(b.ready)).toBe(0);
        await ops(b.zero);
        await ops(b.one);
        expect([await number(b.ready), await number(b.incomplete)]).toEqual([2, 1]);
        await ops(b.cancel);
        await expect(ops(b.other)).rejects.toThrow(closed);
        await expect(ops(b.two)).rejects.toMatchObject({
          code: "CANCELLED",
          message: expect.stringMatching(closed),
        });
        await expect(session.run(b.tooMany)).rejects.toThrow(
          /is closed and has insufficient elements \(requested 3, total size 2\)/,
        );
        const values = await take(b.taken);
        expect(indicesOf(values)).toEqual([first, first]);
        expect(keysOf(values)).toEqual(["a", "b"]);
        expect([numbers(values[2]!), numbers(values[3]!)]).toEqual([
          [10, 20],
          [100, 200],
        ]);
        await expect(session.run(b.taken[0])).rejects.toThrow(insufficient);
      },
    ));

  it.each([false, true])(
    "[barrier_ops_test/BarrierTest.testClosedEmptyBarrierTakeManyAllowSmallBatchRaises] cancelled: %s",
    (cancel) =>
      within(
        () => {
          const b = pairs();
          return {
            taken: b.takeMany(1, { allowSmallBatch: true }),
            close: b.close({ cancelPendingEnqueues: cancel }),
          };
        },
        async ({ taken, close }, { ops, take }) => {
          await ops(close);
          await expect(take(taken)).rejects.toThrow(insufficient);
        },
      ),
  );

  /** How many each take gave; 0 where there was too little. */
  const counts = (taking: readonly Promise<Values>[]): Promise<number[]> =>
    Promise.all(
      taking.map((one) =>
        one.then(
          ([indices]) => indices.data.length,
          (error: tf.TfError) => {
            if (error.code !== "OUT_OF_RANGE") throw error;
            return 0;
          },
        ),
      ),
    );
  const unlessCancelled = (running: Promise<unknown>): Promise<unknown> =>
    running.catch((error: tf.TfError) => {
      if (error.code !== "CANCELLED") throw error;
    });

  it.each([
    ["testParallelInsertManyTakeManyCloseHalfwayThrough", false],
    ["testParallelInsertManyTakeManyCancelHalfwayThrough", true],
  ] as const)("[barrier_ops_test/BarrierTest.%s] half is in when it is closed", (_, cancel) =>
    within(
      () => many(50, cancel),
      async ({ zero, one, taken, close }, { ops, take }) => {
        const found = counts(taken.map(take));
        const insert = (i: number): Promise<unknown> => unlessCancelled(ops(zero[i]!, one[i]!));
        await Promise.all(range(25).map(insert));
        await ops(close);
        await Promise.all(range(25).map((i) => insert(25 + i)));
        expect((await found).sort((a, b) => a - b)).toEqual([
          ...range(25).map(() => 0),
          ...range(25).map(() => 10),
        ]);
      },
    ),
  );

  it.each([
    ["testParallelPartialInsertManyTakeManyCloseHalfwayThrough", false, 10],
    ["testParallelPartialInsertManyTakeManyCancelHalfwayThrough", true, 0],
  ] as const)("[barrier_ops_test/BarrierTest.%s] nothing is whole when it is closed", (_, cancel, each) =>
    within(
      () => many(100, cancel),
      async ({ zero, one, taken, close }, { ops, take }) => {
        await Promise.all(zero.map((op) => ops(op)));
        const found = counts(taken.map(take));
        await ops(close);
        await Promise.all(one.map((op) => (cancel ? unlessCancelled(ops(op)) : ops(op))));
        expect(await found).toEqual(range(100).map(() => each));
      },
    ),
  );

  type Kind = readonly [types: ("float32" | "int32")[], shapes?: number[][]];
  it.each<[string, Kind, Kind, RegExp]>([
    ["types", [["float32"], [[]]], [["int32"], [[]]], /component types/],
    [
      "number",
      [["float32"], [[]]],
      [
        ["float32", "int32"],
        [[], []],
      ],
      /component types/,
    ],
    [
      "no shapes",
      [
        ["float32", "float32"],
        [[2, 2], [8]],
      ],
      [["float32", "float32"]],
      /component shapes/,
    ],
    [
      "scalars",
      [
        ["float32", "float32"],
        [[], []],
      ],
      [
        ["float32", "float32"],
        [[2, 2], [8]],
      ],
      /component shapes/,
    ],
    [
      "extents",
      [
        ["float32", "float32"],
        [[2, 2], [8]],
      ],
      [
        ["float32", "float32"],
        [[2, 5], [8]],
      ],
      /component shapes/,
    ],
  ])(
    "[barrier_ops_test/BarrierTest.testIncompatibleSharedBarrierErrors] other %s under a shared name",
    (_, a, b, sentence) =>
      within(
        () =>
          [a, b].map(
            ([types, shapes]) => new tf.Barrier(types, { shapes, sharedName: "shared" }).barrierRef.op,
          ),
        async ([one, other], { ops }) => {
          await ops(one!);
          await expect(ops(other!)).rejects.toThrow(sentence);
        },
      ),
  );
});
