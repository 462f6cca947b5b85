// The gradient of MatrixSolveLs, through the Cholesky decomposition of the regularized Gram matrix.
// Source: python/ops/linalg_grad.py, _RegularizedGramianCholesky in linalg_ops.py.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { eye } from "../array/eye.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { matrixTranspose } from "../array/transpose.ts";
import { cond } from "../control/cond.ts";
import { cast } from "../math/cast.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { cholesky } from "./cholesky.ts";
import { choleskySolve } from "./solve.ts";

const { add, sub, mul, neg, ge } = operator;

/** Which Gram matrix: of the columns (a^H a), or of the rows (a a^H). */
export type GramKind = "columns" | "rows";

/** The Cholesky decomposition of the Gram matrix plus l2 times the identity; with the number 0 nothing is added. */
export function regularizedGramCholesky(matrix: Tensor, l2: Tensor | number, kind: GramKind): Tensor {
  const ofColumns = kind === "columns";
  let gram = matmul(matrix, matrix, { adjointA: ofColumns, adjointB: !ofColumns });
  if (l2 !== 0) {
    const dims = shapeOf(matrix);
    const batchShape = getItem(dims, [{ stop: -2 }]);
    const size = getItem(dims, ofColumns ? -1 : -2);
    const identity = eye(size, { batchShape, dtype: matrix.dtype });
    const known = matrix.shape.dims;
    if (known) {
      const extent = known.at(ofColumns ? -1 : -2)!;
      identity.setShape(new Shape([...known.slice(0, -2), extent, extent]));
    }
    gram = add(gram, mul(l2, identity));
  }
  return cholesky(gram);
}

type Grads = [Tensor, Tensor];

// x = (a^H a + l2)^-1 a^H b
function overdetermined(op: Operation, grad: Tensor): Grads {
  const [a, b] = op.inputs as [Tensor, Tensor];
  const l2 = cast(op.inputs[2]!, a.dtype);
  const chol = regularizedGramCholesky(a, l2, "columns");
  const z = choleskySolve(chol, grad);
  const outer = matmul(op.outputs[0]!, z, { adjointB: true });
  const symmetric = add(outer, matrixTranspose(outer));
  const gradA = add(neg(matmul(a, symmetric)), matmul(b, z, { adjointB: true }));
  return [gradA, matmul(a, z)];
}

// x = a^H (a a^H + l2)^-1 b
function underdetermined(op: Operation, grad: Tensor): Grads {
  const [a, b] = op.inputs as [Tensor, Tensor];
  const l2 = cast(op.inputs[2]!, a.dtype);
  const chol = regularizedGramCholesky(a, l2, "rows");
  const gradB = choleskySolve(chol, matmul(a, grad));
  const solved = choleskySolve(chol, b);
  const first = neg(matmul(gradB, matmul(solved, a, { adjointA: true })));
  const rest = sub(grad, matmul(a, gradB, { adjointA: true }));
  return [add(first, matmul(solved, rest, { adjointB: true })), gradB];
}

/** Gradients by the matrices and the right sides. Throws TfError INVALID_ARGUMENT for `fast: false`, which has none. */
export function leastSquaresGradient(op: Operation, grad: Tensor): readonly (Tensor | undefined)[] {
  if (!op.attrs.bool("fast"))
    throw new TfError("INVALID_ARGUMENT", "Gradient not defined for fast=False", { node: op.name });
  const dims = op.inputs[0]!.shape.dims?.slice(-2);
  const [rows, columns] = dims ?? [null, null];
  if (typeof rows === "number" && typeof columns === "number")
    return [...(rows >= columns ? overdetermined(op, grad) : underdetermined(op, grad)), undefined];
  const matrix = getItem(shapeOf(op.inputs[0]!), [{ start: -2 }]);
  const made = cond(
    ge(getItem(matrix, -2), getItem(matrix, -1)),
    () => overdetermined(op, grad),
    () => underdetermined(op, grad),
  ) as unknown as Grads;
  return [...made, undefined];
}
