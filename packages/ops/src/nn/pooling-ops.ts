// MaxPool, AvgPool, in two and three dimensions, and their gradients. Source: core/ops/nn_ops.cc, core/kernels/maxpooling_op.cc,
// avgpooling_op.cc, pooling_ops_3d.cc, core/framework/common_shape_fns.cc, python/ops/nn_grad.py.
import type { InferenceContext, Operation, ShapeFunction, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { stopGradient } from "../array/constant.ts";
import { zeros } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, several, single } from "../gradient.ts";
import { filled, filledOf, hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, numbersOf, withRank, withValue } from "../shape-rules.ts";
import { sameAttrs } from "./convolution-ops.ts";
import {
  argumentOfLargest,
  coveredCounts,
  largest,
  pickedAtFirstLargest,
  spreadToAll,
  spreadToAllLargest,
  spreadToFirstLargest,
} from "./pooling-lowering.ts";
import { type PaddingType, type Place, placeWindow, windowedDim, windowOf } from "./window.ts";

const poolAttrs = ["ksize", "strides", "padding", "data_format"];

function tap(sizes: readonly number[], strides: readonly number[], padding: PaddingType, d: number) {
  return { size: sizes[d]!, stride: strides[d]!, dilation: 1, padding, before: 0, after: 0 };
}

function checkLengths(op: string, rank: number, sizes: readonly number[], strides: readonly number[]): void {
  if (strides.length !== rank)
    invalid(`${op} requires the stride attribute to contain ${rank} values, but got: ${strides.length}`);
  if (sizes.length !== rank)
    invalid(`${op} requires the ksize attribute to contain ${rank} values, but got: ${sizes.length}`);
}

function pooledShape(
  c: InferenceContext,
  op: string,
  rank: number,
  sizes: readonly number[],
  strides: readonly number[],
): readonly Shape[] {
  const input = withRank(c.input(0), rank);
  checkLengths(op, rank, sizes, strides);
  const padding = c.attrs.string("padding") as PaddingType;
  const pooled = input.dims!.map((dim, d) =>
    d === 0 ? dim : windowedDim(dim, tap(sizes, strides, padding, d)),
  );
  return [new Shape(pooled)];
}

/** Shape of a pool whose window is in attributes. */
function poolShape(op: string, rank: number): ShapeFunction {
  return (c) => pooledShape(c, op, rank, c.attrs.ints("ksize"), c.attrs.ints("strides"));
}

/** Shape of a pool whose window is in its last two arguments. */
const maxPoolV2Shape: ShapeFunction = (c) => {
  const [sizes, strides] = [c.inputCount - 2, c.inputCount - 1].map((i) => {
    withValue(withRank(c.input(i), 1).dim(0), 4);
    const value = c.inputValue(i);
    return value && numbersOf(value);
  });
  withRank(c.input(0), 4);
  if (!sizes || !strides) return [Shape.unknown];
  return pooledShape(c, "MaxPool", 4, sizes, strides);
};

/** As a pool's, with the first argument's shape checked against the third's, the second's against the output's. */
function secondGradientShape(pool: ShapeFunction): ShapeFunction {
  return (c) => {
    const [output] = pool(c) as readonly [Shape];
    mergeShapes(c.input(0), c.input(2));
    mergeShapes(c.input(1), output);
    return [output];
  };
}

function unchangedOfRank(rank: number): ShapeFunction {
  return (c) => [withRank(c.input(0), rank)];
}

interface PoolWindow {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

const windowInAttrs = (c: LoweringContext): PoolWindow => ({
  sizes: c.attrs.ints("ksize"),
  strides: c.attrs.ints("strides"),
});

const windowInInputs = (c: LoweringContext): PoolWindow => ({
  sizes: hostNumbers(c, c.inputCount - 2),
  strides: hostNumbers(c, c.inputCount - 1),
});

function places(c: LoweringContext, dims: readonly number[], { sizes, strides }: PoolWindow): Place[] {
  for (const [what, list] of [
    ["ksize", sizes],
    ["strides", strides],
  ] as const) {
    if (list.length !== dims.length || list.some((n) => n < 1)) {
      c.fail("INVALID_ARGUMENT", `Sliding window ${what} field must specify ${dims.length} dimensions`);
    }
  }
  if (sizes[0] !== 1 || strides[0] !== 1) {
    c.fail("UNIMPLEMENTED", "Pooling is not yet supported on the batch dimension.");
  }
  if (c.attrs.has("data_format") && c.attrs.string("data_format") === "NCHW_VECT_C") {
    c.fail("UNIMPLEMENTED", "Pooling is not yet supported for data_format NCHW_VECT_C.");
  }
  const padding = c.attrs.string("padding") as PaddingType;
  return dims.map((dim, d) => placeWindow(c, dim, tap(sizes, strides, padding, d)));
}

/** Throws where gradients are not of the pool's output shape. */
function checkPooled(c: LoweringContext, own: readonly Place[], ...pooled: readonly HloInstruction[]): void {
  for (const { dims } of pooled) {
    if (dims.length === own.length && own.every(({ output }, d) => dims[d] === output)) continue;
    c.fail(
      "INVALID_ARGUMENT",
      `Expected a pooled shape [${own.map(({ output }) => output)}], but got [${dims}]`,
    );
  }
}

type WindowOf = (c: LoweringContext) => PoolWindow;

function lowerMaxPool(window: WindowOf) {
  return (c: LoweringContext): HloInstruction => {
    const x = c.input(0);
    return largest(c, x, places(c, x.dims, window(c)));
  };
}

function lowerMaxPoolGrad(window: WindowOf, spread: typeof spreadToFirstLargest) {
  return (c: LoweringContext): HloInstruction => {
    const [x, y, dy] = [c.input(0), c.input(1), c.input(2)];
    const own = places(c, x.dims, window(c));
    checkPooled(c, own, y, dy);
    return sizeOf(y.dims) === 0 ? filled(c, x, 0) : spread(c, x, y, dy, own);
  };
}

function lowerMaxPoolGradGrad(window: WindowOf) {
  return (c: LoweringContext): HloInstruction => {
    const [x, y, source] = [c.input(0), c.input(1), c.input(2)];
    const own = places(c, x.dims, window(c));
    checkPooled(c, own, y);
    return sizeOf(y.dims) === 0 ? y : pickedAtFirstLargest(c, x, y, source, own);
  };
}

function lowerAvgPool(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const own = places(c, x.dims, windowInAttrs(c));
  const sum = c.builder.reduceWindow(x, "add", windowOf(own));
  return c.builder.binary("divide", sum, coveredCounts(c, x.dtype, own));
}

function lowerAvgPoolGrad(c: LoweringContext): HloInstruction {
  const dy = c.input(1);
  const dims = hostNumbers(c, 0);
  if (dims.length !== dy.dims.length) {
    c.fail("INVALID_ARGUMENT", `out_backprop must be ${dims.length}-dimensional`);
  }
  const own = places(c, dims, windowInAttrs(c));
  checkPooled(c, own, dy);
  if (sizeOf(dy.dims) === 0) return filledOf(c, dy.dtype, dims, 0);
  return spreadToAll(c, c.builder.binary("divide", dy, coveredCounts(c, dy.dtype, own)), own);
}

/** An array of zeros like `x`, as Python's gradient functions make it. */
const zerosOf = (x: Tensor): Tensor => zeros(shape(x), x.dtype);

/** The gradients of a max pool's gradient: none to the arrays that only say where the largest elements are. */
function throughGradient(type: string, attrs: readonly string[]): OpSpec["gradient"] {
  return single((op, grad) => {
    const [x, y, , ...window] = op.inputs as [Tensor, Tensor, Tensor, ...Tensor[]];
    return [
      zerosOf(x),
      zerosOf(y),
      applyOne(type, [x, y, grad, ...window], { attrs: sameAttrs(op, attrs) }),
      ...window.map(() => undefined),
    ];
  });
}

function fromOutput(type: string, attrs: readonly string[]): OpSpec["gradient"] {
  return single((op, grad) => {
    const [x, ...window] = op.inputs as [Tensor, ...Tensor[]];
    const made = applyOne(type, [x, op.outputs[0]!, grad, ...window], { attrs: sameAttrs(op, attrs) });
    return [made, ...window.map(() => undefined)];
  });
}

/** A max pool, its gradient and that one's: `name`, `nameGrad`, `nameGradGrad`. */
function maxPoolOps(
  [forward, grad, gradGrad]: readonly [string, string, string],
  rank: number,
  shapeFunction: ShapeFunction,
  window: WindowOf,
  spread: typeof spreadToFirstLargest,
): Record<string, OpSpec> {
  const inputs = window === windowInInputs;
  const attrs = inputs ? ["padding", "data_format"] : poolAttrs;
  const host = (first: number): Pick<OpSpec, "hostInputs"> =>
    inputs ? { hostInputs: [first, first + 1] } : {};
  return {
    [forward]: {
      shape: shapeFunction,
      lower: lowerMaxPool(window),
      gradient: fromOutput(grad, attrs),
      ...host(1),
    },
    [grad]: {
      shape: unchangedOfRank(rank),
      lower: lowerMaxPoolGrad(window, spread),
      gradient: throughGradient(gradGrad, attrs),
      ...host(3),
    },
    [gradGrad]: {
      shape: secondGradientShape(shapeFunction),
      lower: lowerMaxPoolGradGrad(window),
      gradient: throughGradient(grad, attrs),
      ...host(3),
    },
  };
}

/** An average pool and its gradient, each the gradient of the other. */
function avgPoolOps([forward, grad]: readonly [string, string], rank: number): Record<string, OpSpec> {
  return {
    [forward]: {
      shape: poolShape(forward, rank),
      lower: lowerAvgPool,
      gradient: single((op, dy) =>
        applyOne(grad, [shape(op.inputs[0]!), dy], { attrs: sameAttrs(op, poolAttrs) }),
      ),
    },
    [grad]: {
      shape: (c) => [withRank(c.inputAsShape(0), rank)],
      hostInputs: [0],
      lower: lowerAvgPoolGrad,
      gradient: single((op, dy) => [
        stopGradient(op.inputs[0]!),
        applyOne(forward, [dy], { attrs: sameAttrs(op, poolAttrs) }),
      ]),
    },
  };
}

const argmaxAttrs = ["ksize", "strides", "padding", "include_batch_in_index"];

function includesBatch(c: LoweringContext): boolean {
  return c.attrs.has("include_batch_in_index") && c.attrs.bool("include_batch_in_index");
}

/** The element of each window that `argmax` names: adds `dy` there. */
function lowerMaxPoolGradWithArgmax(c: LoweringContext): HloInstruction {
  const b = c.builder;
  const [x, dy, argmax] = [c.input(0), c.input(1), c.input(2)];
  checkPooled(c, places(c, x.dims, windowInAttrs(c)), dy, argmax);
  let index = argmax;
  if (!includesBatch(c)) {
    const image = b.broadcastTo(b.extent("int32", sizeOf(x.dims.slice(1))), dy.dims);
    const start = b.binary("multiply", b.iota("int32", dy.dims, 0), image);
    index = b.binary("add", argmax, b.convert(start, argmax.dtype));
  }
  const count = sizeOf(dy.dims);
  const none = filledOf(c, x.dtype, [sizeOf(x.dims)], 0);
  return b.reshape(b.scatter(none, b.reshape(index, [count]), b.reshape(dy, [count]), "add"), x.dims);
}

function argmaxGradient(op: Operation, grad: Grad | undefined): readonly (Grad | undefined)[] {
  if (grad === undefined) return [undefined];
  return [
    applyOne("MaxPoolGradWithArgmax", [op.inputs[0]!, grad as Tensor, op.outputs[1]!], {
      attrs: sameAttrs(op, argmaxAttrs),
    }),
  ];
}

const maxPool3dShape = poolShape("MaxPool3D", 5);

/** MaxPool, MaxPoolV2, MaxPool3D, AvgPool, AvgPool3D with their gradients; MaxPoolWithArgmax. */
export const poolingOps: readonly OpEntry[] = defineOps({
  ...maxPoolOps(
    ["MaxPool", "MaxPoolGrad", "MaxPoolGradGrad"],
    4,
    poolShape("MaxPool", 4),
    windowInAttrs,
    spreadToFirstLargest,
  ),
  ...maxPoolOps(
    ["MaxPoolV2", "MaxPoolGradV2", "MaxPoolGradGradV2"],
    4,
    maxPoolV2Shape,
    windowInInputs,
    spreadToFirstLargest,
  ),
  ...maxPoolOps(
    ["MaxPool3D", "MaxPool3DGrad", "MaxPool3DGradGrad"],
    5,
    maxPool3dShape,
    windowInAttrs,
    spreadToAllLargest,
  ),
  ...avgPoolOps(["AvgPool", "AvgPoolGrad"], 4),
  ...avgPoolOps(["AvgPool3D", "AvgPool3DGrad"], 5),
  MaxPoolWithArgmax: {
    shape: (c) => {
      const [output] = poolShape("MaxPool", 4)(c) as readonly [Shape];
      return [output, output];
    },
    lower: (c) => {
      const x = c.input(0);
      const own = places(c, x.dims, windowInAttrs(c));
      const y = largest(c, x, own);
      const index = argumentOfLargest(c, x, y, own, includesBatch(c));
      return [y, c.builder.convert(index, c.outputDType(1) as "int32" | "int64")];
    },
    gradient: several((op, [grad]) => argmaxGradient(op, grad)),
  },
  MaxPoolGradWithArgmax: { shape: unchangedOfRank(4), lower: lowerMaxPoolGradWithArgmax },
});
