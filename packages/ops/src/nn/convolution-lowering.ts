// Convolutions and their two gradients as hlo: any number of spatial dimensions, strides, dilations, paddings, groups.
// Both gradients are convolutions again: with the filter turned round over stretched gradients, and of inputs (channels as
// images, images as channels) with gradients as the filter.
import type { HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { filledOf } from "../lowering.ts";
import type { LoweringContext } from "../op-entry.ts";
import { type ConvolutionAttrs, tapAlong } from "./convolution-shape.ts";
import { effectiveSize, type Place, placeWindow, windowOf } from "./window.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Order that puts channels last, and the one that puts them where the format has them. */
function orders(own: ConvolutionAttrs): { last: number[]; back: number[] } | undefined {
  if (own.first === 1) return undefined;
  const rank = own.spatial + 2;
  return {
    last: [0, ...upTo(own.spatial).map((d) => d + 2), 1],
    back: [0, rank - 1, ...upTo(own.spatial).map((d) => d + 1)],
  };
}

/** An array of the op's format with channels last. */
function channelsLast(c: LoweringContext, own: ConvolutionAttrs, x: HloInstruction): HloInstruction {
  const order = orders(own);
  return order ? c.builder.transpose(x, order.last) : x;
}

/** An array with channels last in the op's format. */
function inFormat(c: LoweringContext, own: ConvolutionAttrs, x: HloInstruction): HloInstruction {
  const order = orders(own);
  return order ? c.builder.transpose(x, order.back) : x;
}

/** Dims of the op's format with channels last. */
export function dimsChannelsLast(own: ConvolutionAttrs, dims: readonly number[]): readonly number[] {
  return orders(own)?.last.map((d) => dims[d]!) ?? dims;
}

/** How many groups of channels a filter [spatial..., channels of a group, outputs] makes of `depth` channels. */
export function groupsOf(c: LoweringContext, depth: number, each: number): number {
  if (each === 0 ? depth !== 0 : depth % each !== 0) {
    c.fail("INVALID_ARGUMENT", `input depth must be evenly divisible by filter depth: ${depth} vs ${each}`);
  }
  return each === 0 ? 1 : depth / each;
}

function placesOf(
  c: LoweringContext,
  own: ConvolutionAttrs,
  input: readonly number[],
  filter: readonly number[],
): Place[] {
  return own.strides.map((_, d) => placeWindow(c, input[d + 1]!, tapAlong(own, d, filter[d]!)));
}

/** `x` (the op's format) convolved with `filter` [spatial..., channels / groups, outputs]. */
export function convolve(
  c: LoweringContext,
  own: ConvolutionAttrs,
  x: HloInstruction,
  filter: HloInstruction,
  groups: number,
): HloInstruction {
  const input = channelsLast(c, own, x);
  const window = windowOf(placesOf(c, own, input.dims, filter.dims));
  return inFormat(c, own, c.builder.convolution(input, filter, { window, featureGroupCount: groups }));
}

/** Throws where gradients `dy` (channels last) are not of the shape that the convolution of `input` gives. */
function checkGradients(
  c: LoweringContext,
  op: string,
  places: readonly Place[],
  input: readonly number[],
  filter: readonly number[],
  dy: readonly number[],
): void {
  if (input[0] !== dy[0]) {
    c.fail("INVALID_ARGUMENT", `${op}: input and out_backprop must have the same batch size`);
  }
  if (filter.at(-1) !== dy.at(-1)) {
    c.fail("INVALID_ARGUMENT", `${op}: filter and out_backprop must have the same out_depth`);
  }
  for (const [d, place] of places.entries()) {
    const actual = dy[d + 1]!;
    if (actual === place.output) continue;
    c.fail(
      "INVALID_ARGUMENT",
      `${op}: Size of out_backprop doesn't match computed: actual = ${actual}, computed = ${place.output} spatial_dim: ${d + 1} input: ${place.input} filter: ${place.size} output: ${actual} stride: ${place.stride} dilation: ${place.dilation}`,
    );
  }
}

/**
 * What flows back to an input of dims `inputDims` (the op's format) from `gradients`: the gradients, strides - 1 zeros between
 * them, convolved with the filter turned round, its inputs and outputs exchanged.
 */
export function convolveBackToInput(
  c: LoweringContext,
  own: ConvolutionAttrs,
  op: string,
  inputDims: readonly number[],
  filter: HloInstruction,
  gradients: HloInstruction,
  groups: number,
): HloInstruction {
  const b = c.builder;
  const dy = channelsLast(c, own, gradients);
  const dims = dimsChannelsLast(own, inputDims);
  const places = placesOf(c, own, dims, filter.dims);
  checkGradients(c, op, places, dims, filter.dims, dy.dims);
  if (sizeOf(dy.dims) === 0) return filledOf(c, dy.dtype, inputDims, 0);
  const spatial = upTo(own.spatial);
  const extents = spatial.map((d) => filter.dims[d]!);
  const [each, outputs] = [filter.dims.at(-2)!, filter.dims.at(-1)! / groups];
  const turned = b.reverse(filter, spatial);
  let exchanged: HloInstruction;
  if (groups === 1) exchanged = b.transpose(turned, [...spatial, own.spatial + 1, own.spatial]);
  else {
    const split = b.reshape(turned, [...extents, each, groups, outputs]);
    const moved = b.transpose(split, [...spatial, own.spatial + 2, own.spatial + 1, own.spatial]);
    exchanged = b.reshape(moved, [...extents, outputs, groups * each]);
  }
  const window = {
    size: extents,
    strides: spatial.map(() => 1),
    dilation: own.dilations,
    baseDilation: own.strides,
    padding: places.map(({ input, output, size, stride, dilation, low }) => {
      const covered = effectiveSize(size, dilation);
      const before = covered - 1 - low;
      return [before, input + covered - 1 - ((output - 1) * stride + 1) - before] as const;
    }),
  };
  return inFormat(c, own, b.convolution(dy, exchanged, { window, featureGroupCount: groups }));
}

/**
 * What flows back to a filter of dims `filterDims` [spatial..., channels / groups, outputs]: inputs convolved with the gradients as a filter.
 * Channels stand for images and images for channels, so that it is images that are summed.
 */
export function convolveBackToFilter(
  c: LoweringContext,
  own: ConvolutionAttrs,
  op: string,
  x: HloInstruction,
  filterDims: readonly number[],
  gradients: HloInstruction,
  groups: number,
): HloInstruction {
  const b = c.builder;
  const input = channelsLast(c, own, x);
  const dy = channelsLast(c, own, gradients);
  const places = placesOf(c, own, input.dims, filterDims);
  checkGradients(c, op, places, input.dims, filterDims, dy.dims);
  if (sizeOf(dy.dims) === 0 || sizeOf(input.dims) === 0) return filledOf(c, dy.dtype, filterDims, 0);
  const spatial = upTo(own.spatial);
  const [images, ...rest] = input.dims as [number, ...number[]];
  const each = rest.at(-1)! / groups;
  const extents = rest.slice(0, -1);
  let lhs: HloInstruction;
  if (groups === 1) lhs = b.transpose(input, [own.spatial + 1, ...spatial.map((d) => d + 1), 0]);
  else {
    const split = b.reshape(input, [images, ...extents, groups, each]);
    const moved = b.transpose(split, [own.spatial + 2, ...spatial.map((d) => d + 1), own.spatial + 1, 0]);
    lhs = b.reshape(moved, [each, ...extents, groups * images]);
  }
  const rhs = b.transpose(dy, [...spatial.map((d) => d + 1), 0, own.spatial + 1]);
  const window = {
    size: places.map(({ output }) => output),
    strides: own.dilations,
    dilation: own.strides,
    baseDilation: spatial.map(() => 1),
    padding: places.map(({ input: extent, output, size, stride, dilation, low }) => {
      const covered = effectiveSize(output, stride);
      return [low, (size - 1) * dilation + covered - extent - low] as const;
    }),
  };
  const summed = b.convolution(lhs, rhs, { window, featureGroupCount: groups });
  return b.transpose(summed, [...spatial.map((d) => d + 1), 0, own.spatial + 1]);
}
