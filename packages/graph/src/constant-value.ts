// What a tensor's value or shape is as far as Python's graph builders can tell: weaker than the C++ folding that shape
// functions see (constant-folding.ts), and kept so, since it decides which nodes builders make.
// Source: python/framework/tensor_util.py (constant_value, constant_value_as_shape).
import { TfError } from "@org/errors";
import { type NdArray, Shape } from "@org/tensor";
import { type Folded, fit, folded, fromFolded, give, NotFoldable, toFolded } from "./folding/folded.ts";
import { foldKernels } from "./folding/kernels.ts";
import type { Tensor } from "./tensor.ts";

const byKernel: ReadonlySet<string> = new Set(["Range", "Cast", "Concat", "ConcatV2", "Equal", "NotEqual"]);

function fold(tensor: Tensor): Folded {
  const { op } = tensor;
  const dtype = tensor.dtype;
  switch (op.type) {
    case "Const":
      return toFolded(op.attrs.tensor("value"));
    case "Shape": {
      const { shape } = op.inputs[0]!;
      return shape.isFullyDefined() ? folded(dtype, [shape.rank!], shape.toNumbers()) : give();
    }
    case "Size": {
      const size = op.inputs[0]!.shape.numElements();
      return size === null ? give() : folded("int32", [], [fit("int32", size)]);
    }
    case "Rank": {
      const { rank } = op.inputs[0]!;
      return rank === null ? give() : folded("int32", [], [rank]);
    }
    case "Pack":
      if (op.inputs.length === 0 || op.attrs.int("axis") !== 0) give();
      return foldKernels.Pack!({ attrs: op.attrs, inputs: op.inputs.map(fold), outputTypes: [dtype] })[0]!;
    case "Fill": {
      const value = fold(op.inputs[1]!);
      if (!tensor.shape.isFullyDefined()) give();
      const shape = tensor.shape.toNumbers();
      const size = tensor.shape.numElements()!;
      if (size > 1 << 16) give();
      return folded(value.dtype, shape, new Array<number>(size).fill(value.values[0] as number));
    }
    default:
      if (!byKernel.has(op.type)) give();
      return foldKernels[op.type]!({
        attrs: op.attrs,
        inputs: op.inputs.map(fold),
        outputTypes: [dtype],
      })[0]!;
  }
}

/** The tensor's value where Python's `constant_value` tells it; undefined otherwise. */
export function constantValue(tensor: Tensor): NdArray | undefined {
  if (tensor.op.type === "Const") return tensor.op.attrs.tensor("value");
  try {
    return fromFolded(fold(tensor));
  } catch (error) {
    if (error instanceof NotFoldable) return undefined;
    throw error;
  }
}

const numbersOf = (value: NdArray): number[] => Array.from(value.data as ArrayLike<number | bigint>, Number);

/**
 * A vector of dimensions as a shape, with what is known of it.
 * Throws TfError INVALID_ARGUMENT where the tensor is a scalar other than -1, or of another rank than 1.
 */
export function constantValueAsShape(tensor: Tensor): Shape {
  const { op, shape } = tensor;
  if (shape.rank === 0) {
    const value = constantValue(tensor);
    if (value === undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        "Received a scalar with unknown value as shape; require a statically known scalar with value '-1' to describe an unknown shape.",
      );
    const [number] = numbersOf(value);
    if (number !== -1)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Received a scalar value '${number}' as shape; require a statically known scalar with value '-1' to describe an unknown shape.`,
      );
    return Shape.unknown;
  }
  if (shape.rank !== null && shape.rank !== 1)
    throw new TfError("INVALID_ARGUMENT", `Shape ${shape} must have rank 1`);
  if (shape.dim(0) === 0) return Shape.scalar;
  switch (op.type) {
    case "Shape":
      return op.inputs[0]!.shape;
    case "Pack":
      return new Shape(
        op.inputs.map((input) => {
          const value = constantValue(input);
          const dim = value === undefined ? -1 : numbersOf(value)[0]!;
          return dim < 0 ? null : dim;
        }),
      );
    case "Concat":
    case "ConcatV2": {
      const parts = op.type === "Concat" ? op.inputs.slice(1) : op.inputs.slice(0, -1);
      return parts.reduce<Shape>((all, part) => all.concat(constantValueAsShape(part)), Shape.scalar);
    }
    case "StridedSlice": {
      const sliced = slicedShape(tensor);
      if (sliced !== undefined) return sliced;
    }
  }
  const value = constantValue(tensor);
  if (value !== undefined) return new Shape(numbersOf(value).map((dim) => (dim >= 0 ? dim : null)));
  const length = shape.dim(0);
  return length === null ? Shape.unknown : Shape.ofRank(length);
}

function slicedShape({ op }: Tensor): Shape | undefined {
  const values = op.inputs.slice(1, 4).map(constantValue);
  if (values.some((value) => value === undefined)) return undefined;
  const [begin, end, step] = values.map((value) => numbersOf(value!)[0]!) as [number, number, number];
  const mask = (name: string): number => op.attrs.int(`${name}_mask`);
  if (mask("ellipsis") || mask("new_axis") || mask("shrink_axis") || mask("begin") > 1 || mask("end") > 1)
    return undefined;
  const { dims } = constantValueAsShape(op.inputs[0]!);
  if (dims === null) return Shape.unknown;
  const out: (number | null)[] = [];
  const at = (i: number): number =>
    i < 0
      ? Math.max(i + dims.length, step > 0 ? 0 : -1)
      : Math.min(i, step > 0 ? dims.length : dims.length - 1);
  const from = mask("begin") ? (step > 0 ? 0 : dims.length - 1) : at(begin);
  const to = mask("end") ? (step > 0 ? dims.length : -1) : at(end);
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(dims[i]!);
  return new Shape(out);
}
