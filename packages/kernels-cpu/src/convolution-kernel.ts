// Prepares convolutions: chooses the way. float32: windows of one element are a matrix product, one channel a group goes by
// vectors of channels, all else is a gathered product. Other types, and more than three spatial dimensions, go by patches.
import { attributesOf, type HloInstruction, loopNest, type NestMatrix, type Refusal } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import type { ConvolutionShape } from "./convolution-phases.ts";
import { prepareDepthwise } from "./depthwise-convolution.ts";
import { type Epilogue, prepareEpilogue, productPlace, readElsewhere } from "./epilogue.ts";
import { type Convolve, prepareGathered, type RowsDone } from "./gathered-convolution.ts";
import { elementBytes } from "./lanes.ts";
import type { CpuBuffer } from "./memory.ts";
import { withCopies } from "./nest-kernel.ts";
import { mayDivideByZero } from "./nest-walk.ts";
import { preparePatches } from "./patches-convolution.ts";
import type { Prepared, Preparer, Run, Workshop } from "./prepared.ts";
import { prepareInParts } from "./product-parts.ts";
import type { SinglePreparer } from "./single-kernel.ts";

type Preparing = Convolve | Refusal | Promise<Convolve | Refusal>;

/** lhs [N, spatial..., C], rhs [spatial..., C / groups, O]. */
export const prepareConvolution: SinglePreparer = (workshop, instruction) => {
  const finish = (made: Convolve | Refusal): Prepared | Refusal =>
    "refused" in made ? made : { mayFault: false, run: ([x, filter], [to]) => made(x!, filter!, to!) };
  const convolve = convolution(workshop, instruction, false);
  return convolve instanceof Promise ? convolve.then(finish) : finish(convolve);
};

/** Prepares a fusion of kind convolution: what follows is done to rows as they are there. */
export const prepareConvolutionFusion: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const { instruction, lhs, rhs } = nest.convolution!;
  const { output, plain } = productPlace(nest, donated);
  if (nest.extents.includes(0)) return { run: () => {}, mayFault: false };
  const copies = donated.filter((parameter) => parameter >= 0);
  const operands = copies.filter((parameter) => parameter === lhs || parameter === rhs);
  const unsafe = [...new Set([...operands, ...readElsewhere(nest, copies)])];
  const bytes = nest.extents.reduce((a, b) => a * b, elementBytes(instruction.dtype));
  const [, rows] = nest.extents as readonly [number, number, number];
  // A fault names an element, which a kernel counts from where it begins.
  const mayFault = mayDivideByZero(nest);
  const finish = ([convolve, epilogue]: readonly [Convolve | Refusal, Epilogue | Refusal]):
    | Prepared
    | Refusal => {
    if ("refused" in convolve) return convolve;
    if ("refused" in epilogue) return epilogue;
    const through = (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[], to: CpuBuffer): void => {
      const after: RowsDone = (first, count) => epilogue(inputs, outputs, to.address, first, count);
      convolve(inputs[lhs]!, inputs[rhs]!, to, plain || mayFault ? undefined : after);
      if (mayFault) after(0, rows);
    };
    const run: Run =
      output >= 0
        ? (inputs, outputs) => through(inputs, outputs, outputs[output]!)
        : (inputs, outputs) => {
            const scratch = workshop.memory.allocateScratch(bytes);
            through(inputs, outputs, scratch);
            workshop.memory.freeScratch(scratch);
          };
    return { run: withCopies(workshop, unsafe, run), mayFault };
  };
  const parts = [
    convolution(workshop, instruction, !plain && !mayFault),
    prepareEpilogue(workshop, nest),
  ] as const;
  return parts.some((part) => part instanceof Promise)
    ? Promise.all(parts).then(finish)
    : finish(parts as readonly [Convolve | Refusal, Epilogue | Refusal]);
};

/** What runs a convolution; `followed` where something waits for its rows. */
function convolution(workshop: Workshop, instruction: HloInstruction, followed: boolean): Preparing {
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
  if (groups === 1 && isPointwise(shape)) return pointwise(workshop, shape, followed);
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

function pointwise(
  workshop: Workshop,
  { images, input, features, outputs }: ConvolutionShape,
  followed: boolean,
): Preparing {
  const matrix = (parameter: number, row: number): NestMatrix => ({
    parameter,
    dtype: "float32",
    strides: [0, row, 1],
    offset: 0,
    movement: ["broadcast", "strided", "unit"],
  });
  const rows = images * sizeOf(input);
  const dot = { k: features, lhs: matrix(0, features), rhs: matrix(1, outputs) };
  const multiply = prepareInParts(workshop, [1, rows, outputs], dot, followed);
  const finish =
    (product: Awaited<typeof multiply>): Convolve =>
    (x, filter, to, done = () => {}) =>
      product([x, filter], to.address, done);
  return multiply instanceof Promise ? multiply.then(finish) : finish(multiply);
}
