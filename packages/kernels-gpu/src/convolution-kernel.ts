// Convolutions, and what follows them as results are stored. Two ways: a matrix product that is never written down (implicit GEMM), and,
// where few outputs a group (depthwise, say) or short sums leave little to share, each element of the result for itself.
import {
  attributesOf,
  type Fusion,
  HloBuilder,
  type HloInstruction,
  type LoopNest,
  loopNest,
  makeFusion,
  type NestLoad,
} from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { arrangement } from "./arrangement.ts";
import { directSource, directWorkgroup, neighbours, neighboursSource } from "./convolution-direct.ts";
import { type ConvolutionShader, ownWords, productShader } from "./convolution-source.ts";
import { argumentWords, refusal } from "./element-kernel.ts";
import { elementType } from "./element-types.ts";
import { nestParameters, nestWords } from "./nest-parameters.ts";
import { pointsTogether } from "./nest-stores.ts";
import { andThen, type Prepared, type Preparer, together, type Workshop } from "./prepared.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { productCall, productEntries } from "./tiled-product.ts";
import { isStretched, windowValues } from "./window-places.ts";

/** Outputs of a group up to which each may sum for itself; and must, where they are fewer. */
const fewColumns = 16;
const fewestColumns = 4;
/** Terms up to which it does. */
const fewTerms = 256;

/** A convolution by itself: a fusion with nothing behind it. */
export const prepareConvolution: SinglePreparer = (workshop, instruction) => {
  const b = new HloBuilder("convolution");
  const operands = instruction.operands.map(({ dtype, dims }) => b.parameter(dtype, dims));
  const alone = b.instruction("convolution", operands, instruction.attributes);
  return prepareConvolutionFusion(workshop, makeFusion("convolution", b.build([alone])), [-1]);
};

/** Prepares a fusion of kind convolution: lhs [N, spatial..., C], rhs [spatial..., C / groups, O]. */
export const prepareConvolutionFusion: Preparer = (workshop, fusion, donated) => {
  const nest = loopNest(fusion);
  const { instruction } = nest.convolution!;
  const { window, featureGroupCount: groups } = attributesOf(instruction, "convolution");
  const [lhs, rhs] = instruction.operands as [HloInstruction, HloInstruction];
  const { dtype, dims } = instruction;
  const [output, input] = [dims.slice(1, -1), lhs.dims.slice(1, -1)];
  if (output.length === 0) return refusal("a convolution without spatial dimensions");
  const arranged = arrangeConvolution(workshop, fusion, nest, donated);
  if ("refused" in arranged) return arranged;
  const columns = dims.at(-1)! / groups;
  const rows = sizeOf(dims.slice(0, -1));
  const terms = sizeOf(rhs.dims.slice(0, -1));
  const channels = lhs.dims.at(-1)! / groups;
  const words = nestParameters(nest, nestWords(nest, ownWords(output.length)));
  words.set(argumentWords([groups, channels, columns, ...windowValues(window, output, input), rows, terms]));
  const stretched = isStretched(window);
  const shader = { nest, arranged, rank: output.length, stretched };
  const direct = (): Prepared | Promise<Prepared> => {
    const items = Math.ceil(sizeOf(nest.extents) / pointsTogether(nest));
    return prepareDirect(workshop, shader, words, items, `${keyOf(shader)} direct`, directSource);
  };
  const beside = (): Prepared | Promise<Prepared> => {
    const items = rows * groups * Math.ceil(columns / neighbours);
    return prepareDirect(workshop, shader, words, items, `${keyOf(shader)} neighbours`, neighboursSource);
  };
  const product = (): Prepared | Promise<Prepared> =>
    prepareProduct(workshop, shader, words, productCall(groups, rows, columns, terms));
  const isSmall = elementType(dtype).perWord > 1 || pointsTogether(nest) > 1;
  if (isSmall || columns < fewestColumns) return direct();
  if (columns > fewColumns) return product();
  // Both are compiled: sums may be short or long with the batch.
  return andThen(together([beside(), product()]), ([own, shared]) => (terms <= fewTerms ? own! : shared!));
};

/** Binds what the nest loads, and the operands as what it loads is. */
function arrangeConvolution(
  workshop: Workshop,
  fusion: Fusion,
  nest: LoopNest,
  donated: readonly number[],
): ReturnType<typeof arrangement> {
  const { lhs, rhs, instruction } = nest.convolution!;
  const operands = [lhs, rhs].map(
    (parameter, i): NestLoad => ({
      parameter,
      dtype: instruction.operands[i]!.dtype,
      strides: [],
      offset: 0,
      movement: [],
    }),
  );
  return arrangement(workshop, fusion, { ...nest, loads: [...nest.loads, ...operands] }, donated);
}

const keyOf = ({ arranged, stretched }: ConvolutionShader): string =>
  `${arranged.key}${stretched ? " stretched" : ""}`;

/** Elements of the result that sum for themselves, by an invocation for each of `items`. */
function prepareDirect(
  { pipelines, recorder }: Workshop,
  shader: ConvolutionShader,
  words: Uint32Array,
  items: number,
  key: string,
  source: typeof directSource,
): Prepared | Promise<Prepared> {
  const { arranged } = shader;
  const workgroups = Math.ceil(items / directWorkgroup);
  const compiled = pipelines.get(key, () => source(shader));
  return andThen(compiled, (kernel) => ({
    run: arranged.arrange((buffers, site) => recorder.dispatch({ kernel, buffers, words, workgroups, site })),
  }));
}

/** As a product of [groups, positions, terms] and [groups, terms, columns]. */
function prepareProduct(
  { pipelines, recorder }: Workshop,
  shader: ConvolutionShader,
  words: Uint32Array,
  { entry, workgroups }: ReturnType<typeof productCall>,
): Prepared | Promise<Prepared> {
  const { arranged } = shader;
  const kernels = productEntries.map((each) =>
    pipelines.get(`${keyOf(shader)} ${each}`, () => productShader(each, shader)),
  );
  return andThen(together(kernels), (made) => {
    const kernel = made[productEntries.indexOf(entry)]!;
    return {
      run: arranged.arrange((buffers, site) =>
        recorder.dispatch({ kernel, buffers, words, workgroups, site }),
      ),
    };
  });
}
