// StridedSlice, its gradient op, and indexing as Python's `x[1:, ..., None, ::-2]` builds it.
// Source: core/ops/array_ops.cc, core/kernels/strided_slice_op.cc, python/ops/array_ops.py (_slice_helper).

import { asTensor, isTensorLike, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { byParts } from "../complex/kernels.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, numbersOf, shapeFromInput, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { constant } from "./constant.ts";
import { onesLike } from "./fill.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { stack } from "./pack.ts";
import { shape } from "./shape-of.ts";
import { hostSlice, lowerSlice, masksOf, spreadSlice } from "./strided-lowering.ts";
import { type DenseSlice, denseSlice } from "./strided-spec.ts";

/** `start:stop:step` of Python's indexing; what is left out is the end of the dimension. */
export interface SliceRange {
  readonly start?: number | Tensor | null;
  readonly stop?: number | Tensor | null;
  readonly step?: number | Tensor | null;
}

/** One index: a number or scalar tensor (drops the dimension), a range, "..." for all between, null for a new axis. */
export type Index = number | Tensor | SliceRange | "..." | null;

export interface StridedSliceOptions extends NameOption {
  readonly beginMask?: number;
  readonly endMask?: number;
  readonly ellipsisMask?: number;
  readonly newAxisMask?: number;
  readonly shrinkAxisMask?: number;
}

function maskAttrs(options: StridedSliceOptions): Record<string, number> {
  return {
    begin_mask: options.beginMask ?? 0,
    end_mask: options.endMask ?? 0,
    ellipsis_mask: options.ellipsisMask ?? 0,
    new_axis_mask: options.newAxisMask ?? 0,
    shrink_axis_mask: options.shrinkAxisMask ?? 0,
  };
}

/** tf.strided_slice: from begin by strides until end, with Python's meaning of the masks. @tfExport stridedSlice */
export function stridedSlice(
  input: TensorLike | Grad,
  begin: TensorLike,
  end: TensorLike,
  strides?: TensorLike | null,
  options: StridedSliceOptions = {},
): Tensor {
  const steps = strides ?? onesLike(begin);
  return applyOne("StridedSlice", [input, begin, end, steps], {
    name: options.name,
    attrs: maskAttrs(options),
  });
}

/** tf.strided_slice_grad: zeros of `shape` with `dy` where the slice was. @tfExport stridedSliceGrad */
export function stridedSliceGrad(
  shapeOfInput: TensorLike,
  begin: TensorLike,
  end: TensorLike,
  strides: TensorLike,
  dy: TensorLike | Grad,
  options: StridedSliceOptions = {},
): Tensor {
  return applyOne("StridedSliceGrad", [shapeOfInput, begin, end, strides, dy], {
    name: options.name,
    attrs: maskAttrs(options),
  });
}

/**
 * What Python's `x[index]` builds: `getItem(x, 0)`, `getItem(x, [{ start: 1 }, "...", null])`. Throws TfError
 * INVALID_ARGUMENT where an index is out of range.
 * @tfExport getItem
 */
export function getItem(x: TensorLike, index: Index | readonly Index[], options: NameOption = {}): Tensor {
  const tensor = isTensorLike(x) ? asTensor(x) : x;
  const items = (Array.isArray(index) ? index : [index]) as readonly Index[];
  const begin: (number | Tensor)[] = [];
  const end: (number | Tensor)[] = [];
  const strides: (number | Tensor)[] = [];
  const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
  const push = (b: number | Tensor, e: number | Tensor, s: number | Tensor): void => {
    begin.push(b);
    end.push(e);
    strides.push(s);
  };
  items.forEach((item, i) => {
    const bit = 1 << i;
    if (item === "..." || item === null) {
      push(0, 0, 1);
      if (item === null) masks.newAxisMask |= bit;
      else masks.ellipsisMask |= bit;
    } else if (typeof item === "number" || isTensorLike(item)) {
      push(item as number | Tensor, typeof item === "number" ? item + 1 : operator.add(item as Tensor, 1), 1);
      masks.shrinkAxisMask |= bit;
    } else {
      const { start, stop, step } = item as SliceRange;
      if (start === undefined || start === null) masks.beginMask |= bit;
      if (stop === undefined || stop === null) masks.endMask |= bit;
      push(start ?? 0, stop ?? 0, step ?? 1);
    }
  });
  const graph = resolveGraph([tensor, begin, end, strides]);
  return withScope(graph, options.name, "strided_slice", (scope) => {
    const packed = (values: readonly (number | Tensor)[]): Tensor =>
      values.every((value) => typeof value === "number")
        ? constant(Int32Array.from(values), "int32", { name: "stack", graph })
        : stack(values as TensorLike[]);
    if (items.length === 0) {
      const empty = constant([], "int32", { graph });
      return stridedSlice(tensor, empty, empty, empty, { ...masks, name: scope });
    }
    let parts = [packed(begin), packed(end), packed(strides)];
    if (parts.some((part) => part.dtype === "int64")) parts = parts.map((part) => cast(part, "int64"));
    return stridedSlice(tensor, parts[0]!, parts[1]!, parts[2]!, { ...masks, name: scope });
  });
}

function lowerSliceGrad(c: LoweringContext, dims: readonly number[], spec: DenseSlice): HloInstruction {
  const dy = c.input(4);
  if (`${dy.dims}` !== `${spec.final}`) {
    c.fail("INVALID_ARGUMENT", `shape of dy was [${dy.dims}] instead of [${spec.final}]`);
  }
  return spreadSlice(c, dy, c.builder.scalar(dy.dtype, 0), dims, spec);
}

function gradientMasks(attrs: LoweringContext["attrs"]): StridedSliceOptions {
  const masks = masksOf(attrs);
  return {
    beginMask: masks.begin,
    endMask: masks.end,
    ellipsisMask: masks.ellipsis,
    newAxisMask: masks.newAxis,
    shrinkAxisMask: masks.shrinkAxis,
  };
}

/** StridedSlice, StridedSliceGrad. */
export const stridedSliceOps: readonly OpEntry[] = defineOps({
  StridedSlice: movesElements(
    {
      shape: (c) => {
        const vectors = [1, 2, 3].map((i) => withRank(c.input(i), 1));
        const count = vectors.reduce((all, one) => mergeShapes(all, one)).dim(0);
        const strides = c.inputValue(3);
        const { dims } = c.input(0);
        if (dims === null || count === null || !strides) return [Shape.unknown];
        const [begin, end] = [c.inputValue(1), c.inputValue(2)];
        const spec = denseSlice(
          {
            begin: begin && numbersOf(begin),
            end: end && numbersOf(end),
            strides: numbersOf(strides),
            masks: masksOf(c.attrs),
          },
          dims,
          invalid,
        );
        return [new Shape(spec.final)];
      },
      hostInputs: [1, 2, 3],
      lower: (c) => lowerSlice(c, c.input(0), hostSlice(c, 1, c.input(0).dims)),
      gradient: single((op, grad) => {
        const [input, begin, end, strides] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
        const dims = shape(input, { outType: begin.dtype as "int32" | "int64" });
        const masks = gradientMasks(op.attrs);
        return [stridedSliceGrad(dims, begin, end, strides, grad, masks), undefined, undefined, undefined];
      }),
    },
    allBut(1, 2, 3),
  ),
  StridedSliceGrad: byParts({
    shape: (c) => [shapeFromInput(c, 0)],
    hostInputs: [0, 1, 2, 3],
    lower: (c) => {
      const dims = hostNumbers(c, 0);
      return lowerSliceGrad(c, dims, hostSlice(c, 1, dims));
    },
    gradient: single((op, grad) => {
      const [, begin, end, strides] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
      const back = stridedSlice(grad, begin, end, strides, gradientMasks(op.attrs));
      return [undefined, undefined, undefined, undefined, back];
    }),
  }),
});
