// A dense tensor, stretched to a sparse one's shape, applied to its entries: SparseDenseCwiseAdd, SparseDenseCwiseMul, SparseDenseCwiseDiv.
// Source: core/kernels/sparse_dense_binary_op_shared.cc, python/ops/{math_ops,sparse_ops,sparse_grad}.py.
import type { Operation, Tensor } from "@org/graph";
import { type NdArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { ones, zerosLike } from "../array/fill.ts";
import { gatherNd } from "../array/gather.ts";
import { expandDims } from "../array/reshape.ts";
import { shape as shapeOf, size as sizeOf } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { convertToTensor, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { square } from "../math/unary.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { arithmeticOf, type Num, numbersIn, numericArray } from "./element-arithmetic.ts";
import { sparseTensorDenseAdd } from "./sparse-dense-add.ts";
import { entriesOf } from "./sparse-entries.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/** The sum of the entries of a sparse tensor and a dense one that is stretched to its shape, where there are entries. As sparse_ops.sparse_dense_cwise_add. */
export function sparseDenseCwiseAdd(x: SparseTensor, y: TensorLike, options: NameOption = {}): SparseTensor {
  const values = applyOne("SparseDenseCwiseAdd", [x.indices, x.values, x.denseShape, y], options);
  return sparseTensor(x.indices, values, x.denseShape);
}

/** What Python's operators on a SparseTensor build. */
const applied =
  (type: string, defaultName: string) =>
  (x: SparseTensor, y: TensorLike, options: NameOption = {}): SparseTensor => {
    const { graph, dtype } = x.values;
    return withScope(graph, options.name, defaultName, (scope) => {
      const right = convertToTensor(y, { dtype, name: "y", graph });
      const values = applyOne(type, [x.indices, x.values, x.denseShape, right], { name: scope });
      return sparseTensor(x.indices, values, x.denseShape);
    });
  };

/** Functions of a sparse tensor and a dense one that is stretched to its shape: sparse, with the entries of the sparse one. */
export type SparseDenseFunction = (x: SparseTensor, y: TensorLike, options?: NameOption) => SparseTensor;

/** `x * y` of a sparse and a dense tensor in Python. @tfExport sparseDenseMultiply */
export const sparseDenseMultiply: SparseDenseFunction = applied("SparseDenseCwiseMul", "mul");
/** `x / y` of a sparse and a dense tensor of floats in Python. @tfExport sparseDenseDivide */
export const sparseDenseDivide: SparseDenseFunction = applied("SparseDenseCwiseDiv", "truediv");

function kernel(operation: "add" | "multiply" | "divide"): (c: HostContext) => NdArray[] {
  return (c) => {
    const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
    const [indices, values, whole, y] = [c.input(0), c.input(1), c.input(2), c.input(3)];
    if (indices.shape.length !== 2)
      fail(`Input sp_indices should be a matrix but received shape: ${new Shape([...indices.shape])}`);
    if (values.shape.length !== 1 || whole.shape.length !== 1)
      fail(
        `Inputs sp_values and sp_shape should be vectors but received shapes: ${new Shape([...values.shape])} and ${new Shape([...whole.shape])}`,
      );
    const x = entriesOf(c, indices, values, whole);
    const lead = x.rank - y.shape.length;
    if (lead < 0 || y.shape.some((dim, i) => dim !== x.dims[lead + i] && dim !== 1))
      fail(
        `SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: [${x.dims}] vs. [${y.shape}]`,
      );
    if (x.rank < 1 || x.rank > 5)
      fail(`Only tensors with ranks between 1 and 5 are currently supported.  Tensor rank: ${x.rank}`);
    const right = numbersIn(y);
    const left = numbersIn(values);
    const apply = arithmeticOf(values.dtype)[operation];
    const place = (i: number): number => {
      let at = 0;
      for (let d = 0; d < x.rank; d++) {
        const index = Number(x.indices[i * x.rank + d]);
        if (index < 0 || index >= x.dims[d]!)
          fail("Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape");
        if (d >= lead) at = at * y.shape[d - lead]! + (y.shape[d - lead] === 1 ? 0 : index);
      }
      return at;
    };
    const divided = (i: number): Num => {
      try {
        return apply(left[i]!, right[place(i)]!);
      } catch (error) {
        if (error instanceof RangeError) return fail(error.message);
        throw error;
      }
    };
    return [
      numericArray(
        values.dtype,
        [x.count],
        Array.from({ length: x.count }, (_, i) => divided(i)),
      ),
    ];
  };
}

const spec = (
  operation: "add" | "multiply" | "divide",
  gradient?: (op: Operation, grad: Grad) => readonly (Grad | undefined)[],
): OpSpec => ({
  shape: (c) => [new Shape([withRank(c.input(0), 2).dim(0)])],
  host: kernel(operation),
  ...(gradient ? { gradient: single(gradient) } : {}),
});

/** The gradients of products and quotients: `parts` makes those of the entries and of what each met on the dense side. */
function gradient(parts: (grad: Tensor, x: Tensor, y: Tensor) => readonly [dx: Tensor, dy: Tensor]) {
  return (op: Operation, grad: Grad): readonly (Grad | undefined)[] => {
    const [indices, values, whole, y] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
    const dims = cast(shapeOf(y), "int64");
    const added = expandDims(operator.sub(sizeOf(whole), sizeOf(dims)), 0);
    const augmented = concat([ones(added, "int64"), dims], 0);
    const scaling = operator.floordiv(whole, augmented);
    const scaled = operator.floordiv(indices, scaling);
    const places = slice(scaled, concat([[0], added] as TensorLike[], 0), [-1, -1]);
    const [dx, dy] = parts(dense(grad), values, gatherNd(y, places));
    const whole0 = zerosLike(y);
    return [undefined, dx, undefined, sparseTensorDenseAdd(sparseTensor(places, dy, dims), whole0)];
  };
}

/** Entries of the SparseDenseCwise ops. */
export const sparseDenseCwiseOps: readonly OpEntry[] = defineOps({
  // TensorFlow has no gradient of the sum.
  SparseDenseCwiseAdd: spec("add"),
  SparseDenseCwiseMul: spec(
    "multiply",
    gradient((grad, x, y) => [operator.mul(grad, y), operator.mul(grad, x)]),
  ),
  SparseDenseCwiseDiv: spec(
    "divide",
    gradient((grad, x, y) => [
      operator.truediv(grad, y),
      operator.mul(grad, operator.truediv(operator.neg(x), square(y))),
    ]),
  ),
});
