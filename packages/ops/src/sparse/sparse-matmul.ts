// tf.sparse_tensor_dense_matmul: a sparse matrix times a dense one. Lowered to rows taken, multiplied and added up.
// Source: core/ops/sparse_ops.cc, core/kernels/sparse_tensor_dense_matmul_op.cc, python/ops/{sparse_ops,sparse_grad}.py.
import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { gather } from "../array/gather.ts";
import { getItem } from "../array/strided-slice.ts";
import { transpose } from "../array/transpose.ts";
import { convertToTensor, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { filledOf, hostNumbers } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeDims, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import type { SparseTensor } from "./sparse-tensor.ts";

export interface SparseMatmulOptions extends NameOption {
  readonly adjointA?: boolean | undefined;
  readonly adjointB?: boolean | undefined;
}

/** tf.sparse_tensor_dense_matmul: `a` (sparse [n, m]) times `b` (dense [m, k]): dense [n, k]. An index beyond `a`'s shape fails the run. @tfExport sparseTensorDenseMatmul */
export function sparseTensorDenseMatmul(
  a: SparseTensor,
  b: TensorLike,
  { name, adjointA = false, adjointB = false }: SparseMatmulOptions = {},
): Tensor {
  const { graph } = a.values;
  return withScope(graph, name, "SparseTensorDenseMatMul", () => {
    const right = convertToTensor(b, { graph, name: "b" });
    return applyOne("SparseTensorDenseMatMul", [a.indices, a.values, a.denseShape, right], {
      attrs: { adjoint_a: adjointA, adjoint_b: adjointB },
    });
  });
}

function lower(c: LoweringContext): HloInstruction {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, right] = [c.input(0), c.input(1), c.input(3)];
  const dims = hostNumbers(c, 2);
  const [adjointA, adjointB] = [c.attrs.bool("adjoint_a"), c.attrs.bool("adjoint_b")];
  if (right.dims.length !== 2) fail("Tensor 'b' is not a matrix");
  if (dims.length !== 2) fail("Tensor 'a_shape' must have 2 elements");
  if (values.dims.length !== 1) fail("Tensor 'a_values' is not a vector");
  if (indices.dims.length !== 2) fail("Tensor 'a_indices' is not a matrix");
  const count = values.dims[0]!;
  if (indices.dims[0] !== count)
    fail("Number of rows of a_indices does not match number of entries in a_values");
  if (indices.dims[1] !== 2)
    fail("Number of columns of a_indices does not match number of entries in a_shape");
  const [outer, inner] = adjointA ? [dims[1]!, dims[0]!] : [dims[0]!, dims[1]!];
  const b = c.builder;
  const rows = adjointB ? b.transpose(right, [1, 0]) : right;
  if (inner !== rows.dims[0])
    fail(
      `Cannot multiply A and B because inner dimension does not match: ${inner} vs. ${rows.dims[0]}.  Did you forget a transpose?  Dimensions of A: [${dims[0]}, ${dims[1]}).  Dimensions of B: ${new Shape(right.dims)}`,
    );
  const column = (i: number): HloInstruction => b.reshape(b.slice(indices, [0, i], [count, i + 1]), [count]);
  const [to, from] = adjointA ? [column(1), column(0)] : [column(0), column(1)];
  const taken = b.gather(rows, from, 0);
  const scaled = b.binary("multiply", taken, b.broadcast(values, taken.dims, [0]));
  return b.scatter(filledOf(c, taken.dtype, [outer, taken.dims[1]!], 0), to, scaled, "add");
}

function gradient(op: Operation, given: Grad): readonly (Tensor | undefined)[] {
  const [indices, values, whole, b] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
  const [adjointA, adjointB] = [op.attrs.bool("adjoint_a"), op.attrs.bool("adjoint_b")];
  const grad = dense(given);
  const byB = applyOne("SparseTensorDenseMatMul", [indices, values, whole, grad], {
    attrs: { adjoint_a: !adjointA },
  });
  const right = adjointB ? transpose(byB) : byB;
  const rows = getItem(indices, [{}, 0]);
  const columns = getItem(indices, [{}, 1]);
  const left = gather(grad, adjointA ? columns : rows);
  const other = gather(adjointB ? transpose(b) : b, adjointA ? rows : columns);
  return [undefined, reduceSum(operator.mul(left, other), 1), undefined, right];
}

/** The entry of SparseTensorDenseMatMul. */
export const sparseMatmulOps: readonly OpEntry[] = defineOps({
  SparseTensorDenseMatMul: {
    shape: (c) => {
      withRank(c.input(1), 1);
      const dims = withRank(c.inputAsShape(2), 2);
      const b = withRank(c.input(3), 2);
      const [adjointA, adjointB] = [c.attrs.bool("adjoint_a"), c.attrs.bool("adjoint_b")];
      mergeDims(dims.dim(adjointA ? 0 : 1), b.dim(adjointB ? 1 : 0));
      return [new Shape([dims.dim(adjointA ? 1 : 0), b.dim(adjointB ? 0 : 1)])];
    },
    hostInputs: [2],
    lower,
    gradient: single(gradient),
  },
});
