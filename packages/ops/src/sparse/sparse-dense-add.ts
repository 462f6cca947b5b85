// A sparse and a dense tensor of one shape together: SparseTensorDenseAdd. Lowered: entries are scattered into the dense one.
// Source: core/kernels/sparse_tensor_dense_add_op.cc, python/ops/sparse_grad.py.
import type { Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { gatherNd } from "../array/gather.ts";
import { linearIndices } from "../array/linear-indices.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import type { SparseTensor } from "./sparse-tensor.ts";

/** The sum of `a` and the dense tensor `b` of its shape: dense. As gen_sparse_ops.sparse_tensor_dense_add. */
export function sparseTensorDenseAdd(a: SparseTensor, b: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("SparseTensorDenseAdd", [a.indices, a.values, a.denseShape, b], options);
}

function lower(c: LoweringContext): HloInstruction {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, b] = [c.input(0), c.input(1), c.input(3)];
  const whole = c.hostInput(2);
  const shown = (dims: readonly number[]): string => `${new Shape([...dims])}`;
  if (indices.dims.length !== 2)
    fail(`Input a_indices should be a matrix but received shape: ${shown(indices.dims)}`);
  if (values.dims.length !== 1 || whole.shape.length !== 1)
    fail(
      `Inputs a_values and a_shape should be vectors but received shapes: ${shown(values.dims)} and ${shown(whole.shape)}`,
    );
  const dims = hostNumbers(c, 2);
  if (dims.length !== b.dims.length)
    fail(`Two operands have different ranks; received: ${dims.length} and ${b.dims.length}`);
  dims.forEach((dim, i) => {
    if (dim !== b.dims[i])
      fail(
        `Dimension ${i} does not equal (no broadcasting is supported): sparse side ${dim} vs dense side ${b.dims[i]}`,
      );
  });
  if (indices.dims[1] !== dims.length || indices.dims[0] !== values.dims[0])
    fail(
      `Input a_indices ${shown(indices.dims)} does not fit ${values.dims[0]} values of a tensor of rank ${dims.length}`,
    );
  const flat = c.builder.reshape(b, [sizeOf(b.dims)]);
  const filled = c.builder.scatter(flat, linearIndices(c, indices, b.dims), values, "add");
  return c.builder.reshape(filled, b.dims);
}

/** The entry of SparseTensorDenseAdd. */
export const sparseDenseAddOps: readonly OpEntry[] = defineOps({
  SparseTensorDenseAdd: byParts({
    shape: (c) => [c.input(3)],
    hostInputs: [2],
    lower,
    gradient: single((op, grad) => [undefined, gatherNd(grad, op.inputs[0]!), undefined, grad]),
  }),
});
