import { type Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.diag: a tensor of shape S as the diagonal of one of shape S + S. */
export declare function diag(diagonal: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.diag_part: the diagonal of a tensor of shape S + S. */
export declare function diagPart(input: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.linalg.diag: vectors (the last dimension) as diagonals of matrices. */
export declare function matrixDiag(diagonal: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.linalg.diag_part: the diagonals of matrices (the last two dimensions). */
export declare function matrixDiagPart(input: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.linalg.set_diag: matrices with their diagonals replaced. */
export declare function matrixSetDiag(input: TensorLike | Grad, diagonal: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.linalg.band_part: matrices with zeros outside of a band; a negative number keeps the whole triangle. */
export declare function matrixBandPart(input: TensorLike | Grad, lower: TensorLike, upper: TensorLike, options?: NameOption): Tensor;
/** Diagonals and bands. */
export declare const diagonalOps: readonly OpEntry[];
