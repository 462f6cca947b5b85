// tf.linalg.tridiagonal_solve: TridiagonalSolve, a host kernel. Source: core/ops/linalg_ops.cc, core/kernels/tridiagonal_solve_op.cc,
// python/ops/linalg/linalg_impl.py, linalg_grad.py.
import type { Operation, Tensor } from "@org/graph";
import { type NdArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { zeros } from "../array/fill.ts";
import { stack } from "../array/pack.ts";
import { pad } from "../array/pad.ts";
import { rank as rankOf } from "../array/shape-of.ts";
import { getItem, type Index } from "../array/strided-slice.ts";
import { defineOps } from "../define.ts";
import { dense, single } from "../gradient.ts";
import { operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeDims, mergeShapes, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { batchOf, resultsOf } from "./batches.ts";
import { matrixShape } from "./matrix-shapes.ts";
import { solveTridiagonal } from "./numerics/tridiagonal.ts";

const { mul, neg, sub } = operator;

export interface TridiagonalSolveOptions extends NameOption {
  /** Exchange rows for larger pivots (unless given). */
  readonly partialPivoting?: boolean | undefined;
}

/**
 * tf.linalg.tridiagonal_solve, of diagonals in the compact form [..., 3, m] (above the diagonal, on it, below it; the last element of the first and the
 * first of the last are not looked at) and right sides [..., m, k]. float32, float64, complex64, complex128. Running it throws TfError
 * INVALID_ARGUMENT "The matrix is not invertible." where a pivot is zero.
 * @tfExport linalg.tridiagonalSolve
 */
export function tridiagonalSolve(
  diagonals: TensorLike,
  rhs: TensorLike,
  options: TridiagonalSolveOptions = {},
): Tensor {
  const { partialPivoting, name } = options;
  return applyOne("TridiagonalSolve", [diagonals, rhs], {
    name,
    attrs: { partial_pivoting: partialPivoting },
  });
}

function kernel(c: HostContext): readonly NdArray[] {
  const [left, right] = [batchOf(c, 0), batchOf(c, 1)];
  if (`${left.outer}` !== `${right.outer}`)
    c.fail("INVALID_ARGUMENT", "All input tensors must have the same outer dimensions.");
  if (left.rows !== 3) c.fail("INVALID_ARGUMENT", `Expected diagonals to have 3 rows, got ${left.rows}`);
  if (left.columns !== right.rows)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected the same number of left-hand sides and right-hand sides, got ${left.columns} and ${right.rows}`,
    );
  const pivoting = c.attrs.bool("partial_pivoting");
  const results = resultsOf(right.dtype, c.input(1).shape, right.count);
  for (let i = 0; i < right.count; i++) {
    const b = right.at(i);
    if (b.rows > 0 && !solveTridiagonal(left.at(i), b, pivoting))
      c.fail(
        "INVALID_ARGUMENT",
        b.rows === 1
          ? "The matrix is not invertible: it is a scalar with value zero."
          : pivoting
            ? "The matrix is not invertible."
            : "The matrix is either not invertible, or requires pivoting. Try setting partial_pivoting = True.",
      );
    results.put(i, b);
  }
  return [results.array];
}

/** Index of the last two dimensions. */
const last = (row: Index, column: Index): readonly Index[] => ["...", row, column];

/** Zeros to put beside a tensor: themselves where its shape is known, else for the dimensions before the last two, which are not padded. */
interface Filling {
  readonly isKnown: boolean;
  readonly zeros: Tensor;
}

/** Zeros of `dims`, or, where they are not known, what pads `x` with them. */
function filling(x: Tensor, dims: readonly number[] | undefined): Filling {
  if (dims) return { isKnown: true, zeros: zeros(dims, x.dtype) };
  return { isKnown: false, zeros: zeros([sub(rankOf(x), 2), 2] as TensorLike, "int32") };
}

/** What is kept of a tensor, with zeros at one end of an axis. */
function shifted(kept: () => Tensor, axis: -1 | -2, end: "low" | "high", fill: Filling): Tensor {
  if (fill.isKnown) return concat(end === "high" ? [kept(), fill.zeros] : [fill.zeros, kept()], axis);
  const widths = end === "high" ? [0, 1] : [1, 0];
  const own = constant(axis === -1 ? [widths] : [widths, [0, 0]], "int32");
  const paddings = concat([fill.zeros, own], 0);
  return pad(kept(), paddings);
}

/** Diagonals of the transposed matrices. */
function transposed(diagonals: Tensor): Tensor {
  const diagonal = getItem(diagonals, last(1, {}));
  const { shape } = diagonals;
  const fill = filling(
    diagonals,
    shape.isFullyDefined() ? [...shape.toNumbers().slice(0, -2), 1] : undefined,
  );
  const above = shifted(() => getItem(diagonals, last(2, { start: 1 })), -1, "high", fill);
  const below = shifted(() => getItem(diagonals, last(0, { stop: -1 })), -1, "low", fill);
  return stack([above, diagonal, below], -2);
}

/** The three diagonals of x y^T. */
function productDiagonals(x: Tensor, y: Tensor): Tensor {
  const diagonal = reduceSum(mul(x, y), -1);
  const isKnown = y.shape.isFullyDefined() && x.shape.isFullyDefined();
  const dims = isKnown ? x.shape.toNumbers() : undefined;
  const fill = filling(y, dims && [...dims.slice(0, -2), 1, dims.at(-1)!]);
  const next = shifted(() => getItem(y, last({ start: 1 }, {})), -2, "high", fill);
  const above = reduceSum(mul(x, next), -1);
  const before = shifted(() => getItem(y, last({ stop: -1 }, {})), -2, "low", fill);
  const below = reduceSum(mul(x, before), -1);
  return stack([above, diagonal, below], -2);
}

function gradient(op: Operation, grad: Tensor): readonly Tensor[] {
  const partialPivoting = op.attrs.bool("partial_pivoting");
  const byRight = tridiagonalSolve(transposed(op.inputs[0]!), grad, { partialPivoting });
  return [neg(productDiagonals(byRight, op.outputs[0]!)), byRight];
}

/** TridiagonalSolve. */
export const tridiagonalOps: readonly OpEntry[] = defineOps({
  TridiagonalSolve: {
    shape: (c) => {
      const left = matrixShape(c.input(0));
      const right = matrixShape(c.input(1));
      mergeShapes(left.outer, right.outer);
      mergeDims(left.columns, right.rows);
      withValue(left.rows, 3);
      return [c.input(1).rank === null ? Shape.unknown : c.input(1)];
    },
    host: kernel,
    gradient: single((op, grad) => gradient(op, dense(grad))),
  },
});
