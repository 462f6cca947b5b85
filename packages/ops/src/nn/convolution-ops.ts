// Conv2D, Conv3D, DepthwiseConv2dNative and their gradients. Source: core/ops/nn_ops.cc, core/kernels/conv_ops.cc,
// conv_grad_ops.cc, depthwise_conv_op.cc, python/ops/nn_grad.py.
import type { AttrInput, Operation, ShapeFunction, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { shape, shapeN } from "../array/shape-of.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import {
  convolve,
  convolveBackToFilter,
  convolveBackToInput,
  dimsChannelsLast,
  groupsOf,
} from "./convolution-lowering.ts";
import {
  type ConvolutionAttrs,
  conv2dShape,
  conv3dShape,
  convolutionAttrs,
  depthwiseShape,
  shapeHeldBy,
} from "./convolution-shape.ts";

/** A convolution and what its gradients are called. */
interface Family {
  readonly forward: string;
  readonly backToInput: string;
  readonly backToFilter: string;
  readonly spatial: number;
  readonly depthwise: boolean;
  readonly shape: ShapeFunction;
  /** Attributes that the gradients have, too. */
  readonly attrs: readonly string[];
}

const conv2d: Family = {
  forward: "Conv2D",
  backToInput: "Conv2DBackpropInput",
  backToFilter: "Conv2DBackpropFilter",
  spatial: 2,
  depthwise: false,
  shape: conv2dShape,
  attrs: ["dilations", "strides", "padding", "explicit_paddings", "use_cudnn_on_gpu", "data_format"],
};

const conv3d: Family = {
  forward: "Conv3D",
  backToInput: "Conv3DBackpropInputV2",
  backToFilter: "Conv3DBackpropFilterV2",
  spatial: 3,
  depthwise: false,
  shape: conv3dShape,
  attrs: ["dilations", "strides", "padding", "data_format"],
};

const depthwise: Family = {
  forward: "DepthwiseConv2dNative",
  backToInput: "DepthwiseConv2dNativeBackpropInput",
  backToFilter: "DepthwiseConv2dNativeBackpropFilter",
  spatial: 2,
  depthwise: true,
  shape: depthwiseShape,
  attrs: ["dilations", "strides", "padding", "data_format"],
};

/** Attributes of `op` for an op of the same family. */
export function sameAttrs(op: Operation, names: readonly string[]): Record<string, AttrInput> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const raw = op.attrs.raw(name);
      return raw === undefined ? [] : [[name, { raw }]];
    }),
  );
}

/** Dims of a filter [spatial..., channels of a group, outputs]: each channel of a depthwise one is a group. */
function groupedDims(family: Family, dims: readonly number[]): number[] {
  const spatial = dims.slice(0, family.spatial);
  const [channels, outputs] = dims.slice(family.spatial) as [number, number];
  return family.depthwise ? [...spatial, 1, channels * outputs] : [...spatial, channels, outputs];
}

function checkRank(c: LoweringContext, family: Family, what: string, rank: number, shown = ""): void {
  const wanted = family.spatial + 2;
  if (rank !== wanted) c.fail("INVALID_ARGUMENT", `${what} must be ${wanted}-dimensional${shown}`);
}

/** Shapes are said by TensorFlow's kernels in two dimensions alone. */
const planar = (family: Family, shown: string): string => (family.spatial === 2 ? shown : "");

/** How many groups there are of an input with `depth` channels. */
function groups(c: LoweringContext, family: Family, depth: number, filter: readonly number[]): number {
  const each = filter[family.spatial]!;
  if (!family.depthwise) return groupsOf(c, depth, each);
  if (depth !== each) {
    c.fail("INVALID_ARGUMENT", `input and filter must have the same depth: ${depth} vs ${each}`);
  }
  return Math.max(1, depth);
}

function depthOf(own: ConvolutionAttrs, dims: readonly number[]): number {
  return dims[own.channels]!;
}

function lowerForward(family: Family) {
  return (c: LoweringContext): HloInstruction => {
    const [x, filter] = [c.input(0), c.input(1)];
    checkRank(c, family, "input", x.dims.length, planar(family, `[${x.dims}]`));
    checkRank(c, family, "filter", filter.dims.length, planar(family, `: [${filter.dims}]`));
    const own = convolutionAttrs(c.attrs, family.spatial, family.forward);
    const count = groups(c, family, depthOf(own, x.dims), filter.dims);
    return convolve(c, own, x, c.builder.reshape(filter, groupedDims(family, filter.dims)), count);
  };
}

/** Dims of the input, of the format: `input_sizes` may hold the spatial ones alone (TensorFlow 2). */
function inputDims(
  own: ConvolutionAttrs,
  family: Family,
  sizes: readonly number[],
  filter: readonly number[],
  dy: readonly number[],
): readonly number[] {
  if (sizes.length !== family.spatial) return sizes;
  const [batch, depth] = [dimsChannelsLast(own, dy)[0]!, filter[family.spatial]!];
  return own.first === 2 ? [batch, depth, ...sizes] : [batch, ...sizes, depth];
}

function lowerBackToInput(family: Family) {
  return (c: LoweringContext): HloInstruction => {
    const [filter, dy] = [c.input(1), c.input(2)];
    checkRank(c, family, "filter", filter.dims.length);
    checkRank(c, family, "out_backprop", dy.dims.length);
    const own = convolutionAttrs(c.attrs, family.spatial, family.forward);
    const dims = inputDims(own, family, hostNumbers(c, 0), filter.dims, dy.dims);
    checkRank(c, family, "input", dims.length);
    const count = groups(c, family, depthOf(own, dims), filter.dims);
    const grouped = c.builder.reshape(filter, groupedDims(family, filter.dims));
    return convolveBackToInput(c, own, family.backToInput, dims, grouped, dy, count);
  };
}

function lowerBackToFilter(family: Family) {
  return (c: LoweringContext): HloInstruction => {
    const [x, dy] = [c.input(0), c.input(2)];
    const dims = hostNumbers(c, 1);
    checkRank(c, family, "input", x.dims.length);
    checkRank(c, family, "filter", dims.length);
    checkRank(c, family, "out_backprop", dy.dims.length);
    const own = convolutionAttrs(c.attrs, family.spatial, family.forward);
    const count = groups(c, family, depthOf(own, x.dims), dims);
    const grouped = groupedDims(family, dims);
    return c.builder.reshape(convolveBackToFilter(c, own, family.backToFilter, x, grouped, dy, count), dims);
  };
}

/** The three ops of a family: each one's gradients are the two others. */
function familyOps(family: Family): Record<string, OpSpec> {
  const { forward, backToInput, backToFilter } = family;
  const made = (type: string, op: Operation, inputs: readonly (Tensor | Grad)[]): Tensor =>
    applyOne(type, inputs as Tensor[], { attrs: sameAttrs(op, family.attrs) });
  return {
    [forward]: {
      shape: family.shape,
      lower: lowerForward(family),
      gradient: single((op, grad) => {
        const [x, filter] = op.inputs as [Tensor, Tensor];
        if (family === conv2d) {
          const [inputSizes, filterSizes] = shapeN([x, filter]) as [Tensor, Tensor];
          return [
            made(backToInput, op, [inputSizes, filter, grad]),
            made(backToFilter, op, [x, filterSizes, grad]),
          ];
        }
        return [
          made(backToInput, op, [shape(x), filter, grad]),
          made(backToFilter, op, [x, shape(filter), grad]),
        ];
      }),
    },
    [backToInput]: {
      shape: shapeHeldBy(0, family.spatial + 2),
      hostInputs: [0],
      lower: lowerBackToInput(family),
      gradient: single((op, grad) => {
        const [, filter, dy] = op.inputs as [Tensor, Tensor, Tensor];
        return [
          undefined,
          made(backToFilter, op, [grad, shape(filter), dy]),
          made(forward, op, [grad, filter]),
        ];
      }),
    },
    [backToFilter]: {
      shape: shapeHeldBy(1, family.spatial + 2),
      hostInputs: [1],
      lower: lowerBackToFilter(family),
      gradient: single((op, grad) => {
        const [x, , dy] = op.inputs as [Tensor, Tensor, Tensor];
        return [made(backToInput, op, [shape(x), grad, dy]), undefined, made(forward, op, [x, grad])];
      }),
    },
  };
}

/** Conv2D, Conv3D and DepthwiseConv2dNative, each with its two gradient ops. */
export const convolutionOps: readonly OpEntry[] = defineOps({
  ...familyOps(conv2d),
  ...familyOps(conv3d),
  ...familyOps(depthwise),
});
