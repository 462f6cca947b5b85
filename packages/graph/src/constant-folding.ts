// Values and shapes that follow from constants without running anything, as the C++ of TensorFlow 1.15 tells them to
// shape functions. Source: common_runtime/eval_const_tensor.cc, shape_refiner.cc (ConstantPartialShape).
// The Python side's own rules, which decide what graphs are built, are in constant-value.ts.
import { TfError } from "@org/errors";
import { type NdArray, Shape } from "@org/tensor";
import { type Folded, fit, folded, fromFolded, give, NotFoldable, toFolded } from "./folding/folded.ts";
import { foldKernels } from "./folding/kernels.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Ops that never fold: what they yield depends on a run. */
const never: ReadonlySet<string> = new Set([
  "Merge",
  "RefMerge",
  "Enter",
  "RefEnter",
  "Exit",
  "RefExit",
  "PlaceholderWithDefault",
]);

/** Long chains are left alone: a shape's arithmetic is short. */
const depthLimit = 100;

/** Shape, Rank and Size of a tensor whose static shape says enough. */
function fromShape(op: Operation): Folded | undefined {
  const { shape } = op.inputs[0] ?? give();
  const dtype = op.outputs[0]!.dtype;
  if (op.type === "Rank") return shape.rank === null ? undefined : folded(dtype, [], [shape.rank]);
  if (!shape.isFullyDefined()) return undefined;
  if (op.type === "Shape")
    return folded(
      dtype,
      [shape.rank!],
      shape.toNumbers().map((dim) => fit(dtype, dim)),
    );
  return folded(dtype, [], [fit(dtype, shape.numElements()!)]);
}

class Folder {
  private readonly done = new Map<Operation, readonly Folded[] | null>();
  private readonly told = new Set<Operation>();

  /** `isTarget`: C++ does not look at the static shape of the tensor that is asked for itself, only of what it reads. */
  fold(tensor: Tensor, isTarget: boolean, depth: number): Folded {
    const { op } = tensor;
    // What a static shape tells is fed where C++ runs the rest, and fed twice ("fed more than once") where two ops read it: that gives up.
    if (this.told.has(op)) give();
    const have = this.done.get(op);
    if (have !== undefined) return have?.[tensor.valueIndex] ?? give();
    if (depth > depthLimit) give();
    this.done.set(op, null);
    const outputs = this.run(op, isTarget, depth);
    this.done.set(op, outputs);
    return outputs[tensor.valueIndex] ?? give();
  }

  private run(op: Operation, isTarget: boolean, depth: number): readonly Folded[] {
    if (op.type === "Const") return [toFolded(op.attrs.tensor("value"))];
    if (never.has(op.type) || op.opDef?.isStateful) give();
    const kernel = Object.hasOwn(foldKernels, op.type) ? foldKernels[op.type]! : give();
    if (!isTarget && (op.type === "Shape" || op.type === "Rank" || op.type === "Size")) {
      const told = fromShape(op);
      if (told !== undefined) {
        this.told.add(op);
        return [told];
      }
    }
    const inputs = op.inputs.map((input) => this.fold(input, false, depth + 1));
    return kernel({ attrs: op.attrs, inputs, outputTypes: op.outputs.map((output) => output.dtype) });
  }
}

/** Runs `fn`; undefined where it gives up. */
function unlessGivenUp<R>(fn: () => R): R | undefined {
  try {
    return fn();
  } catch (error) {
    if (error instanceof NotFoldable) return undefined;
    throw error;
  }
}

/** The tensor's value, where constants and static shapes tell it; undefined otherwise. */
export function evaluateConstant(tensor: Tensor): NdArray | undefined {
  const { op } = tensor;
  if (op.type === "Const") return op.attrs.tensor("value");
  if (never.has(op.type) || !Object.hasOwn(foldKernels, op.type)) return undefined;
  const value = unlessGivenUp(() => new Folder().fold(tensor, true, 0));
  return value === undefined ? undefined : fromFolded(value);
}

/** A scalar integer's value, where it is told. */
function evaluateInt(tensor: Tensor): number | undefined {
  const value = evaluateConstant(tensor);
  return value?.data.length === 1 ? Number((value.data as ArrayLike<number | bigint>)[0]) : undefined;
}

/**
 * A vector of dimensions as a shape, with what is known of it; -1 is a dimension that is not known.
 * Throws TfError INVALID_ARGUMENT where the tensor is no vector, or a dimension is below -1.
 */
export function evaluateShape(tensor: Tensor): Shape {
  const { rank } = tensor.shape;
  if (rank !== null && rank !== 1)
    throw new TfError("INVALID_ARGUMENT", `Shape must be rank 1 but is rank ${rank}`);
  return partialShape(tensor, 0);
}

function partialShape(tensor: Tensor, depth: number): Shape {
  const { op } = tensor;
  if (tensor.shape.dim(0) === 0) return Shape.scalar;
  if (depth < depthLimit)
    switch (op.type) {
      case "Shape":
        return op.inputs[0]!.shape;
      case "ShapeN":
        return op.inputs[tensor.valueIndex]!.shape;
      case "Pack":
        return new Shape(
          op.inputs.map((input) => {
            const value = evaluateInt(input);
            return value === undefined || value < 0 ? null : value;
          }),
        );
      case "Concat":
      case "ConcatV2": {
        const parts = op.type === "Concat" ? op.inputs.slice(1) : op.inputs.slice(0, -1);
        let shape: Shape = Shape.scalar;
        for (const part of parts) {
          const more =
            part.shape.rank === null || part.shape.rank === 1 ? partialShape(part, depth + 1) : Shape.unknown;
          if (more.dims === null) return Shape.unknown;
          shape = shape.concat(more);
        }
        return shape;
      }
      case "StridedSlice":
        return slicedShape(op, depth);
    }
  const value = evaluateConstant(tensor);
  if (value === undefined) {
    const length = tensor.shape.dim(0);
    return length === null ? Shape.unknown : Shape.ofRank(length);
  }
  return new Shape(
    Array.from(value.data as ArrayLike<number | bigint>, (raw) => {
      const dim = Number(raw);
      if (dim < -1) throw new TfError("INVALID_ARGUMENT", `Invalid value in tensor used for shape: ${dim}`);
      return dim === -1 ? null : dim;
    }),
  );
}

/** A slice of a shape: `shape(x)[1:]` and the like. */
function slicedShape(op: Operation, depth: number): Shape {
  const [input, begins, ends, steps] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
  if ([begins, ends, steps].some((tensor) => tensor.shape.dim(0) !== 1)) return Shape.unknown;
  const mask = (name: string): number => op.attrs.int(`${name}_mask`);
  if (mask("begin") > 1 || mask("end") > 1 || mask("ellipsis") || mask("new_axis") || mask("shrink_axis"))
    return Shape.unknown;
  const begin = mask("begin") ? 0 : evaluateInt(begins);
  const end = mask("end") ? Number.POSITIVE_INFINITY : evaluateInt(ends);
  const step = evaluateInt(steps);
  if (begin === undefined || end === undefined || step === undefined) return Shape.unknown;
  const { dims } = partialShape(input, depth + 1);
  if (dims === null) return Shape.unknown;
  return subshape(dims, begin, end, step);
}

/** Source: shape_inference.cc (InferenceContext::Subshape with a stride). */
function subshape(dims: readonly (number | null)[], begin: number, end: number, step: number): Shape {
  const rank = dims.length;
  let from = Math.min(begin, rank);
  let to = Math.min(end, rank);
  if (step < 0 && from === rank) from--;
  if (from < 0) from += rank;
  if (to < 0) to += rank;
  if (from < 0 || to < 0 || step === 0) return Shape.unknown;
  if (step > 0 ? from > to : from < to)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Subshape must have computed start ${step > 0 ? "<=" : ">="} end ${step > 0 ? "" : "since stride is negative "}but is ${from} and ${to} (computed from start ${begin} and end ${end} over shape with rank ${rank})`,
    );
  const out: (number | null)[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(dims[i]!);
  return new Shape(out);
}
