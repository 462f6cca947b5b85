// tf.train.batch_join, shuffle_batch, shuffle_batch_join and their maybe_ forms, after BatchJoinTest, ShuffleBatchTest and
// ShuffleBatchJoinTest of TensorFlow 1.15's python/training/input_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";
import {
  checkRow,
  counterTo,
  int64,
  numbers,
  type Row,
  range,
  scalar64,
  sparseOf,
  strings,
  untilOver,
} from "./batching.ts";

const { add, mod } = tf.operator;
const inGraph = <R>(body: () => R): R => new tf.Graph().asDefault(body);
const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** 99, `count` times. */
const ninetyNines = (count: number): tf.Tensor =>
  tf.train.limitEpochs(tf.constant(scalar64(99)), count) as tf.Tensor;

type Three = readonly [tf.Tensor, tf.SparseTensor, string];
type Batch = readonly [tf.Tensor, tf.SparseTensor, tf.Tensor];
interface Options {
  readonly allowSmallerFinalBatch?: boolean;
  readonly numThreads?: number;
}

const shuffleOptions = { seed: 223607 };
const join = (sources: readonly Three[], size: number, options: Options = {}): Batch =>
  tf.train.batchJoin(sources, size, options) as Batch;
const shuffleJoin = (sources: readonly Three[], size: number, options: Options = {}): Batch =>
  tf.train.shuffleBatchJoin(sources, size, 32, 16, { ...shuffleOptions, ...options }) as Batch;

/** Two sources: numbers from 0 on with "a", and 99s with "b". */
function sources(a: number, b: number): readonly Three[] {
  const [counter, nines] = [counterTo(a), ninetyNines(b)];
  return [
    [counter, sparseOf(counter), "a"],
    [nines, sparseOf(nines), "b"],
  ];
}

/** Checks batches of both sources and gives what came of the first, in order. */
async function mixed(
  next: () => Promise<never>,
  sizes: readonly number[],
  b: number,
): Promise<readonly number[]> {
  const all: number[] = [];
  let seen = 0;
  for (const size of sizes) {
    const [values, sparse, text] = (await next()) as Row;
    expect(values.shape).toEqual([size]);
    expect(numbers(sparse.values)).toEqual(numbers(values));
    expect(numbers(sparse.indices)).toEqual(range(0, size).flatMap((i) => [i, 0]));
    expect(numbers(sparse.denseShape)).toEqual([size, 1]);
    for (const [i, word] of strings(text).entries()) {
      const value = numbers(values)[i]!;
      if (word === "a") all.push(value);
      else {
        expect([word, value]).toEqual(["b", 99]);
        seen++;
      }
    }
  }
  expect(seen).toBe(b);
  return all;
}

const times = (count: number, size: number): number[] => range(0, count).map(() => size);

describe.each([
  ["BatchJoinTest", join, 70, 90],
  ["ShuffleBatchJoinTest", shuffleJoin, 25, 35],
] as const)("%s", (suite, batched, a, b) => {
  const inOrder = suite === "BatchJoinTest";
  const checkOrder = (found: readonly number[], count: number): void => {
    expect(inOrder ? found : ascending(found)).toEqual(range(0, count));
    if (!inOrder) expect(found).not.toEqual(range(0, count));
  };

  it(`[input_test/${suite}.testTwoThreads] two sources at once`, () =>
    untilOver(
      () => {
        const batch = batched(sources(a, b), 5);
        expect(batch[0].shape.dims).toEqual([5]);
        expect(batch[1].indices.shape.dims).toEqual([null, 2]);
        expect(batch[1].values.shape.dims).toEqual([null]);
        expect(batch[1].denseShape.shape.dims).toEqual([2]);
        expect(batch[2].shape.dims).toEqual([5]);
        return batch;
      },
      async (next) => checkOrder(await mixed(next, times((a + b) / 5, 5), b), a),
    ));

  it(`[input_test/${suite}.testTwoThreadsDict] two sources of examples by name`, () =>
    untilOver(
      () => {
        const examples = sources(a, b).map(([c, s, S]) => ({ c, s, S }));
        const named = inOrder
          ? tf.train.batchJoin(examples, 5)
          : tf.train.shuffleBatchJoin(examples, 5, 32, 16, shuffleOptions);
        return [named.c, named.s, named.S] as const;
      },
      async (next) => checkOrder(await mixed(next, times((a + b) / 5, 5), b), a),
    ));

  it(`[input_test/${suite}.testTwoThreadsSmallerBatch] the last batch is smaller`, () =>
    untilOver(
      () => {
        const batch = batched(sources(a + 2, b + 2), 5, { allowSmallerFinalBatch: true });
        expect(batch[0].shape.dims).toEqual([null]);
        expect(batch[1].indices.shape.dims).toEqual([null, 2]);
        expect(batch[2].shape.dims).toEqual([null]);
        return batch;
      },
      async (next) => checkOrder(await mixed(next, [...times((a + b) / 5, 5), 4], b + 2), a + 2),
    ));

  it(`[input_test/${suite}.testMismatchedDictKeys] examples must have the same names`, () =>
    inGraph(() => {
      const examples = [
        { c: 12, s: 123, S: "a" },
        { cool: -12, s: 99, S: "b" },
      ] as readonly Record<string, number | string>[];
      expect(() =>
        inOrder
          ? tf.train.batchJoin(examples, 8)
          : tf.train.shuffleBatchJoin(examples, 8, 32, 16, shuffleOptions),
      ).toThrow(/must have the same keys/);
    }));

  it(`[input_test/${suite}.testSharedName] the queue has the shared name`, () =>
    inGraph(() => {
      const options = { sharedName: "SHARED_NAME_XYZ", name: "Q" };
      const source = [[counterTo(30), "string"]] as const;
      const [first, second] = (
        inOrder
          ? tf.train.batchJoin(source, 10, options)
          : tf.train.shuffleBatchJoin(source, 10, 32, 10, options)
      ) as readonly [tf.Tensor, tf.Tensor];
      expect([first.shape.dims, second.shape.dims]).toEqual([[10], [10]]);
      expect(first.op.inputs[0]!.op.attrs.string("shared_name")).toBe("SHARED_NAME_XYZ");
    }));
});

describe("BatchJoinTest", () => {
  const paddedSources = (a: number, b: number) => {
    const [counter, nines] = [counterTo(a), ninetyNines(b)];
    const words = (word: string, count: tf.Tensor): tf.Tensor =>
      tf.tile([word], tf.cast(tf.stack([count]), "int32"));
    return [
      [counter, words("a", add(counter, scalar64(1)))],
      [nines, words("b", nines)],
    ] as const;
  };
  const padded = async (next: () => Promise<never>, sizes: readonly number[], a: number, b: number) => {
    const [all, lengths]: [number[], number[]] = [[], []];
    let seen = 0;
    for (const size of sizes) {
      const [values, words] = (await next()) as [tf.NdArray, tf.NdArray];
      expect(values.shape).toEqual([size]);
      expect(words.shape[0]).toBe(size);
      const width = words.shape[1]!;
      for (const [i, value] of numbers(values).entries()) {
        const row = strings(words).slice(i * width, (i + 1) * width);
        if (row[0] === "b") {
          expect(value).toBe(99);
          expect(row).toEqual(times(99, 0).map(() => "b"));
          seen++;
        } else {
          all.push(value);
          lengths.push(row.filter((word) => word === "a").length);
        }
      }
    }
    expect(all).toEqual(range(0, a));
    expect(lengths).toEqual(range(1, a + 1));
    expect(seen).toBe(b);
  };

  it("[input_test/BatchJoinTest.testTwoThreadsDynamicPad] what is shorter is filled up", () =>
    untilOver(
      () => {
        const batched = tf.train.batchJoin(paddedSources(70, 90), 5, { dynamicPad: true });
        expect(batched.map(({ shape }) => shape.dims)).toEqual([[5], [5, null]]);
        return batched;
      },
      (next) => padded(next, times(32, 5), 70, 90),
    ));

  it("[input_test/BatchJoinTest.testTwoThreadsDynamicPadSmallerBatch] and the last batch is smaller", () =>
    untilOver(
      () => {
        const options = { dynamicPad: true, allowSmallerFinalBatch: true };
        const batched = tf.train.batchJoin(paddedSources(72, 92), 5, options);
        expect(batched.map(({ shape }) => shape.dims)).toEqual([[null], [null, null]]);
        return batched;
      },
      (next) => padded(next, [...times(32, 5), 4], 72, 92),
    ));

  it("[input_test/BatchJoinTest.testCannotInferRankError] a tensor without a known rank is refused", () =>
    inGraph(() => {
      expect(() => tf.train.batchJoin([[tf.placeholder("int64")]], 2)).toThrow(/Cannot infer Tensor's rank/);
    }));

  it("[input_test/BatchJoinTest.testSingleElementDict] one component by name stays by name", () =>
    inGraph(() => {
      expect(tf.train.batchJoin([{ c: [12, 12] }], 8).c.shape.dims).toEqual([8, 2]);
    }));

  it("sources of other types, or of which not the same is sparse, are refused", () =>
    inGraph(() => {
      expect(() => tf.train.batchJoin([[tf.constant([1])], [tf.constant(["x"])]], 2)).toThrow(
        /Expected types to be consistent/,
      );
      const x = tf.constant([1], "int64");
      expect(() => tf.train.batchJoin([[sparseOf(tf.constant(1))], [x]] as never, 2)).toThrow(
        /Inconsistent SparseTensors list/,
      );
      expect(() => tf.train.batchJoin([], 2)).toThrow("Expected at least one set of tensors");
    }));
});

describe("ShuffleBatchTest", () => {
  const batched = (limit: number, options: Options): Batch => {
    const counter = counterTo(limit);
    const example: Three = [counter, sparseOf(counter), "string"];
    return tf.train.shuffleBatch(example, 10, 32, 16, { seed: 141421, ...options }) as Batch;
  };
  const scrambled = async (next: () => Promise<never>, sizes: readonly number[]): Promise<void> => {
    const all: number[] = [];
    for (const size of sizes) {
      const row = (await next()) as Row;
      checkRow(row, size, "string");
      all.push(...numbers(row[0]));
    }
    expect(all).not.toEqual(ascending(all));
    expect(ascending(all)).toEqual(range(0, all.length));
  };

  it.each([
    ["testOneThread", {}, 30, [10, 10, 10]],
    ["testOneThreadSmallerBatch", { allowSmallerFinalBatch: true }, 35, [10, 10, 10, 5]],
    ["testManyThreads", { numThreads: 4 }, 30, [10, 10, 10]],
    ["testManyThreadsSmallerBatch", { numThreads: 4, allowSmallerFinalBatch: true }, 35, [10, 10, 10, 5]],
  ] as const)("[input_test/ShuffleBatchTest.%s] all numbers, in another order", (_, options, limit, sizes) =>
    untilOver(
      () => batched(limit, options),
      (next) => scrambled(next, sizes),
    ),
  );

  it("[input_test/ShuffleBatchTest.testOneThreadDict] examples by name", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        const example = { c: counter, s: sparseOf(counter), S: "string" };
        const { c, s, S } = tf.train.shuffleBatch(example, 10, 32, 16, { seed: 141421 });
        return [c, s, S] as const;
      },
      (next) => scrambled(next, [10, 10, 10]),
    ));

  it("[input_test/ShuffleBatchTest.testSharedName] the queue has the shared name", () =>
    inGraph(() => {
      const options = { sharedName: "SHARED_NAME_XYZ", name: "Q" };
      const [first] = tf.train.shuffleBatch([counterTo(30), "string"], 10, 32, 10, options);
      expect(first.op.inputs[0]!.op.attrs.string("shared_name")).toBe("SHARED_NAME_XYZ");
    }));

  it("a capacity that is not above what must stay is refused", () =>
    inGraph(() => {
      expect(() => tf.train.shuffleBatch([1], 2, 10, 10)).toThrow(
        "capacity 10 must be bigger than min_after_dequeue 10.",
      );
    }));
});

describe("keepInput", () => {
  type Maybe = (
    example: readonly unknown[],
    keep: tf.TensorLike,
    size: number,
    options: { readonly numThreads?: number; readonly enqueueMany?: boolean },
  ) => unknown;
  const copies = (example: readonly unknown[], count = 1): never =>
    Array.from({ length: count }, () => example) as never;
  const flows: Readonly<Record<string, Maybe>> = {
    BatchJoinTest: (example, keep, size, { numThreads, ...options }) =>
      tf.train.maybeBatchJoin(copies(example, numThreads), keep, size, options),
    ShuffleBatchTest: (example, keep, size, options) =>
      tf.train.maybeShuffleBatch(example as never, size, 10, 1, keep, options),
    ShuffleBatchJoinTest: (example, keep, size, { numThreads, ...options }) =>
      tf.train.maybeShuffleBatchJoin(copies(example, numThreads), size, 10, 1, keep, options),
  };
  const cases: readonly (readonly [string, number, number])[] = [
    ["testSingleThreadKeepInput", 1, 0],
    ["testSingleThreadKeepInputEnqueueMany", 1, 1],
    ["testMultipleThreadKeepInput", 5, 0],
    ["testMultipleThreadKeepInputEnqueueMany", 5, 1],
    ["testSingleThreadKeepInputPerExample", 1, 4],
    ["testMultipleThreadKeepInputPerExample", 5, 4],
  ];

  describe.each(Object.entries(flows))("%s", (suite, maybe) => {
    it.each(cases)(
      `[input_test/${suite}.%s] even numbers alone (%i tasks, rows of %i)`,
      (_, numThreads, rows) =>
        untilOver(
          () => {
            const counter = counterTo(40);
            const example = [counter, sparseOf(counter), "string"] as const;
            const enqueueMany = rows > 0;
            const input = enqueueMany ? tf.train.batch(example, rows) : example;
            const keep = tf.squeeze(tf.equal(scalar64(0), mod(input[0], scalar64(2))));
            return maybe(input, keep, 5, { numThreads, enqueueMany }) as Batch;
          },
          async (next) => {
            for (let i = 0; i < 4; i++) {
              const [values, sparse, text] = (await next()) as Row;
              expect(numbers(values).map((x) => x % 2)).toEqual(times(5, 0));
              expect(numbers(sparse.values).map((x) => x % 2)).toEqual(times(5, 0));
              expect(strings(text)).toEqual(times(5, 0).map(() => "string"));
            }
          },
        ),
    );

    it(`[input_test/${suite}.testInvalidKeepInputVector] keepInput must fit`, () =>
      inGraph(() => {
        const x = tf.zeros([5]);
        const refused = (keep: tf.TensorLike, enqueueMany: boolean, sentence: RegExp): void =>
          expect(() => maybe([x], keep, 1, { enqueueMany })).toThrow(sentence);
        refused(tf.constant([true, false]), false, /`keep_input` cannot be a vector/);
        refused(tf.constant([[true], [false]]), true, /must be 0 or 1 dimensions/);
        refused(tf.placeholder("bool"), true, /must be known at graph construction/);
      }));

    const known = (rows: number): tf.SparseTensor => ({
      indices: tf.constant(tf.ndArray("int64", [rows, 1])),
      values: tf.constant(range(0, rows)),
      denseShape: tf.constant(int64(rows)),
    });
    const unknown = (): tf.SparseTensor => ({
      indices: tf.placeholder("int64"),
      values: tf.placeholder("float32"),
      denseShape: tf.placeholder("int64"),
    });
    it.each<[string, () => tf.SparseTensor, boolean | boolean[], boolean, number | null]>([
      ["InferredShape", () => known(1), true, false, 2],
      ["InferredShapeEnqueueMany", () => known(1), true, true, 1],
      ["InferredShapeEnqueueManyPerExample", () => known(2), [true, false], true, 1],
      ["InferredShapeUnknownRank", unknown, true, false, null],
      ["InferredShapeUnknownRankEnqueueMany", unknown, true, true, null],
      ["InferredShapeUnknownRankPerExample", unknown, [true, false], true, null],
    ])(`[input_test/${suite}.testMaybeBatchedSparseTensor%s] the rank`, (_, make, keep, enqueueMany, rank) =>
      inGraph(() => {
        const batched = maybe([make()], keep, 2, { enqueueMany }) as tf.SparseTensor;
        expect(batched.denseShape.shape.dims).toEqual([rank]);
      }),
    );
  });

  it("[input_test/BatchJoinTest.testMaybeBatchCorrectValues] rows of a sparse tensor that are kept", async () => {
    const graph = new tf.Graph();
    const batched = graph.asDefault(() => {
      const sparse: tf.SparseTensor = {
        indices: tf.constant(tf.ndArray("int64", [4, 2], BigInt64Array.of(0n, 1n, 0n, 2n, 1n, 0n, 1n, 3n))),
        values: tf.constant([5, 4, 7, 2], "int32"),
        denseShape: tf.constant(int64(2, 4)),
      };
      return tf.train.maybeBatchJoin([[sparse]], tf.constant([true, false]), 1, { enqueueMany: true });
    });
    const session = new tf.Session({ graph, backends: [] });
    const coord = new tf.train.Coordinator();
    tf.train.startQueueRunners(session, { coord });
    const { indices, values, denseShape } = (await session.run(batched as never)) as unknown as Row[1];
    coord.requestStop();
    await coord.join();
    await session.close();
    expect(numbers(indices)).toEqual([0, 1, 0, 2]);
    expect(numbers(values)).toEqual([5, 4]);
    expect(numbers(denseShape)).toEqual([1, 4]);
  });
});
