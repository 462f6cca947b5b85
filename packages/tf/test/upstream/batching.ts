// What the cases of input_test's batching functions share: counters, sparse components, running until the examples are over.
import { expect } from "vitest";
import * as tf from "../../src/index.ts";

const { neg } = tf.operator;

export interface SparseValue {
  readonly indices: tf.NdArray;
  readonly values: tf.NdArray;
  readonly denseShape: tf.NdArray;
}

/** A batch of [number, sparse, string], fetched. */
export type Row = readonly [tf.NdArray, SparseValue, tf.NdArray];

export const int64 = (...values: readonly number[]): tf.NdArray =>
  tf.ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));
export const scalar64 = (value: number): tf.NdArray =>
  tf.ndArray("int64", [], BigInt64Array.of(BigInt(value)));

/** 0, 1, 2 ... below `limit`, then OUT_OF_RANGE. */
export function counterTo(limit: number): tf.Tensor {
  return tf.countUpTo(new tf.Variable(scalar64(0)), limit);
}

/** [x] as a sparse tensor. */
export function sparseOf(x: tf.Tensor): tf.SparseTensor {
  return {
    indices: tf.constant(tf.ndArray("int64", [1, 1], BigInt64Array.of(0n))),
    values: tf.stack([tf.cast(x, "float32")]),
    denseShape: tf.constant(int64(1)),
  };
}

/** [x, -x] as a sparse tensor. */
export function sparsePairOf(x: tf.Tensor): tf.SparseTensor {
  return {
    indices: tf.constant(tf.ndArray("int64", [2, 1], BigInt64Array.of(0n, 1n))),
    values: tf.cast(tf.stack([x, neg(x)]), "float32"),
    denseShape: tf.constant(int64(2)),
  };
}

export const numbers = (value: tf.NdArray): number[] => tf.toNumbers(value) as number[];
export const strings = (value: tf.NdArray): string[] => tf.toStrings(value);
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/**
 * Builds, starts the queue runners and lets `use` fetch what was built; then the examples must be over, and the runners end by themselves.
 */
export async function untilOver<T extends tf.Fetches>(
  build: () => T,
  use: (next: () => Promise<never>) => Promise<void>,
): Promise<void> {
  const graph = new tf.Graph();
  const [fetches, init] = graph.asDefault(() => {
    const built = build();
    return [built, tf.group([tf.globalVariablesInitializer(), tf.localVariablesInitializer()])] as const;
  });
  const session = new tf.Session({ graph, backends: [] });
  try {
    await session.run([], { targets: [init] });
    const errors: unknown[] = [];
    const tasks = tf.train.startQueueRunners(session, { onError: (error) => errors.push(error) });
    await use(() => session.run(fetches) as Promise<never>);
    await expect(session.run(fetches)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    for (const task of tasks) await task.done;
    expect(errors).toEqual([]);
  } finally {
    await session.close();
  }
}

/** Checks a batch of [x, sparse of x, text]. */
export function checkRow([values, sparse, text]: Row, size: number, word: string): void {
  expect(values.shape).toEqual([size]);
  expect(numbers(sparse.values)).toEqual(numbers(values));
  expect(numbers(sparse.indices)).toEqual(range(0, size).flatMap((i) => [i, 0]));
  expect(numbers(sparse.denseShape)).toEqual([size, 1]);
  expect(strings(text)).toEqual(range(0, size).map(() => word));
}

/** Checks a batch of [x, sparse of x and -x, text] from `from` on. */
export function checkPairs([values, sparse, text]: Row, from: number, size: number, word: string): void {
  const xs = range(from, from + size);
  expect(numbers(values)).toEqual(xs);
  expect(numbers(sparse.indices)).toEqual(range(0, size).flatMap((i) => [i, 0, i, 1]));
  expect(numbers(sparse.values)).toEqual(xs.flatMap((x) => [x, -x + 0]));
  expect(numbers(sparse.denseShape)).toEqual([size, 2]);
  expect(strings(text)).toEqual(xs.map(() => word));
}
