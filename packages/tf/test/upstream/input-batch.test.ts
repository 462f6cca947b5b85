// tf.train.batch and maybe_batch, after BatchTest of TensorFlow 1.15's python/training/input_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";
import {
  checkPairs,
  checkRow,
  counterTo,
  int64,
  numbers,
  type Row,
  range,
  scalar64,
  sparseOf,
  sparsePairOf,
  strings,
  untilOver,
} from "./batching.ts";

const { mod } = tf.operator;
const inGraph = <R>(body: () => R): R => new tf.Graph().asDefault(body);

describe("batch", () => {
  it("[input_test/BatchTest.testOneThread] numbers, sparse tensors and strings, in order", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        return tf.train.batch([counter, sparsePairOf(counter), "string"], 10);
      },
      async (next) => {
        for (let i = 0; i < 3; i++) checkPairs((await next()) as Row, 10 * i, 10, "string");
      },
    ));

  it("[input_test/BatchTest.testOneThreadDict] examples by name", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        const batched = tf.train.batch({ c: counter, s: sparsePairOf(counter), S: "string" }, 10);
        return [batched.c, batched.s, batched.S] as const;
      },
      async (next) => {
        for (let i = 0; i < 3; i++) checkPairs((await next()) as Row, 10 * i, 10, "string");
      },
    ));

  it.each([
    ["[input_test/BatchTest.testUint32DataTypes]", "uint32"],
    ["[input_test/BatchTest.testUint64DataTypes]", "uint64"],
  ] as const)("%s vectors of %s", async (_, dtype) => {
    const graph = new tf.Graph();
    const batched = graph.asDefault(() => tf.train.batch([tf.constant([0, 1, 2, 3, 4, 5], dtype)], 2));
    const session = new tf.Session({ graph, backends: [] });
    const coord = new tf.train.Coordinator();
    tf.train.startQueueRunners(session, { coord });
    const value = (await session.run(batched)) as tf.NdArray;
    expect(value).toMatchObject({ dtype, shape: [2, 6] });
    expect(numbers(value)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
    coord.requestStop();
    await coord.join();
    await session.close();
  });

  it("[input_test/BatchTest.testOneThreadDynamicPad] what is shorter is filled up", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        const words = tf.tile(["string"], tf.cast(tf.stack([counter]), "int32"));
        return tf.train.batch([counter, words], 10, { dynamicPad: true });
      },
      async (next) => {
        for (let i = 0; i < 3; i++) {
          const [counts, words] = (await next()) as [tf.NdArray, tf.NdArray];
          const expected = range(10 * i, 10 * i + 10);
          const longest = expected[9]!;
          expect(numbers(counts)).toEqual(expected);
          expect(words.shape).toEqual([10, longest]);
          expect(strings(words)).toEqual(
            expected.flatMap((n) => range(0, longest).map((j) => (j < n ? "string" : ""))),
          );
        }
      },
    ));

  it("[input_test/BatchTest.testOneThreadEnqueueMany] batches of what came in batches", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        const twos = tf.train.batch([counter, sparseOf(counter), "string"], 2);
        return tf.train.batch(twos, 10, { enqueueMany: true });
      },
      async (next) => {
        for (let i = 0; i < 3; i++) {
          const row = (await next()) as Row;
          checkRow(row, 10, "string");
          expect(numbers(row[0])).toEqual(range(10 * i, 10 * i + 10));
        }
      },
    ));

  it("[input_test/BatchTest.testManyThreads] several tasks fill the queue", () =>
    untilOver(
      () => {
        const counter = counterTo(30);
        return tf.train.batch([counter, sparseOf(counter), "string"], 10, { numThreads: 4 });
      },
      async (next) => {
        const all: number[] = [];
        for (let i = 0; i < 3; i++) {
          const row = (await next()) as Row;
          checkRow(row, 10, "string");
          all.push(...numbers(row[0]));
        }
        expect(all.sort((a, b) => a - b)).toEqual(range(0, 30));
      },
    ));

  it("[input_test/BatchTest.testOneThreadSmallerBatch] the last batch is smaller", () =>
    untilOver(
      () => {
        const counter = counterTo(35);
        return tf.train.batch([counter, sparsePairOf(counter), "string"], 10, {
          allowSmallerFinalBatch: true,
        });
      },
      async (next) => {
        for (let i = 0; i < 3; i++) checkPairs((await next()) as Row, 10 * i, 10, "string");
        checkPairs((await next()) as Row, 30, 5, "string");
      },
    ));

  it("[input_test/BatchTest.testManyThreadsSmallerBatch] the last batch of several tasks is smaller", () =>
    untilOver(
      () => {
        const counter = counterTo(35);
        return tf.train.batch([counter, sparseOf(counter), "string"], 10, {
          numThreads: 4,
          allowSmallerFinalBatch: true,
        });
      },
      async (next) => {
        const all: number[] = [];
        for (const size of [10, 10, 10, 5]) {
          const row = (await next()) as Row;
          checkRow(row, size, "string");
          all.push(...numbers(row[0]));
        }
        expect(all.sort((a, b) => a - b)).toEqual(range(0, 35));
      },
    ));

  it("[input_test/BatchTest.testSharedName] the queue has the shared name", () =>
    inGraph(() => {
      const [first] = tf.train.batch([counterTo(30), "string"], 10, {
        sharedName: "SHARED_NAME_XYZ",
        name: "Q",
      });
      expect(first.op.inputs[0]!.op.attrs.string("shared_name")).toBe("SHARED_NAME_XYZ");
    }));

  it("[input_test/BatchTest.testCannotInferRankError] a tensor without a known rank is refused", () =>
    inGraph(() => {
      const x = tf.placeholder("int64");
      expect(() => tf.train.batch([x], 2)).toThrow(/Cannot infer Tensor's rank/);
    }));

  it("[input_test/BatchTest.testSingleElementDict] one component by name stays by name", () =>
    inGraph(() => {
      const x = tf.train.batch({ c: [12, 12] }, 8);
      expect(x.c.shape.dims).toEqual([8, 2]);
    }));

  it("an empty list is refused", () =>
    inGraph(() => {
      expect(() => tf.train.batch([], 2)).toThrow("Expected at least one tensor in batch().");
    }));
});

describe("what is known of batched sparse tensors", () => {
  const known = (): tf.SparseTensor => ({
    indices: tf.constant(tf.ndArray("int64", [1, 1], BigInt64Array.of(0n))),
    values: tf.constant([1]),
    denseShape: tf.constant(int64(1)),
  });
  const unknown = (): tf.SparseTensor => ({
    indices: tf.placeholder("int64"),
    values: tf.placeholder("float32"),
    denseShape: tf.placeholder("int64"),
  });
  const maybe = (sparse: tf.SparseTensor, keep: boolean | boolean[], enqueueMany?: boolean) =>
    tf.train.maybeBatch([sparse], keep, 2, { enqueueMany });
  it.each<[string, () => tf.SparseTensor, (sparse: tf.SparseTensor) => tf.SparseTensor, number | null]>([
    ["BatchTest.testBatchedSparseTensorInferredShape", known, (s) => tf.train.batch([s], 2), 2],
    [
      "BatchTest.testBatchedSparseTensorInferredShapeEnqueueMany",
      known,
      (s) => tf.train.batch([s], 2, { enqueueMany: true }),
      1,
    ],
    [
      "BatchTest.testBatchedSparseTensorInferredShapeUnknownRank",
      unknown,
      (s) => tf.train.batch([s], 2),
      null,
    ],
    [
      "BatchTest.testBatchedSparseTensorInferredShapeUnknownRankEnqueueMany",
      unknown,
      (s) => tf.train.batch([s], 2, { enqueueMany: true }),
      null,
    ],
    ["BatchTest.testMaybeBatchedSparseTensorInferredShape", known, (s) => maybe(s, true), 2],
    ["BatchTest.testMaybeBatchedSparseTensorInferredShapeEnqueueMany", known, (s) => maybe(s, true, true), 1],
    [
      "BatchTest.testMaybeBatchedSparseTensorInferredShapeEnqueueManyPerExample",
      () => ({
        indices: tf.constant(tf.ndArray("int64", [2, 1], BigInt64Array.of(0n, 0n))),
        values: tf.constant([1, 2]),
        denseShape: tf.constant(int64(2)),
      }),
      (s) => maybe(s, [true, false], true),
      1,
    ],
    ["BatchTest.testMaybeBatchedSparseTensorInferredShapeUnknownRank", unknown, (s) => maybe(s, true), null],
    [
      "BatchTest.testMaybeBatchedSparseTensorInferredShapeUnknownRankEnqueueMany",
      unknown,
      (s) => maybe(s, true, true),
      null,
    ],
    [
      "BatchTest.testMaybeBatchedSparseTensorInferredShapeUnknownRankPerExample",
      unknown,
      (s) => maybe(s, [true, false], true),
      null,
    ],
  ])("[input_test/%s] the rank", (_, make, batch, rank) =>
    inGraph(() => {
      expect(batch(make()).denseShape.shape.dims).toEqual([rank]);
    }),
  );
});

describe("maybeBatch", () => {
  it.each([
    ["BatchTest.testSingleThreadKeepInput", 1, 0],
    ["BatchTest.testSingleThreadKeepInputEnqueueMany", 1, 1],
    ["BatchTest.testMultipleThreadKeepInput", 5, 0],
    ["BatchTest.testMultipleThreadKeepInputEnqueueMany", 5, 1],
    ["BatchTest.testMaybeEnqueuePerExample", 1, 4],
    ["BatchTest.testMultipleThreadMaybeEnqueuePerExample", 5, 4],
  ])("[input_test/%s] only even numbers are kept (%i tasks, rows of %i)", (_, numThreads, rows) =>
    untilOver(
      () => {
        const counter = counterTo(40);
        const example = [counter, sparseOf(counter), "string"] as const;
        const enqueueMany = rows > 0;
        const input = enqueueMany ? tf.train.batch(example, rows) : example;
        const keep = tf.squeeze(tf.equal(scalar64(0), mod(input[0], scalar64(2))));
        return tf.train.maybeBatch(input, keep, 5, { numThreads, enqueueMany });
      },
      async (next) => {
        const all: number[] = [];
        for (let i = 0; i < 4; i++) {
          const row = (await next()) as Row;
          checkRow(row, 5, "string");
          all.push(...numbers(row[0]));
        }
        expect(all.sort((a, b) => a - b)).toEqual(range(0, 20).map((i) => 2 * i));
      },
    ),
  );

  it("[input_test/BatchTest.testInvalidKeepInputVector] keepInput must fit", () =>
    inGraph(() => {
      const x = tf.zeros([5]);
      const refused = (keep: tf.TensorLike, enqueueMany: boolean, sentence: RegExp): void =>
        expect(() => tf.train.maybeBatch([x], keep, 1, { enqueueMany })).toThrow(sentence);
      refused(tf.constant([true, false]), false, /`keep_input` cannot be a vector/);
      refused(tf.constant([[true], [false]]), true, /must be 0 or 1 dimensions/);
      refused(tf.placeholder("bool"), true, /must be known at graph construction/);
    }));

  it("[input_test/BatchTest.testMaybeBatchCorrectValues] rows of a sparse tensor that are kept", async () => {
    const graph = new tf.Graph();
    const batched = graph.asDefault(() =>
      tf.train.maybeBatch(
        [
          {
            indices: tf.constant(
              tf.ndArray("int64", [4, 2], BigInt64Array.of(0n, 1n, 0n, 2n, 1n, 0n, 1n, 3n)),
            ),
            values: tf.constant([5, 4, 7, 2], "int32"),
            denseShape: tf.constant(int64(2, 4)),
          } as tf.SparseTensor,
        ],
        tf.constant([true, false]),
        1,
        { enqueueMany: true },
      ),
    );
    const session = new tf.Session({ graph, backends: [] });
    const coord = new tf.train.Coordinator();
    tf.train.startQueueRunners(session, { coord });
    const { indices, values, denseShape } = (await session.run(batched as never)) as unknown as Row[1];
    coord.requestStop();
    await coord.join();
    await session.close();
    expect(numbers(indices)).toEqual([0, 1, 0, 2]);
    expect(indices.shape).toEqual([2, 2]);
    expect(numbers(values)).toEqual([5, 4]);
    expect(numbers(denseShape)).toEqual([1, 4]);
  });
});
