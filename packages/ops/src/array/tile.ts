// Repetition and stretching: Tile, BroadcastTo; the shape arithmetic of broadcasting as host kernels.
// Source: core/ops/array_ops.cc, core/kernels/tile_ops.cc, bcast_ops.cc, python/ops/array_grad.py.
import { isIndexedSlices, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { type DType, type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import { broadcastReductionIndices } from "../math/broadcast-gradient.ts";
import { cast } from "../math/cast.ts";
import { floormod } from "../math/division.ts";
import { range } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import { unsortedSegmentSum } from "../math/segment.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import {
  mergeDims,
  multiplyDims,
  numbersOf,
  shapeFromInput,
  withRank,
  withRankAtMost,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { concat } from "./concat.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { stack } from "./pack.ts";
import { reshape } from "./reshape.ts";
import { shape, size } from "./shape-of.ts";
import { getItem } from "./strided-slice.ts";
import { transpose } from "./transpose.ts";

/** tf.tile: the tensor repeated `multiples[i]` times along dimension i. @tfExport tile */
export function tile(input: TensorLike, multiples: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("Tile", [input, multiples], options);
}

/** tf.broadcast_to: stretched to `shape` by NumPy's rules. @tfExport broadcastTo */
export function broadcastTo(input: TensorLike, dims: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("BroadcastTo", [input, dims], options);
}

/** tf.broadcast_dynamic_shape: the shape that two shapes stretch to. @tfExport broadcastDynamicShape */
export function broadcastDynamicShape(x: TensorLike, y: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("BroadcastArgs", [x, y], options);
}

/** [d0, d1] -> [m0, d0, m1, d1] -> [m0 d0, m1 d1]. */
function lowerTile(
  x: HloInstruction,
  multiples: readonly number[],
  c: Parameters<typeof hostNumbers>[0],
): HloInstruction {
  const spread = x.dims.flatMap((dim, i) => [multiples[i]!, dim]);
  const stretched = c.builder.broadcast(
    x,
    spread,
    x.dims.map((_, i) => 2 * i + 1),
  );
  return c.builder.reshape(
    stretched,
    x.dims.map((dim, i) => dim * multiples[i]!),
  );
}

function integers(dtype: DType, values: readonly number[]): NdArray {
  return dtype === "int64"
    ? ndArray("int64", [values.length], BigInt64Array.from(values, BigInt))
    : ndArray("int32", [values.length], Int32Array.from(values));
}

function shapePair(c: HostContext): [number[], number[]] {
  return [numbersOf(c.input(0)), numbersOf(c.input(1))];
}

function incompatible(c: HostContext, x: readonly number[], y: readonly number[]): never {
  return c.fail("INVALID_ARGUMENT", `Incompatible shapes: [${x}] vs. [${y}]`);
}

/** Tile, BroadcastTo, BroadcastArgs, BroadcastGradientArgs. */
export const tileOps: readonly OpEntry[] = defineOps({
  Tile: movesElements(
    {
      shape: (c) => {
        let input = c.input(0);
        let multiples = shapeFromInput(c, 1);
        if (input.rank !== null) {
          multiples = withRank(multiples, input.rank);
          withRank(c.input(1), 1);
          mergeDims(c.input(1).dim(0), input.rank);
        }
        if (multiples.dims === null) return [Shape.unknown];
        input = withRank(input, multiples.dims.length);
        return [new Shape(input.dims!.map((dim, i) => multiplyDims(dim, multiples.dims![i]!)))];
      },
      hostInputs: [1],
      lower: (c) => {
        const x = c.input(0);
        const multiples = hostNumbers(c, 1);
        if (multiples.length !== x.dims.length) {
          c.fail(
            "INVALID_ARGUMENT",
            `Expected multiples argument to be a vector of length ${x.dims.length} but got length ${multiples.length}`,
          );
        }
        multiples.forEach((multiple, i) => {
          if (multiple < 0) c.fail("INVALID_ARGUMENT", `Expected multiples[${i}] >= 0, but got ${multiple}`);
        });
        return lowerTile(x, multiples, c);
      },
      gradient: single((op, grad0) => {
        const [input, multiples] = op.inputs as [Tensor, Tensor];
        const inputShape = shape(input, { outType: multiples.dtype as "int32" | "int64" });
        let split = reshape(transpose(stack([multiples, inputShape])), [-1]);
        const axes = range(0, size(split), 2);
        let grad: Grad = grad0;
        if (isIndexedSlices(grad)) {
          const rows = cast(getItem(inputShape, 0), grad.indices.dtype);
          grad = unsortedSegmentSum(grad.values, floormod(grad.indices, rows), rows);
          split = concat([[1], getItem(split, [{ start: 1 }])], 0);
        }
        const result = reduceSum(reshape(grad, split), axes);
        result.setShape(input.shape);
        return [result, undefined];
      }),
    },
    allBut(1),
  ),
  BroadcastTo: movesElements(
    {
      shape: (c) => {
        const out = shapeFromInput(c, 1);
        const { dims } = c.input(0);
        if (out.dims === null || dims === null) return [out];
        withRankAtMost(c.input(0), out.dims.length);
        const result = [...out.dims];
        const shift = result.length - dims.length;
        dims.forEach((dim, i) => {
          if (dim !== null && dim > 1) result[i + shift] = mergeDims(dim, result[i + shift]!);
        });
        return [new Shape(result)];
      },
      hostInputs: [1],
      lower: (c) => {
        const x = c.input(0);
        const dims = hostNumbers(c, 1);
        const shift = dims.length - x.dims.length;
        if (shift < 0 || x.dims.some((dim, i) => dim !== 1 && dim !== dims[i + shift])) {
          c.fail("INVALID_ARGUMENT", `Incompatible shapes: [${x.dims}] vs. [${dims}]`);
        }
        return c.builder.broadcastTo(x, dims);
      },
      gradient: single((op, grad) => {
        const [input, dims] = op.inputs as [Tensor, Tensor];
        const inputShape = shape(input);
        const axes = applyOp("BroadcastGradientArgs", [dims, inputShape]).outputs[1]!;
        return [reshape(reduceSum(grad, axes, { keepdims: true }), inputShape), undefined];
      }),
    },
    allBut(1),
  ),
  BroadcastArgs: {
    shape: (c) => {
      const [x, y] = [withRank(c.input(0), 1).dim(0), withRank(c.input(1), 1).dim(0)];
      return [new Shape([x === null || y === null ? null : Math.max(x, y)])];
    },
    host: (c) => {
      const [x, y] = shapePair(c);
      const rank = Math.max(x.length, y.length);
      const dims = Array.from({ length: rank }, (_, i) => {
        const a = x[i - (rank - x.length)] ?? 1;
        const b = y[i - (rank - y.length)] ?? 1;
        if (a !== b && a !== 1 && b !== 1) incompatible(c, x, y);
        return a === 1 ? b : a;
      });
      return [integers(c.outputDType(0), dims)];
    },
    gradient: null,
  },
  BroadcastGradientArgs: {
    shape: (c) => {
      withRank(c.input(0), 1);
      withRank(c.input(1), 1);
      return [new Shape([null]), new Shape([null])];
    },
    host: (c) => {
      const [x, y] = shapePair(c);
      const axes = broadcastReductionIndices(x, y) ?? incompatible(c, x, y);
      return axes.map((list, i) => integers(c.outputDType(i), list));
    },
    foldedHost: (c) => {
      const [x, y] = shapePair(c);
      const axes = broadcastReductionIndices(x, y) ?? incompatible(c, x, y);
      return axes.map((list, i) =>
        integers(c.outputDType(i), stretchedAxes(list, i === 0 ? x : y, i === 0 ? y : x)),
      );
    },
    gradient: null,
  },
});

/** Of the axes that a gradient is to be summed over, those along which `own` was stretched or that it lacks: where both are 1 there is nothing to sum. */
function stretchedAxes(axes: readonly number[], own: readonly number[], other: readonly number[]): number[] {
  const rank = Math.max(own.length, other.length);
  return axes.filter((axis) => axis < rank - own.length || (other[axis - (rank - other.length)] ?? 1) !== 1);
}
