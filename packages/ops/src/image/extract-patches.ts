// tf.image.extract_image_patches: windows of images, laid out along the last dimension. Source: core/ops/array_ops.cc,
// core/kernels/extract_image_patches_op.cc, python/ops/array_grad.py.
import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { ones } from "../array/fill.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { transpose } from "../array/transpose.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps } from "../define.ts";
import { dense, single } from "../gradient.ts";
import { filledOf } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { checkWindowSize, computedDim, type PaddingType, placeWindow, type Tap } from "../nn/window.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, multiplyDims, withRank } from "../shape-rules.ts";
import { sparseTensorDenseMatmul } from "../sparse/sparse-matmul.ts";
import { sparseSlice } from "../sparse/sparse-pieces.ts";
import { sparseTensor } from "../sparse/sparse-tensor.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

const { add, mul, sub } = operator;

export interface ExtractPatchesOptions extends NameOption {
  /** [1, rows, columns, 1]: extents of windows. */
  readonly sizes: readonly number[];
  /** [1, rows, columns, 1]: how far windows are apart. */
  readonly strides: readonly number[];
  /** [1, rows, columns, 1]: how far a window's elements are apart. */
  readonly rates: readonly number[];
  readonly padding: "SAME" | "VALID";
}

/**
 * tf.image.extract_image_patches: for images [n, h, w, c] the windows [n, oh, ow, rows * columns * c]; zeros outside of images. Throws TfError
 * INVALID_ARGUMENT for lists that are not four, or not 1 for images and channels.
 * @tfExport extractImagePatches, image.extractImagePatches
 */
export function extractImagePatches(images: TensorLike, options: ExtractPatchesOptions): Tensor {
  const { sizes, strides, rates, padding, name } = options;
  return applyOne("ExtractImagePatches", [images], {
    name,
    attrs: { ksizes: sizes, strides, rates, padding },
  });
}

type Attributes = Operation["attrs"];

function tapOf(attrs: Attributes, axis: 1 | 2): Tap & { readonly size: number } {
  return {
    size: attrs.ints("ksizes")[axis]!,
    stride: attrs.ints("strides")[axis]!,
    dilation: attrs.ints("rates")[axis]!,
    padding: attrs.string("padding") as PaddingType,
    before: 0,
    after: 0,
  };
}

function lower(c: LoweringContext): HloInstruction {
  const b = c.builder;
  const x = c.input(0);
  if (x.dims.length !== 4) c.fail("INVALID_ARGUMENT", `input must be 4-dimensional[${x.dims}]`);
  const [count, , , depth] = x.dims as [number, number, number, number];
  const [rows, columns] = ([1, 2] as const).map((axis) =>
    placeWindow(c, x.dims[axis]!, tapOf(c.attrs, axis)),
  );
  const dims = [count, rows!.output, columns!.output, rows!.size * columns!.size * depth];
  if (sizeOf(dims) === 0) return filledOf(c, x.dtype, dims, 0);
  checkWindowSize(c, [rows!, columns!]);
  const padded = b.pad(x, b.scalar(x.dtype, 0), {
    low: [0, rows!.low, columns!.low, 0],
    high: [0, rows!.high, columns!.high, 0],
  });
  const parts: HloInstruction[] = [];
  for (let i = 0; i < rows!.size; i++)
    for (let j = 0; j < columns!.size; j++) {
      const start = [0, i * rows!.dilation, j * columns!.dilation, 0];
      const limit = [
        count,
        start[1]! + (rows!.output - 1) * rows!.stride + 1,
        start[2]! + (columns!.output - 1) * columns!.stride + 1,
        depth,
      ];
      parts.push(b.slice(padded, start, limit, [1, rows!.stride, columns!.stride, 1]));
    }
  return b.concatenate(parts, 3);
}

// A sparse matrix says which element of an image each element of the windows is; its product with the gradients sums them.
function gradient(op: Operation, grad: Tensor): Tensor {
  const input = shapeOf(op.inputs[0]!, { outType: "int64" });
  const [count, rowsIn, columnsIn, depth] = [0, 1, 2, 3].map((i) => getItem(input, i)) as Four;
  const numbers = { dtype: "int64" } as const;
  const list = (...dims: (number | Tensor)[]): TensorLike => dims as TensorLike;
  // From 1 on: 0 is what lies outside.
  const inputCount = add(1, mul(rowsIn, columnsIn));
  const places = reshape(range(1, inputCount, numbers), list(1, rowsIn, columnsIn, 1));
  const { attrs } = op;
  const windows = Object.fromEntries(["ksizes", "strides", "rates"].map((name) => [name, attrs.ints(name)]));
  const from = applyOne("ExtractImagePatches", [places], {
    attrs: { ...windows, padding: attrs.string("padding") },
  });
  const output = shapeOf(op.outputs[0]!, { outType: "int64" });
  const [rowsOut, columnsOut] = [getItem(output, 1), getItem(output, 2)];
  const [, rows, columns] = attrs.ints("ksizes") as readonly number[] as [number, number, number, number];
  const outputCount = mul(mul(mul(rowsOut, columnsOut), rows), columns);
  const to = reshape(range(outputCount, numbers), list(1, rowsOut, columnsOut, rows * columns));
  const pairs = reshape(concat([expandDims(from, -1), expandDims(to, -1)], -1), [-1, 2]);
  const weights = ones(list(cast(outputCount, "int32")), grad.dtype);
  const whole = sparseTensor(pairs, weights, list(inputCount, outputCount));
  const inside = sparseSlice(whole, [1, 0], list(sub(inputCount, 1), outputCount));
  const apart = reshape(grad, list(count, rowsOut, columnsOut, rows, columns, depth));
  const flat = reshape(transpose(apart, [1, 2, 3, 4, 0, 5]), list(-1, mul(count, depth)));
  const summed = sparseTensorDenseMatmul(inside, flat);
  return transpose(reshape(summed, list(rowsIn, columnsIn, count, depth)), [2, 0, 1, 3]);
}

type Four = [Tensor, Tensor, Tensor, Tensor];

/** ExtractImagePatches. */
export const extractPatchesOps: readonly OpEntry[] = defineOps({
  ExtractImagePatches: byParts({
    shape: (c) => {
      const input = withRank(c.input(0), 4);
      for (const name of ["ksizes", "strides", "rates"]) {
        const given = c.attrs.ints(name);
        if (given.length !== 4)
          invalid(
            `ExtractImagePatches requires the ${name} attribute to contain 4 values, but got: ${given.length}`,
          );
      }
      const [rows, columns] = [tapOf(c.attrs, 1), tapOf(c.attrs, 2)];
      const depth = multiplyDims(input.dim(3), rows.size * columns.size);
      return [
        new Shape([input.dim(0), computedDim(input.dim(1), rows), computedDim(input.dim(2), columns), depth]),
      ];
    },
    lower,
    gradient: single((op, grad) => gradient(op, dense(grad))),
  }),
});
