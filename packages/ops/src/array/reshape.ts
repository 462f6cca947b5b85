// The same elements under other dims: Reshape, ExpandDims, Squeeze.
// Source: core/ops/array_ops.cc, core/kernels/reshape_op.h, python/ops/array_ops.py.

import type { InferenceContext, Tensor } from "@org/graph";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumber, hostNumbers } from "../lowering.ts";
import type { Gradient, LoweringContext, OpEntry } from "../op-entry.ts";
import { type Dim, invalid, mergeDims, scalarValue, shapeFromInput } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { shape } from "./shape-of.ts";

/** tf.reshape: the elements under other dims; one of -1 is told by the others. @tfExport reshape */
export function reshape(tensor: TensorLike | Grad, dims: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("Reshape", [tensor, dims], options);
}

/** tf.expand_dims: a dimension of 1 put in at `axis`. @tfExport expandDims */
export function expandDims(input: TensorLike | Grad, axis: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("ExpandDims", [input, axis], options);
}

/** tf.squeeze: dimensions of 1 left out: all, or those of `axis`. @tfExport squeeze */
export function squeeze(
  input: TensorLike,
  axis?: number | readonly number[] | null,
  options: NameOption = {},
): Tensor {
  const dims = axis === undefined || axis === null ? [] : typeof axis === "number" ? [axis] : axis;
  return applyOne("Squeeze", [input], { ...options, attrs: { squeeze_dims: dims } });
}

/** The gradient as the op's input is shaped. */
const reshapedToInput: Gradient = single((op, grad) => {
  const dims = shape(op.inputs[0]!);
  const back = reshape(grad, dims);
  return op.inputs.map((_, i) => (i === 0 ? back : undefined));
});

function known(dims: readonly Dim[]): { product: number; unknown: number[] } {
  let product = 1;
  const unknown: number[] = [];
  dims.forEach((dim, i) => {
    if (dim === null) unknown.push(i);
    else product *= dim;
  });
  return { product, unknown };
}

function reshapeShape(c: InferenceContext): readonly Shape[] {
  const to = shapeFromInput(c, 1);
  const from = c.input(0);
  if (to.dims === null || from.dims === null) return [to];
  const out = known(to.dims);
  const input = known(from.dims);
  if (out.unknown.length > 1 || input.unknown.length > 1) return [to];
  const dims: Dim[] = [...to.dims];
  const [outAt] = out.unknown;
  const [inAt] = input.unknown;
  if (outAt === undefined && inAt === undefined) {
    if (input.product !== out.product) {
      invalid(
        `Cannot reshape a tensor with ${input.product} elements to shape ${to} (${out.product} elements)`,
      );
    }
  } else if (outAt !== undefined && inAt === undefined) {
    if (out.product > 0) dims[outAt] = divided(input.product, out.product);
  } else if (outAt === undefined && inAt !== undefined) {
    if (input.product !== 0) divided(out.product, input.product);
  } else if (input.product === out.product) {
    dims[outAt!] = from.dims[inAt!]!;
  }
  return [new Shape(dims)];
}

function divided(dividend: number, divisor: number): number {
  if (dividend % divisor !== 0) {
    invalid(`Dimension size must be evenly divisible by ${divisor} but is ${dividend}`);
  }
  return dividend / divisor;
}

/** Dims that a shape argument asks for, its -1 filled in; throws where the elements do not fit. */
function requestedDims(c: LoweringContext, from: readonly number[]): number[] {
  const dims = hostNumbers(c, 1);
  const size = sizeOf(from);
  let open = -1;
  let product = 1;
  dims.forEach((dim, i) => {
    if (dim === -1) {
      if (open !== -1) c.fail("INVALID_ARGUMENT", `Only one input size may be -1, not both ${open} and ${i}`);
      open = i;
    } else if (dim < 0) {
      c.fail("INVALID_ARGUMENT", `Size ${i} must be non-negative, not ${dim}`);
    } else product *= dim;
  });
  if (open !== -1) {
    if (product === 0 && size !== 0) {
      c.fail(
        "INVALID_ARGUMENT",
        "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero",
      );
    }
    const missing = product === 0 ? 0 : size / product;
    if (!Number.isInteger(missing)) {
      c.fail(
        "INVALID_ARGUMENT",
        `Input to reshape is a tensor with ${size} values, but the requested shape requires a multiple of ${product}`,
      );
    }
    dims[open] = missing;
    product *= missing;
  }
  if (product !== size) {
    c.fail(
      "INVALID_ARGUMENT",
      `Input to reshape is a tensor with ${size} values, but the requested shape has ${product}`,
    );
  }
  return dims;
}

/** Reshape, ExpandDims, Squeeze. */
export const reshapeOps: readonly OpEntry[] = defineOps({
  Reshape: movesElements(
    {
      shape: reshapeShape,
      hostInputs: [1],
      lower: (c) => c.builder.reshape(c.input(0), requestedDims(c, c.input(0).dims)),
      gradient: reshapedToInput,
    },
    allBut(1),
  ),
  ExpandDims: movesElements(
    {
      shape: (c) => {
        const axis = c.inputValue(1);
        const input = c.input(0);
        if (axis && axis.data.length !== 1) {
          invalid(`'dim' input must be a tensor with a single value`);
        }
        if (input.dims === null) return [Shape.unknown];
        if (!axis) return [Shape.ofRank(input.dims.length + 1)];
        const rank = input.dims.length;
        const at = axis.shape.length === 0 ? scalarValue(c, 1)! : Number((axis.data as ArrayLike<number>)[0]);
        if (at < -1 - rank || at > rank) {
          invalid(`dim ${at} not in the interval [${-1 - rank}, ${rank}].`);
        }
        const dims = [...input.dims];
        dims.splice(at < 0 ? at + rank + 1 : at, 0, 1);
        return [new Shape(dims)];
      },
      hostInputs: [1],
      lower: (c) => {
        const x = c.input(0);
        const rank = x.dims.length;
        const axis = hostNumber(c, 1);
        if (axis < -1 - rank || axis > rank) {
          c.fail("INVALID_ARGUMENT", `Tried to expand dim index ${axis} for tensor with ${rank} dimensions.`);
        }
        const dims = [...x.dims];
        dims.splice(axis < 0 ? axis + rank + 1 : axis, 0, 1);
        return c.builder.reshape(x, dims);
      },
      gradient: reshapedToInput,
    },
    allBut(1),
  ),
  Squeeze: movesElements(
    {
      shape: (c) => {
        const input = c.input(0);
        const axes = c.attrs.ints("squeeze_dims");
        const { dims } = input;
        if (dims === null) return [Shape.unknown];
        if (axes.length === 0 && dims.includes(null)) return [Shape.unknown];
        const chosen = new Set(
          axes.map((axis) => {
            if (axis < -dims.length || axis >= dims.length) {
              invalid(`squeeze_dims[0] not in [${-dims.length},${dims.length}).`);
            }
            return axis < 0 ? axis + dims.length : axis;
          }),
        );
        const kept = dims.filter((dim, i) => {
          if (chosen.size === 0) return dim !== 1;
          if (!chosen.has(i)) return true;
          if (dim !== null && dim !== 1)
            invalid(`Can not squeeze dim[${i}], expected a dimension of 1, got ${dim}`);
          mergeDims(dim, 1);
          return false;
        });
        return [new Shape(kept)];
      },
      lower: (c) => {
        const x = c.input(0);
        const rank = x.dims.length;
        const axes = c.attrs.ints("squeeze_dims");
        const chosen = new Set(
          axes.map((axis) => {
            if (axis < -rank || axis >= rank) {
              c.fail(
                "INVALID_ARGUMENT",
                `Tried to squeeze dim index ${axis} for tensor with ${rank} dimensions.`,
              );
            }
            return axis < 0 ? axis + rank : axis;
          }),
        );
        const kept = x.dims.filter((dim, i) => {
          if (chosen.size === 0) return dim !== 1;
          if (!chosen.has(i)) return true;
          if (dim !== 1) {
            c.fail("INVALID_ARGUMENT", `Can not squeeze dim[${i}], expected a dimension of 1, got ${dim}`);
          }
          return false;
        });
        return c.builder.reshape(x, kept);
      },
      gradient: reshapedToInput,
    },
    allBut(),
  ),
});
