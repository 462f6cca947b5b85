// Prepares convolutions: chooses the way. float32: windows of one element are a matrix product, one channel a group goes by
// vectors of channels, all else is a gathered product. Other types, and more than three spatial dimensions, go by patches.
import { attributesOf, type HloInstruction, type NestMatrix, type Refusal } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import type { ConvolutionShape } from "./convolution-plan.ts";
import { prepareDepthwise } from "./depthwise-convolution.ts";
import { prepareProduct } from "./dot-kernel.ts";
import { type Convolve, prepareGathered } from "./gathered-convolution.ts";
import { preparePatches } from "./patches-convolution.ts";
import type { Prepared, Workshop } from "./prepared.ts";
import type { SinglePreparer } from "./single-kernel.ts";

type Preparing = Convolve | Refusal | Promise<Convolve | Refusal>;

/** lhs [N, spatial..., C], rhs [spatial..., C / groups, O]. */
export const prepareConvolution: SinglePreparer = (workshop, instruction) => {
  const finish = (made: Convolve | Refusal): Prepared | Refusal =>
    "refused" in made ? made : { mayFault: false, run: ([x, filter], [to]) => made(x!, filter!, to!) };
  const convolve = convolution(workshop, instruction);
  return convolve instanceof Promise ? convolve.then(finish) : finish(convolve);
};

/** What runs a convolution. */
export function convolution(workshop: Workshop, instruction: HloInstruction): Preparing {
  const { window, featureGroupCount: groups } = attributesOf(instruction, "convolution");
  const [lhs] = instruction.operands as [HloInstruction, HloInstruction];
  const { dtype, dims } = instruction;
  const rank = dims.length - 2;
  if (rank === 0) return { refused: "CPU has no kernel for a convolution without spatial dimensions" };
  if (sizeOf(dims) === 0) return () => {};
  const shape: ConvolutionShape = {
    images: dims[0]!,
    input: lhs.dims.slice(1, -1),
    output: dims.slice(1, -1),
    features: lhs.dims.at(-1)!,
    outputs: dims.at(-1)!,
    groups,
    window,
  };
  if (dtype !== "float32" || rank > 3) return preparePatches(workshop, instruction);
  if (groups > 1 && groups === shape.features && groups === shape.outputs)
    return prepareDepthwise(workshop, shape);
  if (groups === 1 && isPointwise(shape)) return pointwise(workshop, shape);
  return prepareGathered(workshop, shape) ?? preparePatches(workshop, instruction);
}

/** Whether each output sees the one element at its own place. */
function isPointwise({ input, output, window }: ConvolutionShape): boolean {
  const { size, strides, padding, baseDilation } = window;
  return input.every(
    (extent, d) =>
      size[d] === 1 &&
      strides[d] === 1 &&
      baseDilation[d] === 1 &&
      padding[d]![0] === 0 &&
      extent === output[d],
  );
}

function pointwise(workshop: Workshop, { images, input, features, outputs }: ConvolutionShape): Preparing {
  const matrix = (parameter: number, row: number): NestMatrix => ({
    parameter,
    dtype: "float32",
    strides: [0, row, 1],
    offset: 0,
    movement: ["broadcast", "strided", "unit"],
  });
  const rows = images * sizeOf(input);
  const dot = { k: features, lhs: matrix(0, features), rhs: matrix(1, outputs) };
  const multiply = prepareProduct(workshop, [1, rows, outputs], dot);
  const finish =
    (product: Awaited<typeof multiply>): Convolve =>
    (x, filter, to, done) => {
      product([x, filter], to.address);
      done?.(0, rows);
    };
  return multiply instanceof Promise ? multiply.then(finish) : finish(multiply);
}
