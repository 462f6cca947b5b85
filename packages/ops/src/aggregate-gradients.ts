// Several gradients of one tensor added up: AddN by device, trees, or rows put after one another.
// Source: _AggregatedGrads in python/ops/gradients_util.py, aggregate_indexed_slices_gradients in python/eager/backprop.py.
import { IndexedSlices, isIndexedSlices, type Operation, type Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "./apply-op.ts";
import { concat } from "./array/concat.ts";
import type { Grad } from "./gradient.ts";
import { addN } from "./math/add-n.ts";
import { cast } from "./math/cast.ts";

/** tf.AggregationMethod, by its values. */
export const AggregationMethod = {
  ADD_N: 0,
  DEFAULT: 0,
  EXPERIMENTAL_TREE: 1,
  EXPERIMENTAL_ACCUMULATE_N: 2,
} as const;
/** How gradients of one tensor are combined. */
export type AggregationMethod = 0 | 1 | 2;

/**
 * The sum of what an output of `op` received; undefined for nothing.
 * Throws a TypeError for a method that is none.
 */
export function aggregate(
  op: Operation,
  grads: readonly Grad[] | Grad | undefined,
  method: AggregationMethod = AggregationMethod.DEFAULT,
): Grad | undefined {
  if (![0, 1, 2].includes(method)) throw new TypeError(`Invalid aggregation_method specified ${method}.`);
  if (!Array.isArray(grads)) return grads as Grad | undefined;
  const list = grads as readonly Grad[];
  if (list.length < 2) return list[0];
  if (list.some(isIndexedSlices)) return aggregateRows(list);
  const tensors = list as readonly Tensor[];
  if (method === AggregationMethod.ADD_N) return multiDeviceAddN(tensors);
  const shape = tensors.reduce<Shape | undefined>(
    (all, { shape: own }) => all?.mergeWith(own),
    Shape.unknown,
  );
  if (method === AggregationMethod.EXPERIMENTAL_ACCUMULATE_N && tensors.length > 2 && shape?.isFullyDefined())
    return applyOne("AccumulateNV2", [tensors], { attrs: { shape } });
  return op.graph.nameScope(`${op.name}_gradient_sum`, () =>
    tensors.slice(1).reduce((sum, grad) => addN([sum, grad]), tensors[0]!),
  );
}

/** Tensors of one device are added on it; then the sums. */
function multiDeviceAddN(tensors: readonly Tensor[]): Tensor {
  const byDevice = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const same = byDevice.get(tensor.device);
    if (same) same.push(tensor);
    else byDevice.set(tensor.device, [tensor]);
  }
  const { graph } = tensors[0]!;
  const sums = [...byDevice.keys()].sort().map((device) => {
    const own = byDevice.get(device)!;
    return graph.colocateWith(own[0]!.op, () => addN(own), { ignoreExisting: true });
  });
  return addN(sums);
}

/** Rows after one another; a dense sum where one of the gradients is dense. */
function aggregateRows(grads: readonly Grad[]): Grad {
  if (grads.some((grad) => !isIndexedSlices(grad))) return addN(grads);
  let slices = grads as readonly IndexedSlices[];
  const narrow = slices.filter(({ indices }) => indices.dtype === "int32").length;
  if (narrow > 0 && narrow < slices.length)
    slices = slices.map((one) =>
      one.indices.dtype === "int32"
        ? new IndexedSlices(one.values, cast(one.indices, "int64"), one.denseShape)
        : one,
    );
  const values = concat(
    slices.map((one) => one.values),
    0,
  );
  const indices = concat(
    slices.map((one) => one.indices),
    0,
  );
  return new IndexedSlices(values, indices, slices[0]!.denseShape);
}
