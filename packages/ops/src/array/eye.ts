// tf.eye: identity matrices. Source: python/ops/linalg_ops_impl.py of TensorFlow 1.15.
import { isTensor, type Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { minimum } from "../math/binary.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { concat } from "./concat.ts";
import { matrixDiag, matrixSetDiag } from "./diagonal.ts";
import { ones, zeros } from "./fill.ts";

export interface EyeOptions extends NameOption {
  /** As many as rows unless given. */
  readonly numColumns?: number | Tensor | undefined;
  /** Dims before the matrix; none unless given. */
  readonly batchShape?: readonly number[] | Tensor | undefined;
  /** float32 unless given. */
  readonly dtype?: DType | undefined;
}

/** tf.eye: ones on the diagonal, zeros elsewhere. Throws a TypeError for sizes that are no whole numbers. @tfExport eye, linalg.eye */
export function eye(numRows: number | Tensor, options: EyeOptions = {}): Tensor {
  const { numColumns = numRows, batchShape = [], dtype = "float32" } = options;
  const graph = resolveGraph([numRows, numColumns, batchShape]);
  return withScope(graph, options.name, "eye", () => {
    for (const size of [numRows, numColumns])
      if (!isTensor(size) && !(Number.isInteger(size) && size >= 0))
        throw new TypeError("num_rows and num_columns must be positive integer values.");
    const known = typeof numRows === "number" && typeof numColumns === "number";
    const square = known ? numRows === numColumns : options.numColumns === undefined;
    const smaller = known ? Math.min(numRows, numColumns) : minimum(numRows, numColumns);
    const sizes = [numRows, numColumns] as TensorLike;
    let diagonal: TensorLike;
    let whole: TensorLike;
    if (!known || isTensor(batchShape)) {
      const batch = convertToTensor(batchShape as TensorLike, { name: "shape", dtype: "int32", graph });
      diagonal = concat([batch, [smaller] as TensorLike], 0);
      whole = square ? [] : concat([batch, sizes], 0);
    } else {
      diagonal = [...batchShape, smaller] as TensorLike;
      whole = [...batchShape, numRows, numColumns] as TensorLike;
    }
    const filled = ones(diagonal, dtype);
    return square ? matrixDiag(filled) : matrixSetDiag(zeros(whole, dtype), filled);
  });
}
