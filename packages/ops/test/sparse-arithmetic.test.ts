// Sparse tensors added, joined, cut and reduced, against TensorFlow 1.15.5's kernels (recorded by fixtures/record-sparse-arithmetic.py);
// and their gradients.
import { readFileSync } from "node:fs";
import type { Tensor } from "@org/graph";
import { toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { checks } from "./gradient-checks/sparse.ts";
import { failure, inGraph } from "./in-graph.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/sparse-arithmetic.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("arithmetic of sparse tensors", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

const matrix = (...rows: number[][]): tf.TensorLike => tf.toNdArray(rows, "int64");
const a = matrix([0, 1], [2, 0], [2, 2]);
const b = matrix([0, 0], [2, 0]);
const sparse = (at: tf.TensorLike, values: Tensor): tf.SparseTensor => tf.sparseTensor(at, values, [4, 3]);

describe("gradients of sparse tensors", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));

  it("are none of what TensorFlow has none of", () => {
    inGraph(() => {
      const x = tf.placeholder("float32", [3]);
      const largest = tf.sparseReduceMax(sparse(a, x));
      expect(failure(() => tf.gradients(largest, x))).toContain("SparseReduceMax");
    });
  });
});

describe("builders", () => {
  const dense = async (program: () => tf.SparseTensor): Promise<number[][]> => {
    const [graph, all] = inGraph((graph) => {
      const { indices, values, denseShape } = program();
      return [graph, [indices, values, denseShape]] as const;
    });
    return (await new MiniSession(graph).run(all)).map(toNumbers);
  };
  const given = (): tf.SparseTensor => sparse(a, tf.constant([1, 2, 3]));

  it("turn sparse tensors round", async () => {
    expect(await dense(() => tf.sparseTranspose(given()))).toEqual([
      [0, 2, 1, 0, 2, 2],
      [2, 1, 3],
      [3, 4],
    ]);
    expect(await dense(() => tf.sparseTranspose(given(), { perm: [0, 1] }))).toEqual([
      [0, 1, 2, 0, 2, 2],
      [1, 2, 3],
      [4, 3],
    ]);
  });

  it("join tensors of other shapes", async () => {
    const wide = (): tf.SparseTensor => tf.sparseTensor(b, tf.constant([4, 5]), [5, 7]);
    expect(
      (await dense(() => tf.sparseConcat(0, [given(), wide()], { expandNonconcatDims: true })))[2],
    ).toEqual([9, 7]);
    expect(
      (await dense(() => tf.sparseConcat(-1, [given(), wide()], { expandNonconcatDims: true })))[2],
    ).toEqual([5, 10]);
    expect(inGraph(() => failure(() => tf.sparseConcat(0, [])))).toContain("not an empty one");
  });

  it("split, and say what the pieces are", async () => {
    const piece = (i: number) => () => tf.sparseSplit({ spInput: given(), numSplit: 2, axis: 1 })[i]!;
    expect(await dense(piece(0))).toEqual([
      [0, 1, 2, 0],
      [1, 2],
      [4, 2],
    ]);
    expect(await dense(piece(1))).toEqual([[2, 0], [3], [4, 1]]);
  });

  it("give shapes that entries fill, or larger ones", async () => {
    expect((await dense(() => tf.sparseResetShape(given())))[2]).toEqual([3, 3]);
    expect((await dense(() => tf.sparseResetShape(given(), [9, 8])))[2]).toEqual([9, 8]);
    expect(inGraph(() => failure(() => tf.sparseResetShape(given(), [2, 8])))).toContain(
      "Requested new_shape should have dimension sizes >= sp_input.shape.",
    );
    inGraph((graph) => {
      const x = given();
      // The checks run with the graph where shapes are not known before.
      const reset = tf.sparseResetShape({ ...x, denseShape: tf.identity(x.denseShape) }, [9, 8]);
      expect(reset.denseShape.op.controlInputs).toHaveLength(1);
      expect(graph.getOperations().map(({ type }) => type)).toContain("Assert");
    });
  });

  it("look up what may be wrong or missing", async () => {
    const table = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const look = async (options: tf.SafeEmbeddingLookupOptions, weights?: number[]): Promise<number[]> => {
      const [graph, rows] = inGraph((graph) => {
        const places = matrix([0, 0], [0, 1], [1, 0], [3, 2]);
        const ids = tf.sparseTensor(places, tf.constant([0, 2, -1, 1], "int64"), [4, 3]);
        const sparseWeights = weights && tf.sparseTensor(places, tf.constant(weights), [4, 3]);
        return [
          graph,
          tf.safeEmbeddingLookupSparse(tf.constant(table), ids, { ...options, sparseWeights }),
        ] as const;
      });
      return toNumbers(await new MiniSession(graph).fetch(rows));
    };
    expect(await look({ combiner: "sum" })).toEqual([6, 8, 0, 0, 0, 0, 3, 4]);
    expect(await look({})).toEqual([3, 4, 0, 0, 0, 0, 3, 4]);
    expect(await look({ defaultId: 2 })).toEqual([3, 4, 5, 6, 5, 6, 3, 4]);
    expect(await look({}, [1, -1, 1, 2])).toEqual([1, 2, 0, 0, 0, 0, 3, 4]);
    expect(inGraph(() => failure(() => tf.safeEmbeddingLookupSparse([], given())))).toBe(
      "INVALID_ARGUMENT: Missing embedding_weights [].",
    );
  });
});
