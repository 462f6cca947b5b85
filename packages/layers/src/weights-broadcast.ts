// Weights of losses and metrics: a scalar, or of the values' rank with each dimension 1 or the values' own.
// Source: python/ops/weights_broadcast_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, isTensor, type Operation, type Tensor } from "@org/graph";
import {
  Assert,
  concat,
  cond,
  convertToTensor,
  equal,
  expandDims,
  int32,
  multiply,
  noOp,
  onesLike,
  rank as rankOf,
  resolveGraph,
  setDifference,
  shape as shapeOf,
  size as sizeOf,
  type TensorLike,
  withScope,
} from "@org/ops";
import { toNumbers } from "@org/tensor";

const prefix = "weights can not be broadcast to values.";

interface Described {
  readonly tensor: Tensor;
  readonly shape: Tensor;
  readonly rank: Tensor;
}

/** A tensor with its shape and rank, in a scope of that name. */
function described(value: TensorLike, name: string): Described {
  const graph = resolveGraph([value]);
  return withScope(graph, undefined, name, (scope) => {
    const tensor = convertToTensor(value, { name: scope, graph });
    const shape = shapeOf(tensor, { name: "shape" });
    return { tensor, shape, rank: rankOf(tensor, { name: "rank" }) };
  });
}

function hasValidDims(weights: Tensor, values: Tensor): Tensor {
  return withScope(weights.graph, undefined, "has_invalid_dims", (scope) => {
    const column = expandDims(values, -1);
    const valid = concat([column, onesLike(column)], 1);
    const invalid = setDifference(expandDims(weights, -1), valid);
    const count = sizeOf(invalid.values, { name: "num_invalid_dims" });
    return equal(int32(0), count, { name: scope });
  });
}

function hasValidShape(weights: Described, values: Described): Tensor {
  return withScope(weights.tensor.graph, undefined, "has_valid_nonscalar_shape", (scope) => {
    const same = equal(values.rank, weights.rank, { name: "is_same_rank" });
    return cond(
      same,
      () => hasValidDims(weights.shape, values.shape),
      () => same,
      { name: scope },
    );
  });
}

/**
 * An operation that fails a run with INVALID_ARGUMENT where `weights` cannot stretch to `values`; nothing where it is known that they can.
 * Throws TfError INVALID_ARGUMENT where it is known that they cannot.
 */
export function assertBroadcastable(weights: TensorLike, values: TensorLike): Operation {
  const graph = resolveGraph([weights, values]);
  return withScope(graph, undefined, "assert_broadcastable", (scope) => {
    const w = described(weights, "weights");
    const v = described(values, "values");
    const [ownRank, otherRank] = [w.tensor.shape.rank, v.tensor.shape.rank];
    if (ownRank !== null && otherRank !== null) {
      if (ownRank === 0) return noOp({ name: "static_scalar_check_success", graph });
      if (ownRank !== otherRank)
        throw new TfError(
          "INVALID_ARGUMENT",
          `${prefix} values.rank=${otherRank}. weights.rank=${ownRank}. values.shape=${v.tensor.shape.toTuple()}. weights.shape=${w.tensor.shape.toTuple()}.`,
        );
      const [own, other] = [constantValue(w.shape), constantValue(v.shape)];
      if (own && other) {
        const [dims, wanted] = [toNumbers(own), toNumbers(other)];
        for (const [i, dim] of dims.entries())
          if (dim !== 1 && dim !== wanted[i])
            throw new TfError(
              "INVALID_ARGUMENT",
              `${prefix} Mismatch at dim ${i}. values.shape=[${wanted.join(" ")}] weights.shape=[${dims.join(" ")}].`,
            );
        return noOp({ name: "static_dims_check_success", graph });
      }
    }
    const isScalar = equal(int32(0), w.rank, { name: "is_scalar" });
    const data = [
      prefix,
      "weights.shape=",
      w.tensor.name,
      w.shape,
      "values.shape=",
      v.tensor.name,
      v.shape,
      "is_scalar=",
      isScalar,
    ];
    const valid = cond(
      isScalar,
      () => isScalar,
      () => hasValidShape(w, v),
      { name: "is_valid_shape" },
    );
    return Assert(valid, data, { name: scope });
  });
}

/** `weights` stretched to the shape of `values`. Throws as assertBroadcastable. */
export function broadcastWeights(weights: TensorLike, values: TensorLike): Tensor {
  const graph = resolveGraph([weights, values]);
  return withScope(graph, undefined, "broadcast_weights", (scope) => {
    const v = convertToTensor(values, { name: "values", graph });
    const w = convertToTensor(weights, {
      name: "weights",
      graph,
      ...(isTensor(weights) ? {} : { dtype: v.dtype }),
    });
    const known = w.shape.isFullyDefined() && v.shape.isFullyDefined();
    if (known && w.shape.isCompatibleWith(v.shape)) return w;
    return graph.controlDependencies([assertBroadcastable(w, v)], () =>
      multiply(w, onesLike(v), { name: scope }),
    );
  });
}
