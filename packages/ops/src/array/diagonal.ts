// Diagonals and bands of matrices: Diag, DiagPart, MatrixDiag, MatrixDiagPart, MatrixSetDiag, MatrixBandPart.
// Source: core/ops/array_ops.cc, core/kernels/matrix_diag_op.cc, diag_op.cc, python/ops/array_ops.py, array_grad.py.

import { isIndexedSlices, type Operation, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { filledOf, hostNumber } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import { reduceMin } from "../math/reductions.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import {
  invalid,
  mergeDims,
  mergeShapes,
  minDims,
  subshape,
  unchanged,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { concat } from "./concat.ts";
import { zeros, zerosLike } from "./fill.ts";
import { rank, shape } from "./shape-of.ts";
import { slice } from "./slice.ts";

/** tf.diag: a tensor of shape S as the diagonal of one of shape S + S. @tfExport diag, linalg.tensorDiag */
export function diag(diagonal: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("Diag", [diagonal], options);
}

/** tf.diag_part: the diagonal of a tensor of shape S + S. @tfExport diagPart, linalg.tensorDiagPart */
export function diagPart(input: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("DiagPart", [input], options);
}

/** tf.linalg.diag: vectors (the last dimension) as diagonals of matrices. @tfExport matrixDiag, linalg.diag */
export function matrixDiag(diagonal: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("MatrixDiag", [diagonal], { name: options.name ?? "diag" });
}

/** tf.linalg.diag_part: the diagonals of matrices (the last two dimensions). @tfExport matrixDiagPart, linalg.diagPart */
export function matrixDiagPart(input: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("MatrixDiagPart", [input], { name: options.name ?? "diag_part" });
}

/** tf.linalg.set_diag: matrices with their diagonals replaced. @tfExport matrixSetDiag, linalg.setDiag */
export function matrixSetDiag(
  input: TensorLike | Grad,
  diagonal: TensorLike | Grad,
  options: NameOption = {},
): Tensor {
  return applyOne("MatrixSetDiag", [input, diagonal], { name: options.name ?? "set_diag" });
}

/** tf.linalg.band_part: matrices with zeros outside of a band; a negative number keeps the whole triangle. @tfExport matrixBandPart, linalg.bandPart */
export function matrixBandPart(
  input: TensorLike | Grad,
  lower: TensorLike,
  upper: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("MatrixBandPart", [input, lower, upper], options);
}

/** Row and column numbers in matrices of the given dims. */
function positions(c: LoweringContext, dims: readonly number[]): [HloInstruction, HloInstruction] {
  const last = dims.length - 1;
  return [c.builder.iota("int32", dims, last - 1), c.builder.iota("int32", dims, last)];
}

/** Vectors along the rows of matrices, where row and column are the same; `other` elsewhere. */
function onDiagonal(
  c: LoweringContext,
  diagonal: HloInstruction,
  dims: readonly number[],
  other: HloInstruction,
): HloInstruction {
  const [row, column] = positions(c, dims);
  const spread = c.builder.broadcast(
    diagonal,
    dims,
    diagonal.dims.map((_, i) => i),
  );
  return c.builder.select(c.builder.compare("EQ", row, column), spread, other);
}

function lowerMatrixDiag(c: LoweringContext, x: HloInstruction): HloInstruction {
  const dims = [...x.dims, x.dims.at(-1)!];
  return onDiagonal(c, x, dims, filledOf(c, x.dtype, dims, 0));
}

function lowerMatrixDiagPart(c: LoweringContext, x: HloInstruction): HloInstruction {
  const { length } = x.dims;
  const size = Math.min(x.dims[length - 2]!, x.dims[length - 1]!);
  const dims = [...x.dims.slice(0, -2), size, size];
  const square = c.builder.slice(
    x,
    x.dims.map(() => 0),
    dims,
  );
  const [row, column] = positions(c, dims);
  const only = c.builder.select(c.builder.compare("EQ", row, column), square, filledOf(c, x.dtype, dims, 0));
  return x.dtype === "bool"
    ? c.builder.reduce(only, "or", [length - 1])
    : c.builder.reduce(only, "add", [length - 1]);
}

/** The gradient of the matrices: without what was on the diagonal. */
function setDiagGrad(op: Operation, grad0: Grad): readonly Tensor[] {
  const grad = isIndexedSlices(grad0) ? dense(grad0) : grad0;
  const input = mergeShapes(op.inputs[0]!.shape, grad.shape);
  const diagonal = op.inputs[1]!.shape;
  const batch = mergeShapes(subshape(input, 0, -2), subshape(diagonal, 0, -1));
  const matrix = subshape(input, -2);
  let dims: TensorLike;
  if (batch.isFullyDefined() && matrix.isFullyDefined()) {
    dims = [...batch.toNumbers(), Math.min(...matrix.toNumbers())];
  } else {
    dims = grad.graph.colocateWith(grad.op, () => {
      const gradShape = shape(grad);
      const count = rank(grad);
      const outer = slice(gradShape, [0], [operator.sub(count, 2)] as TensorLike);
      const inner = slice(gradShape, [operator.sub(count, 2)] as TensorLike, [2]);
      return concat([outer, [reduceMin(inner)]] as TensorLike[], 0);
    });
  }
  return [matrixSetDiag(grad, zeros(dims, grad.dtype)), matrixDiagPart(grad)];
}

/** Diagonals and bands. */
export const diagonalOps: readonly OpEntry[] = defineOps({
  Diag: byParts({
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 1);
      return [input.concat(input)];
    },
    lower: (c) => {
      const x = c.input(0);
      const flat = c.builder.reshape(x, [sizeOf(x.dims)]);
      return c.builder.reshape(lowerMatrixDiag(c, flat), [...x.dims, ...x.dims]);
    },
    gradient: single((_, grad) => diagPart(grad)),
  }),
  DiagPart: byParts({
    shape: (c) => {
      const { dims } = c.input(0);
      if (dims === null) return [Shape.unknown];
      if (dims.length % 2 !== 0 || dims.length === 0) {
        invalid(`Input must have even and non-zero rank, input rank is ${dims.length}`);
      }
      const half = dims.length / 2;
      return [new Shape(dims.slice(0, half).map((dim, i) => mergeDims(dim, dims[i + half]!)))];
    },
    lower: (c) => {
      const x = c.input(0);
      const dims = x.dims.slice(0, x.dims.length / 2);
      if (`${dims}` !== `${x.dims.slice(dims.length)}`) {
        c.fail("INVALID_ARGUMENT", `Invalid shape [${x.dims}]: dimensions must come twice`);
      }
      const count = sizeOf(dims);
      return c.builder.reshape(lowerMatrixDiagPart(c, c.builder.reshape(x, [count, count])), dims);
    },
    gradient: single((_, grad) => diag(grad)),
  }),
  MatrixDiag: byParts({
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 1);
      return [input.rank === null ? Shape.unknown : input.concat(new Shape([input.dim(-1)]))];
    },
    lower: (c) => lowerMatrixDiag(c, c.input(0)),
    gradient: single((_, grad) => matrixDiagPart(grad)),
  }),
  MatrixDiagPart: byParts({
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 2);
      if (input.rank === null) return [Shape.unknown];
      return [subshape(input, 0, -2).concat(new Shape([minDims(input.dim(-2), input.dim(-1))]))];
    },
    lower: (c) => lowerMatrixDiagPart(c, c.input(0)),
    gradient: single((op, grad) => {
      const input = op.inputs[0]!;
      const matrix = subshape(input.shape, -2);
      if (matrix.isFullyDefined() && matrix.dim(0) === matrix.dim(1)) return matrixDiag(grad);
      return matrixSetDiag(zerosLike(input), grad);
    }),
  }),
  MatrixSetDiag: byParts({
    shape: (c) => {
      const input = withRankAtLeast(c.input(0), 2);
      let diagonal = withRankAtLeast(c.input(1), 1);
      if (input.rank !== null) diagonal = withRank(diagonal, input.rank - 1);
      mergeDims(minDims(input.dim(-2), input.dim(-1)), diagonal.dim(-1));
      if (diagonal.rank === null || input.isFullyDefined()) return [input];
      return [mergeShapes(input, subshape(diagonal, 0, -1).concat(Shape.ofRank(2)))];
    },
    lower: (c) => {
      const x = c.input(0);
      const diagonal = c.input(1);
      const { length } = x.dims;
      const [rows, columns] = x.dims.slice(-2) as [number, number];
      const expected = [...x.dims.slice(0, -2), Math.min(rows, columns)];
      if (`${diagonal.dims}` !== `${expected}`) {
        c.fail(
          "INVALID_ARGUMENT",
          `must have diagonal.shape == [${expected}], but received [${diagonal.dims}]`,
        );
      }
      const high = expected.map((_, i) => (i === length - 2 ? rows - Math.min(rows, columns) : 0));
      const column = c.builder.pad(diagonal, c.builder.scalar(x.dtype, 0), { high });
      return onDiagonal(c, column, x.dims, x);
    },
    gradient: single(setDiagGrad),
  }),
  MatrixBandPart: byParts({
    shape: unchanged,
    hostInputs: [1, 2],
    lower: (c) => {
      const x = c.input(0);
      const b = c.builder;
      const [row, column] = positions(c, x.dims);
      const inside = (from: HloInstruction, to: HloInstruction, width: number): HloInstruction => {
        const distance = b.binary("subtract", from, to);
        return width < 0
          ? filledOf(c, "bool", x.dims, true)
          : b.compare("LE", distance, filledOf(c, "int32", x.dims, width));
      };
      const kept = b.binary(
        "and",
        inside(row, column, hostNumber(c, 1)),
        inside(column, row, hostNumber(c, 2)),
      );
      return b.select(kept, x, filledOf(c, x.dtype, x.dims, 0));
    },
    gradient: single((op, grad) => [
      matrixBandPart(grad, op.inputs[1]!, op.inputs[2]!),
      undefined,
      undefined,
    ]),
  }),
});
