// What crosses the border of a branch or a loop as tensors: a value by conversion, a TensorArray by its flow, rows of a
// tensor by their parts; and back. Source: _convert_tensorarray_to_flow, expand_composites in python/ops/control_flow_ops.py.
import { IndexedSlices, isIndexedSlices, type Tensor } from "@org/graph";
import { convertToTensor } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";
import { isTensorArray } from "./tensor-array-like.ts";

/** A leaf as tensors, and how such tensors become the like of it again. */
export interface Crossing {
  readonly tensors: readonly Tensor[];
  rebuild(tensors: readonly Tensor[]): unknown;
}

export function crossing(value: unknown): Crossing {
  if (isTensorArray(value)) return { tensors: [value.flow], rebuild: ([flow]) => value.withFlow(flow!) };
  if (isIndexedSlices(value)) {
    const { values, indices, denseShape } = value;
    return {
      tensors: [values, indices, ...(denseShape ? [denseShape] : [])],
      rebuild: ([v, i, shape]) => new IndexedSlices(v!, i!, shape),
    };
  }
  return { tensors: [convertToTensor(value as TensorLike)], rebuild: ([tensor]) => tensor };
}

/** Puts `tensors` back, each leaf with as many as it crossed with. */
export function rebuildAll(crossings: readonly Crossing[], tensors: readonly Tensor[]): unknown[] {
  let next = 0;
  return crossings.map((one) => {
    const first = next;
    next += one.tensors.length;
    return one.rebuild(tensors.slice(first, next));
  });
}
