// DynamicStitch: pieces put at given positions, mostly of shapes; a host kernel, for its size depends on the indices.
// Source: core/ops/data_flow_ops.cc, core/kernels/dynamic_stitch_op.cc, python/ops/data_flow_grad.py.
import type { Tensor } from "@org/graph";
import { allocateData, dtypes, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, single } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, numbersOf, subshape } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { gather } from "./gather.ts";

/** tf.dynamic_stitch: `merged[indices[m][i], ...] = data[m][i, ...]`; later pieces win. @tfExport dynamicStitch */
export function dynamicStitch(
  indices: readonly TensorLike[],
  data: readonly TensorLike[],
  options: NameOption = {},
): Tensor {
  return applyOne("DynamicStitch", [indices, data], options);
}

function stitch(c: HostContext): readonly NdArray[] {
  const count = c.attrs.int("N");
  const pieces = Array.from({ length: count }, (_, i) => ({
    indices: c.input(i),
    data: c.input(count + i),
  }));
  let rows = 0;
  for (const { indices } of pieces) for (const index of numbersOf(indices)) rows = Math.max(rows, index + 1);
  const [{ indices: first, data: firstData }] = pieces as [(typeof pieces)[number]];
  const tail = firstData.shape.slice(first.shape.length);
  const dtype = firstData.dtype;
  const stride = sizeOf(tail) * dtypes[dtype].width;
  const merged = allocateData(dtype, rows * sizeOf(tail)) as unknown[];
  for (const { indices, data } of pieces) {
    if (`${data.shape.slice(0, indices.shape.length)}` !== `${indices.shape}`) {
      c.fail(
        "INVALID_ARGUMENT",
        `data[0].shape = [${data.shape}] does not start with indices[0].shape = [${indices.shape}]`,
      );
    }
    numbersOf(indices).forEach((row, i) => {
      if (row < 0) c.fail("INVALID_ARGUMENT", `indices[${i}] is out of range`);
      for (let j = 0; j < stride; j++) {
        merged[row * stride + j] = (data.data as ArrayLike<unknown>)[i * stride + j];
      }
    });
  }
  return [ndArray(dtype, [rows, ...tail], merged as never)];
}

const spec: OpSpec = {
  shape: (c) => {
    const count = c.attrs.int("N");
    let tail = Shape.unknown;
    let rows: number | null = 0;
    for (let i = 0; i < count; i++) {
      const indices = c.input(i);
      const data = c.input(count + i);
      const value = c.inputValue(i);
      if (!value) rows = null;
      else if (rows !== null) for (const index of numbersOf(value)) rows = Math.max(rows, index + 1);
      if (indices.rank === null) continue;
      if (data.dims !== null) mergeShapes(subshape(data, 0, indices.rank), indices);
      tail = mergeShapes(tail, subshape(data, indices.rank));
    }
    return [new Shape([rows]).concat(tail)];
  },
  host: stitch,
  gradient: single((op, grad) => {
    const count = op.attrs.int("N");
    const indices = op.inputs.slice(0, count).map((t) => cast(t, "int32"));
    const values = dense(grad);
    return [...indices.map(() => undefined), ...indices.map((index) => gather(values, index))];
  }),
};

/** DynamicStitch, ParallelDynamicStitch. */
export const dynamicStitchOps: readonly OpEntry[] = defineOps({
  DynamicStitch: spec,
  ParallelDynamicStitch: spec,
});
