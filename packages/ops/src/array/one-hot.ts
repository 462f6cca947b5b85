// Indices to rows with a mark: OneHot, SparseToDense. Source: core/ops/array_ops.cc, sparse_ops.cc,
// core/kernels/one_hot_op.h, sparse_to_dense_op.cc, python/ops/array_ops.py, sparse_ops.py.
import { isTensorLike, type Tensor } from "@org/graph";
import { allocateData, type DType, dtypes, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { hostNumber } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import type { OpEntry } from "../op-entry.ts";
import { invalid, numbersOf, scalarDim, shapeFromInput } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { inferDType } from "../to-nd-array.ts";
import { zerosLike } from "./fill.ts";
import { gatherNd } from "./gather.ts";
import { allBut, movesElements } from "./move-elements.ts";

export interface OneHotOptions extends NameOption {
  /** 1 unless given. */
  readonly onValue?: TensorLike | undefined;
  /** 0 unless given. */
  readonly offValue?: TensorLike | undefined;
  /** Where the new dimension goes: the last (-1) unless given. */
  readonly axis?: number | undefined;
  /** float32 unless the values say otherwise. */
  readonly dtype?: DType | undefined;
}

function typeOf(value: TensorLike | undefined): DType | undefined {
  if (value === undefined) return undefined;
  if (isTensorLike(value)) return (value as { dtype?: DType }).dtype;
  return inferDType(value);
}

/** tf.one_hot: a new dimension of `depth`, `onValue` at the index and `offValue` elsewhere. @tfExport oneHot */
export function oneHot(indices: TensorLike, depth: TensorLike, options: OneHotOptions = {}): Tensor {
  const { onValue, offValue, axis, name } = options;
  const graph = resolveGraph([indices, depth, onValue, offValue]);
  return withScope(graph, name, "one_hot", (scope) => {
    const given = [typeOf(onValue), typeOf(offValue)];
    const dtype = options.dtype ?? given[0] ?? given[1] ?? "float32";
    // Python converts given values once to learn their types and again to use them.
    if (onValue !== undefined && !isTensorLike(onValue)) convertToTensor(onValue, { graph, dtype });
    if (offValue !== undefined && !isTensorLike(offValue)) convertToTensor(offValue, { graph, dtype });
    const value = (x: TensorLike | undefined, number: 0 | 1, as: string): TensorLike =>
      x ?? convertToTensor(dtype === "bool" ? number === 1 : number, { dtype, name: as, graph });
    const on = value(onValue, 1, "on_value");
    const off = value(offValue, 0, "off_value");
    return applyOne("OneHot", [indices, depth, on, off], { name: scope, attrs: { axis } });
  });
}

export interface SparseToDenseOptions extends NameOption {
  /** Check that indices are in order and without repeats: true unless given. */
  readonly validateIndices?: boolean | undefined;
}

/** tf.sparse_to_dense: `defaultValue` (0 unless given) with `sparseValues` put at `sparseIndices`. @tfExport sparseToDense */
export function sparseToDense(
  sparseIndices: TensorLike,
  outputShape: TensorLike,
  sparseValues: TensorLike,
  defaultValue: TensorLike = 0,
  options: SparseToDenseOptions = {},
): Tensor {
  return applyOne("SparseToDense", [sparseIndices, outputShape, sparseValues, defaultValue], {
    name: options.name,
    attrs: { validate_indices: options.validateIndices },
  });
}

/** OneHot, SparseToDense. */
export const oneHotOps: readonly OpEntry[] = defineOps({
  OneHot: movesElements(
    {
      shape: (c) => {
        const axis = c.attrs.int("axis");
        if (axis < -1) invalid(`axis must be >= -1`);
        const depth = scalarDim(c, 1);
        const { dims } = c.input(0);
        if (dims === null) return [Shape.unknown];
        const at = axis === -1 ? dims.length : axis;
        if (at > dims.length) invalid(`axis must be <= ${dims.length}, got ${axis}`);
        return [new Shape([...dims.slice(0, at), depth, ...dims.slice(at)])];
      },
      hostInputs: [1],
      lower: (c) => {
        const indices = c.input(0);
        const depth = hostNumber(c, 1);
        const axis = c.attrs.int("axis");
        const at = axis === -1 ? indices.dims.length : axis;
        if (axis < -1 || at > indices.dims.length) {
          c.fail(
            "INVALID_ARGUMENT",
            `Expected axis to be -1 or between [0, ${indices.dims.length + 1}).  But received: ${axis}`,
          );
        }
        if (depth < 0) c.fail("INVALID_ARGUMENT", `depth must be non-negative, got: ${depth}`);
        const dims = [...indices.dims.slice(0, at), depth, ...indices.dims.slice(at)];
        const b = c.builder;
        const spread = b.broadcast(
          indices,
          dims,
          indices.dims.map((_, i) => (i < at ? i : i + 1)),
        );
        const hit = b.compare("EQ", spread, b.iota(indices.dtype, dims, at));
        return b.select(hit, b.broadcast(c.input(2), dims, []), b.broadcast(c.input(3), dims, []));
      },
      gradient: null,
    },
    allBut(0, 1),
  ),
  SparseToDense: {
    shape: (c) => [shapeFromInput(c, 1)],
    // Its indices are checked one by one as TensorFlow does.
    host: (c) => {
      const indices = c.input(0);
      const dims = numbersOf(c.input(1));
      const values = c.input(2);
      const fallback = c.input(3);
      if (c.input(1).shape.length !== 1) {
        c.fail("INVALID_ARGUMENT", `output_shape should be a vector, got shape [${c.input(1).shape}]`);
      }
      if (indices.shape.length > 2) {
        c.fail(
          "INVALID_ARGUMENT",
          `sparse_indices should be a scalar, vector, or matrix, got shape [${indices.shape}]`,
        );
      }
      const count = indices.shape[0] ?? 1;
      const rank = indices.shape[1] ?? 1;
      if (rank !== dims.length) {
        c.fail(
          "INVALID_ARGUMENT",
          `output_shape has incorrect number of elements: ${dims.length} should be: ${rank}`,
        );
      }
      if (values.shape.length > 1 || (values.shape.length === 1 && values.shape[0] !== count)) {
        c.fail(
          "INVALID_ARGUMENT",
          `sparse_values has incorrect shape [${values.shape}], should be [] or [${count}]`,
        );
      }
      if (fallback.shape.length !== 0) c.fail("INVALID_ARGUMENT", "default_value should be a scalar.");
      const dtype = values.dtype;
      const { width } = dtypes[dtype];
      const size = sizeOf(dims);
      const data = allocateData(dtype, size) as unknown[];
      const put = (at: number, from: ArrayLike<unknown>, index: number): void => {
        for (let j = 0; j < width; j++) data[at * width + j] = from[index * width + j];
      };
      for (let i = 0; i < size; i++) put(i, fallback.data as ArrayLike<unknown>, 0);
      const at = numbersOf(indices);
      const validate = c.attrs.bool("validate_indices");
      let previous = -1;
      for (let i = 0; i < count; i++) {
        let linear = 0;
        const row = at.slice(i * rank, (i + 1) * rank);
        row.forEach((index, d) => {
          if (index < 0 || index >= dims[d]!) {
            c.fail(
              "INVALID_ARGUMENT",
              `indices[${i}] = [${row}] is out of bounds: need 0 <= index < [${dims}]`,
            );
          }
          linear = linear * dims[d]! + index;
        });
        if (validate && linear <= previous) {
          const what =
            linear === previous
              ? "is repeated"
              : "is out of order. Many sparse ops require sorted indices.\n    Use `tf.sparse.reorder` to create a correctly ordered copy.\n\n";
          c.fail("INVALID_ARGUMENT", `indices[${i}] = [${row}] ${what}`);
        }
        previous = linear;
        put(linear, values.data as ArrayLike<unknown>, values.shape.length === 0 ? 0 : i);
      }
      return [ndArray(dtype, dims, data as never)];
    },
    // Values take the gradient where they were put; the default takes the rest.
    gradient: single((op, grad) => {
      const [indices, outputShape] = op.inputs as [Tensor, Tensor];
      const values = gatherNd(grad, indices);
      const total = reduceSum(grad);
      const fallback = operator.sub(total, reduceSum(values));
      return [zerosLike(indices), zerosLike(outputShape), values, fallback];
    }),
  },
});
