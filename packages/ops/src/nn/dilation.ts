// tf.nn.dilation2d: grayscale dilation, the largest sum of window and filter, and its gradients: Dilation2D, Dilation2DBackpropInput,
// Dilation2DBackpropFilter. A few instructions for each element of the filter. Source: core/ops/nn_ops.cc, core/kernels/dilation_ops.cc,
// python/ops/nn_grad.py.
import type { Attrs, InferenceContext, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { filledOf } from "../lowering.ts";
import { extreme } from "../math/segment.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeDims, unchanged, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { checkWindowSize, computedDim, type PaddingType, type Place, placeWindow } from "./window.ts";

export interface Dilation2dOptions extends NameOption {
  /** [1, rows, columns, 1]: how far windows are apart. */
  readonly strides: readonly number[];
  /** [1, rows, columns, 1]: how far a window's elements are apart. */
  readonly rates: readonly number[];
  readonly padding: "SAME" | "VALID";
}

/**
 * tf.nn.dilation2d: for images [n, h, w, c] and a filter [fh, fw, c] the largest of image + filter in each window; what lies outside of an image
 * does not count. Real types. Throws TfError INVALID_ARGUMENT for strides and rates that are not four, or not 1 for images and channels.
 * @tfExport nn.dilation2d
 */
export function dilation2d(input: TensorLike, filter: TensorLike, options: Dilation2dOptions): Tensor {
  const { strides, rates, padding, name } = options;
  return applyOne("Dilation2D", [input, filter], { name, attrs: { strides, rates, padding } });
}

/** Steps in both directions. */
function stepsAlong(attrs: Attrs, axis: 1 | 2): { stride: number; dilation: number; padding: PaddingType } {
  return {
    stride: attrs.ints("strides")[axis]!,
    dilation: attrs.ints("rates")[axis]!,
    padding: attrs.string("padding") as PaddingType,
  };
}

function dilatedShape(c: InferenceContext): Shape[] {
  const input = withRank(c.input(0), 4);
  const filter = withRank(c.input(1), 3);
  for (const name of ["strides", "rates"]) {
    const given = c.attrs.ints(name);
    if (given.length !== 4)
      invalid(
        `Dilation2D requires the ${name === "strides" ? "stride" : "rates"} attribute to contain 4 values, but got: ${given.length}`,
      );
  }
  const depth = mergeDims(input.dim(3), filter.dim(2));
  const along = (axis: 1 | 2): number | null =>
    computedDim(input.dim(axis), {
      ...stepsAlong(c.attrs, axis),
      size: filter.dim(axis - 1),
      before: 0,
      after: 0,
    });
  return [new Shape([input.dim(0), along(1), along(2), depth])];
}

/** What each element of the filter meets in each window. */
interface Meeting {
  readonly row: number;
  readonly column: number;
  /** image + filter, [n, oh, ow, c]; the type's lowest number where the window reaches over an edge. */
  readonly sum: HloInstruction;
}

interface Meetings {
  readonly places: readonly [Place, Place];
  readonly dims: readonly number[];
  readonly all: readonly Meeting[];
}

/** First element, beyond the last, and step of what one element of the filter meets along a dimension. */
function reach({ output, stride, dilation }: Place, index: number): readonly [number, number, number] {
  const start = index * dilation;
  return [start, start + (output - 1) * stride + 1, stride];
}

function meetings(c: LoweringContext): Meetings {
  const b = c.builder;
  const [x, filter] = [c.input(0), c.input(1)];
  if (x.dims.length !== 4) c.fail("INVALID_ARGUMENT", `input must be 4-dimensional: [${x.dims}]`);
  if (filter.dims.length !== 3) c.fail("INVALID_ARGUMENT", `filter must be 3-dimensional: [${filter.dims}]`);
  if (x.dims[3] !== filter.dims[2])
    c.fail(
      "INVALID_ARGUMENT",
      `input and filter must have the same depth: ${x.dims[3]} vs ${filter.dims[2]}`,
    );
  const places = ([1, 2] as const).map((axis) =>
    placeWindow(c, x.dims[axis]!, {
      ...stepsAlong(c.attrs, axis),
      size: filter.dims[axis - 1]!,
      before: 0,
      after: 0,
    }),
  ) as unknown as readonly [Place, Place];
  const [rows, columns] = places;
  const [count, depth] = [x.dims[0]!, x.dims[3]!];
  const dims = [count, rows.output, columns.output, depth];
  const all: Meeting[] = [];
  if (sizeOf(dims) === 0) return { places, dims, all };
  checkWindowSize(c, places);
  const edges = { low: [0, rows.low, columns.low, 0], high: [0, rows.high, columns.high, 0] };
  const isPadded = [...edges.low, ...edges.high].some((extent) => extent > 0);
  const padded = isPadded ? b.pad(x, b.scalar(x.dtype, 0), edges) : x;
  const inside = isPadded && b.pad(filledOf(c, "bool", x.dims, true), b.scalar("bool", false), edges);
  const lowest = b.broadcastTo(b.scalar(x.dtype, extreme(x.dtype, -1)), dims);
  for (let row = 0; row < rows.size; row++) {
    for (let column = 0; column < columns.size; column++) {
      const [down, across] = [reach(rows, row), reach(columns, column)];
      const cut = (whole: HloInstruction): HloInstruction =>
        b.slice(
          whole,
          [0, down[0], across[0], 0],
          [count, down[1], across[1], depth],
          [1, down[2], across[2], 1],
        );
      const own = b.reshape(b.slice(filter, [row, column, 0], [row + 1, column + 1, depth]), [depth]);
      const sum = b.binary("add", cut(padded), b.broadcast(own, dims, [3]));
      all.push({ row, column, sum: inside ? b.select(cut(inside), sum, lowest) : sum });
    }
  }
  return { places, dims, all };
}

function largest(c: LoweringContext, { all, dims }: Meetings): HloInstruction {
  const [first, ...rest] = all;
  if (!first) return filledOf(c, c.input(0).dtype, dims, 0);
  return rest.reduce((most, { sum }) => c.builder.binary("maximum", most, sum), first.sum);
}

/** The gradient where an element of the filter makes the first largest sum, 0 elsewhere. */
function shares(c: LoweringContext, found: Meetings): (Meeting & { readonly share: HloInstruction })[] {
  const b = c.builder;
  const gradient = c.input(2);
  if (`${gradient.dims}` !== `${found.dims}`)
    c.fail(
      "INVALID_ARGUMENT",
      `out_backprop has incompatible size: [${gradient.dims}], expected [${found.dims}]`,
    );
  const most = largest(c, found);
  const none = filledOf(c, gradient.dtype, found.dims, 0);
  let free = filledOf(c, "bool", found.dims, true);
  return found.all.map((meeting) => {
    const takes = b.binary("and", free, b.compare("EQ", meeting.sum, most));
    free = b.binary("and", free, b.unary("not", takes));
    return { ...meeting, share: b.select(takes, gradient, none) };
  });
}

function lowerByInput(c: LoweringContext): HloInstruction {
  const b = c.builder;
  const x = c.input(0);
  const found = meetings(c);
  const [rows, columns] = found.places;
  const extents = [rows, columns].map(({ input, low, high }) => input + low + high);
  const zero = b.scalar(x.dtype, 0);
  const terms = shares(c, found).map(({ row, column, share }) => {
    const [down, across] = [reach(rows, row), reach(columns, column)];
    return b.pad(share, zero, {
      low: [0, down[0], across[0], 0],
      high: [0, extents[0]! - down[1], extents[1]! - across[1], 0],
      interior: [0, rows.stride - 1, columns.stride - 1, 0],
    });
  });
  if (terms.length === 0) return filledOf(c, x.dtype, x.dims, 0);
  const whole = terms.reduce((sum, term) => b.binary("add", sum, term));
  const start = [0, rows.low, columns.low, 0];
  return b.slice(
    whole,
    start,
    x.dims.map((dim, i) => start[i]! + dim),
  );
}

function lowerByFilter(c: LoweringContext): HloInstruction {
  const b = c.builder;
  const filter = c.input(1);
  const terms = shares(c, meetings(c)).map(({ share }) =>
    b.reshape(b.reduce(share, "add", [0, 1, 2]), [1, filter.dims[2]!]),
  );
  if (terms.length === 0) return filledOf(c, filter.dtype, filter.dims, 0);
  return b.reshape(b.concatenate(terms, 0), filter.dims);
}

/** Dilation2D and its gradients, which have none. */
export const dilationOps: readonly OpEntry[] = defineOps({
  Dilation2D: {
    shape: dilatedShape,
    lower: (c) => largest(c, meetings(c)),
    gradient: single((op, grad) => {
      const { attrs } = op;
      const same = {
        strides: attrs.ints("strides"),
        rates: attrs.ints("rates"),
        padding: attrs.string("padding"),
      };
      const inputs = [op.inputs[0]!, op.inputs[1]!, grad];
      return [
        applyOne("Dilation2DBackpropInput", inputs, { attrs: same }),
        applyOne("Dilation2DBackpropFilter", inputs, { attrs: same }),
      ];
    }),
  },
  Dilation2DBackpropInput: { shape: unchanged, lower: lowerByInput },
  Dilation2DBackpropFilter: { shape: (c) => [c.input(1)], lower: lowerByFilter },
});
