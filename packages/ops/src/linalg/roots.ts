// Functions of matrices: MatrixSquareRoot, MatrixLogarithm. Host kernels. tf.linalg.expm, which is made of other ops, is in expm.ts.
// Source: core/kernels/matrix_square_root_op.cc, matrix_logarithm_op.cc, python/ops/linalg_grad.py.
import type { Operation, Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { eye } from "../array/eye.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf, size } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { getItem } from "../array/strided-slice.ts";
import { tile } from "../array/tile.ts";
import { matrixTranspose } from "../array/transpose.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { add, subtract } from "../math/binary.ts";
import { operator } from "../math/operator.ts";
import { reduceProd } from "../math/reductions.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { eachSquare } from "./batches.ts";
import { unchangedSquare } from "./matrix-shapes.ts";
import { logarithmOf, squareRootOf } from "./numerics/matrix-functions.ts";
import { matrixSolve } from "./solve.ts";

const { mul } = operator;

/**
 * tf.linalg.sqrtm: square matrices [..., n, n] whose squares the input's are, with eigenvalues right of the imaginary axis. float32, float64,
 * complex64, complex128; NaN where a real matrix has no real one.
 * @tfExport matrixSquareRoot, linalg.sqrtm
 */
export function matrixSquareRoot(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("MatrixSquareRoot", [input], options);
}

/** tf.linalg.logm: the principal logarithms of square matrices [..., n, n]. complex64, complex128. @tfExport linalg.logm */
export function matrixLogarithm(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("MatrixLogarithm", [input], options);
}

/** The dims of batches before the last two. */
function outerDims(dims: Tensor): Tensor {
  return slice(dims, [0], [subtract(size(dims), 2)] as TensorLike);
}

/** Kronecker products of two batches of square matrices. */
function kronecker(a: Tensor, b: Tensor): Tensor {
  const [ofA, ofB] = [shapeOf(a), shapeOf(b)];
  const [m, n] = [getItem(ofA, -1), getItem(ofB, -1)];
  const outer = outerDims(ofA);
  const wide = concat([outer, [m], [1], [m], [1]] as TensorLike[], 0);
  const fine = concat([outer, [1], [n], [1], [n]] as TensorLike[], 0);
  const x = reshape(a, wide);
  const y = reshape(b, fine);
  const order = mul(m, n);
  const dims = concat([outer, [order], [order]] as TensorLike[], 0);
  return reshape(mul(x, y), dims);
}

// a = r r: a' = r r' + r' r, a Sylvester equation for r', solved as one system of linear equations.
function squareRootGradient(op: Operation, grad: Grad): Tensor {
  const root = op.outputs[0]!;
  const dims = shapeOf(root);
  const order = getItem(dims, -1);
  const count = reduceProd(getItem(dims, [{ start: 0, stop: -2 }]));
  const identity = eye(order, { dtype: root.dtype });
  const identities = reshape(tile(reshape(identity, [-1]), [count] as TensorLike), dims);
  const first = kronecker(identities, matrixTranspose(root));
  const sum = add(first, kronecker(root, identities));
  const outer = outerDims(dims);
  const vector = concat([outer, [mul(order, order)], [1]] as TensorLike[], 0);
  const given = reshape(matrixTranspose(dense(grad)), vector);
  return matrixTranspose(reshape(matrixSolve(sum, given), dims));
}

/** MatrixSquareRoot, MatrixLogarithm (which has no gradient). */
export const rootOps: readonly OpEntry[] = defineOps({
  MatrixSquareRoot: {
    shape: unchangedSquare,
    host: (c) => eachSquare(c, (a) => (a.rows === 0 ? a : squareRootOf(a))),
    gradient: single(squareRootGradient),
  },
  MatrixLogarithm: {
    shape: unchangedSquare,
    host: (c) => eachSquare(c, (a) => (a.rows === 0 ? a : logarithmOf(a))),
  },
});
