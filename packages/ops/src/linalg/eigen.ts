// Eigenvalues and eigenvectors of self-adjoint matrices: SelfAdjointEigV2. Host kernel. Source: core/kernels/self_adjoint_eig_v2_op_impl.h,
// python/ops/linalg_ops.py, linalg_grad.py.
import type { Operation, Tensor } from "@org/graph";
import { ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { matrixBandPart, matrixDiag, matrixDiagPart, matrixSetDiag } from "../array/diagonal.ts";
import { zerosLike } from "../array/fill.ts";
import { expandDims } from "../array/reshape.ts";
import { defineOps } from "../define.ts";
import { type Grad, several } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { reciprocal } from "../math/unary.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { adjoint } from "./adjoint.ts";
import { resultsOf, squareBatch } from "./batches.ts";
import { squareShape } from "./matrix-shapes.ts";
import { hermitianEigen } from "./numerics/hermitian-eigen.ts";

const { add, mul, sub } = operator;

function eigenOp(tensor: TensorLike, computeV: boolean, name: string | undefined): readonly [Tensor, Tensor] {
  return applyOp("SelfAdjointEigV2", [tensor], { name, attrs: { compute_v: computeV } }).outputs as [
    Tensor,
    Tensor,
  ];
}

/**
 * tf.linalg.eigh: eigenvalues e [..., n], ascending, and eigenvectors v (its columns) of self-adjoint matrices [..., n, n], whose upper triangles
 * are not looked at. float32, float64, complex64, complex128. Running it throws TfError INVALID_ARGUMENT for what is infinite or no number.
 * @tfExport selfAdjointEig, linalg.eigh
 */
export function selfAdjointEig(
  tensor: TensorLike,
  options: NameOption = {},
): { readonly e: Tensor; readonly v: Tensor } {
  const [e, v] = eigenOp(tensor, true, options.name);
  return { e, v };
}

/** tf.linalg.eigvalsh: the eigenvalues alone. @tfExport selfAdjointEigvals, linalg.eigvalsh */
export function selfAdjointEigvals(tensor: TensorLike, options: NameOption = {}): Tensor {
  return eigenOp(tensor, false, options.name)[0];
}

function kernel(c: HostContext): readonly ReturnType<typeof ndArray>[] {
  const wantsVectors = c.attrs.bool("compute_v");
  const { dtype, outer, count, rows, epsilon, at } = squareBatch(c);
  const values = resultsOf(dtype, [...outer, rows], count);
  const vectors = wantsVectors ? resultsOf(dtype, [...outer, rows, rows], count) : undefined;
  for (let b = 0; b < count; b++) {
    const made =
      hermitianEigen(at(b), wantsVectors, epsilon) ??
      c.fail(
        "INVALID_ARGUMENT",
        "Self-adjoint eigen decomposition was not successful. The input might not be valid.",
      );
    values.put(b, { re: made.values, im: undefined });
    if (made.vectors) vectors?.put(b, made.vectors);
  }
  return [values.array, vectors?.array ?? ndArray(dtype, [0])];
}

function gradient(op: Operation, gradE: Grad, gradV: Grad): Tensor {
  const e = op.outputs[0]!;
  let made: Tensor;
  if (op.attrs.bool("compute_v")) {
    const v = op.outputs[1]!;
    // 1 / (e_j - e_i) off the diagonal: infinite where eigenvalues are equal.
    const differences = sub(expandDims(e, -2), expandDims(e, -1));
    const weights = matrixSetDiag(reciprocal(differences), zerosLike(e));
    const ofValues = matrixDiag(gradE);
    const inner = add(ofValues, mul(weights, matmul(v, gradV, { adjointA: true })));
    made = matmul(v, matmul(inner, v, { adjointB: true }));
  } else {
    const { v } = selfAdjointEig(op.inputs[0]!);
    made = matmul(v, matmul(matrixDiag(gradE), v, { adjointB: true }));
  }
  // What the op looks at is the lower triangle.
  const lower = matrixBandPart(add(made, adjoint(made)), -1, 0);
  return matrixSetDiag(lower, mul(0.5, matrixDiagPart(lower)));
}

/** SelfAdjointEigV2. */
export const eigenOps: readonly OpEntry[] = defineOps({
  SelfAdjointEigV2: {
    shape: (c) => {
      const { outer, size } = squareShape(c.input(0));
      const vectors = c.attrs.bool("compute_v") ? outer.concat(new Shape([size, size])) : new Shape([0]);
      return [outer.concat(new Shape([size])), vectors];
    },
    host: kernel,
    gradient: several((op, [gradE, gradV]) => {
      if (!gradE || !gradV) return [undefined];
      return [op.graph.controlDependencies([gradE, gradV] as Tensor[], () => gradient(op, gradE, gradV))];
    }),
  },
});
