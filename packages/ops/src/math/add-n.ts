// Sums of many tensors: AddN, AccumulateNV2. Source: core/ops/math_ops.cc, core/kernels/aggregate_ops.cc,
// python/ops/math_ops.py.

import { type IndexedSlices, isIndexedSlices, type Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne, type OpArgument } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { byParts } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { single } from "../gradient.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { explicitShape, mergedInputs } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.add_n: the sum of tensors of one shape; one tensor alone is returned as it is, or passed on under `name`. @tfExport addN */
export function addN(inputs: readonly (TensorLike | IndexedSlices)[], options: NameOption = {}): Tensor {
  if (inputs.length === 0) {
    throw new TypeError(
      "inputs must be a list of at least one Tensor/IndexedSlices with the same dtype and shape",
    );
  }
  const graph = resolveGraph([inputs]);
  return graph.asDefault(() => {
    const tensors = inputs.map((x) => (isIndexedSlices(x) ? x : convertToTensor(x, { graph })));
    if (tensors.length === 1) {
      const only = convertToTensor(tensors[0]!);
      return options.name === undefined ? only : identity(only, options);
    }
    return applyOne("AddN", [tensors as unknown as OpArgument], options);
  });
}

/** tf.accumulate_n: as `addN`, which may begin before all inputs are there. @tfExport accumulateN */
export function accumulateN(
  inputs: readonly TensorLike[],
  options: NameOption & { shape?: Shape | readonly (number | null)[] } = {},
): Tensor {
  const graph = resolveGraph([inputs]);
  return graph.asDefault(() => {
    const tensors = inputs.map((x) => convertToTensor(x, { graph }));
    let shape = Shape.of(options.shape);
    for (const tensor of tensors) {
      const merged = shape.mergeWith(tensor.shape);
      if (!merged) throw new TypeError(`Shapes ${shape} and ${tensor.shape} are not compatible`);
      shape = merged;
    }
    if (tensors.length === 1) {
      return options.name === undefined ? tensors[0]! : identity(tensors[0]!, { name: options.name });
    }
    return applyOne("AccumulateNV2", [tensors], { name: options.name, attrs: { shape } });
  });
}

function lowerSum(c: LoweringContext): ReturnType<LoweringContext["input"]> {
  let sum = c.input(0);
  for (let i = 1; i < c.inputCount; i++) {
    const next = c.input(i);
    if (`${next.dims}` !== `${sum.dims}`) {
      c.fail(
        "INVALID_ARGUMENT",
        `Inputs to operation ${c.node} of type AddN must have the same size and shape.  Input 0: [${sum.dims}] != input ${i}: [${next.dims}]`,
      );
    }
    sum = c.builder.binary("add", sum, next);
  }
  return sum;
}

const sum = (shape: NonNullable<OpSpec["shape"]>): OpSpec =>
  byParts({ shape, lower: lowerSum, gradient: single((op, grad) => op.inputs.map(() => grad)) });

/** AddN, AccumulateNV2. */
export const addNOps: readonly OpEntry[] = defineOps({
  AddN: sum(mergedInputs),
  AccumulateNV2: sum(explicitShape),
});
