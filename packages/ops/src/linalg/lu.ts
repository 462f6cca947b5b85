// tf.linalg.lu: the LU decomposition with partial pivoting. Host kernel. Source: core/kernels/lu_op.cc.
import type { Tensor } from "@org/graph";
import { convertToNdArray, type NdArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { resultsOf, squareBatch } from "./batches.ts";
import { squareShape } from "./matrix-shapes.ts";
import { decomposeLu, isInvertible } from "./numerics/lu.ts";

export interface LuOptions extends NameOption {
  /** int32 unless given. */
  readonly outputIdxType?: "int32" | "int64" | undefined;
}

/**
 * tf.linalg.lu: upper triangles u and unit lower triangles l of square matrices [..., n, n], in one; row i of l u is row p[i] of the matrix.
 * float32, float64, complex64, complex128. Running it throws TfError INVALID_ARGUMENT "Input is not invertible." for a singular one.
 * @tfExport linalg.lu
 */
export function lu(input: TensorLike, options: LuOptions = {}): { readonly lu: Tensor; readonly p: Tensor } {
  const { outputIdxType, name } = options;
  const made = applyOp("Lu", [input], { name, attrs: { output_idx_type: outputIdxType } });
  const [factors, p] = made.outputs as [Tensor, Tensor];
  return { lu: factors, p };
}

function kernel(c: HostContext): readonly NdArray[] {
  const batch = squareBatch(c);
  const results = resultsOf(batch.dtype, c.input(0).shape, batch.count);
  const rows: number[] = [];
  for (let b = 0; b < batch.count; b++) {
    const made = decomposeLu(batch.at(b));
    if (!isInvertible(made))
      c.fail("INVALID_ARGUMENT", "Input is not invertible.", "A matrix has a pivot of zero.");
    results.put(b, made.factors);
    rows.push(...made.rows);
  }
  const flat = convertToNdArray(rows, c.outputDType(1));
  return [results.array, { ...flat, shape: [...batch.outer, batch.rows] }];
}

/** Lu. */
export const luOps: readonly OpEntry[] = defineOps({
  Lu: {
    shape: (c) => {
      const { outer, size } = squareShape(c.input(0));
      return [outer.concat(new Shape([size, size])), outer.concat(new Shape([size]))];
    },
    host: kernel,
  },
});
