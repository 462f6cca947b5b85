// A convolution [N, spatial..., C] by [spatial..., C / groups, O] as the shaders of a product: rows are positions of the result, terms the
// taps of the window times the channels of a group, and an element of the left operand is looked up where it is needed. Behind it stands
// the nest: what follows, and the stores. And what these shaders share with convolution-direct.ts.
//
//   words: groups, channels and outputs of a group, the window (window-places.ts), rows, terms; then the nest's
import type { HloInstruction, LoopNest } from "@org/hlo";
import type { Arrangement } from "./arrangement.ts";
import { declareArguments } from "./element-kernel.ts";
import { elementType, loadElement } from "./element-types.ts";
import { coordinates } from "./moving-kernels.ts";
import { nestBody, nestMayFault } from "./nest-body.ts";
import { nestWords } from "./nest-parameters.ts";
import { storePoint } from "./nest-stores.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import { type ProductEntry, productSource } from "./tiled-product.ts";
import { WgslFunctions } from "./wgsl-functions.ts";
import { rowAtPlace, rowsIndex, windowNames } from "./window-places.ts";

/** What both shaders are made from. */
export interface ConvolutionShader {
  readonly nest: LoopNest;
  readonly arranged: Arrangement;
  /** Spatial dimensions. */
  readonly rank: number;
  /** Whether the input is dilated: see window-places.ts. */
  readonly stretched: boolean;
}

const names = (rank: number): string[] => ["parts", "channels", "outputs", ...windowNames(rank)];

/** The words of the window and of a group by their names, i32. */
export const argumentsOf = (rank: number): string[] => declareArguments(names(rank), true);

/** Words before the nest's. */
export const ownWords = (rank: number): number => names(rank).length + 2;
export const rowsWord = (rank: number): string => word(names(rank).length);
const termsWord = (rank: number): string => word(names(rank).length + 1);

/** The convolution's value of its type: halves are rounded once, small integers wrap. */
function finished(functions: WgslFunctions, { dtype }: HloInstruction): string {
  return elementType(dtype).perWord === 1 ? "sum" : functions.call(`round_${dtype}`, "sum");
}

/** What follows at x1, x2 of the value in `sum`, at position `i` of the result. */
export function behind({ nest, arranged, rank }: ConvolutionShader, functions: WgslFunctions): string[] {
  const given = finished(functions, nest.convolution!.instruction);
  const bindings = { input: arranged.input, given: () => given };
  return [
    "let x0 = 0i;",
    ...nestBody(nest, functions, nestWords(nest, ownWords(rank)), bindings, 0, nest.ops.length, 3),
  ];
}

/** The parts of a shader that are the arrangement's and the nest's. */
export function bound({
  nest,
  arranged,
  rank,
}: ConvolutionShader): Pick<ShaderSource, "inputs" | "outputs" | "words" | "faults"> {
  return {
    inputs: arranged.inputTypes,
    outputs: arranged.outputTypes,
    words: nestWords(nest, ownWords(rank)).length,
    faults: nestMayFault(nest),
  };
}

/** The shader `entry` of the product, of types of 32 bits. */
export function productShader(entry: ProductEntry, shader: ConvolutionShader): ShaderSource {
  const { nest, arranged, rank, stretched } = shader;
  const functions = new WgslFunctions();
  const { lhs, rhs, instruction } = nest.convolution!;
  const type = elementType(instruction.dtype).array;
  const declared = argumentsOf(rank);
  const range = Array.from({ length: rank }, (_, d) => d);
  const taps = range
    .toReversed()
    .flatMap((d) => [`let tap_${d} = rest % size_${d};`, `rest = rest / size_${d};`]);
  const operand = (parameter: number, index: string): string => {
    const { name, declared: as } = arranged.input(parameter);
    return loadElement(functions, instruction.dtype, name, index, as);
  };
  return productSource(entry, {
    ...bound(shader),
    functions,
    type,
    batch: "u32(parts)",
    rows: rowsWord(rank),
    columns: "u32(outputs)",
    terms: termsWord(rank),
    left: (batch, row, term) => `left_element(${batch}, ${row}, ${term})`,
    right: (batch, term, column) =>
      operand(rhs, `(${term} * u32(parts) + ${batch}) * u32(outputs) + ${column}`),
    // Channels of a position lie side by side.
    leftAlong: "term",
    rightAlong: "column",
    store: (batch, row, column, sum) => [`finish(${row}, ${batch} * u32(outputs) + ${column}, ${sum});`],
    prologue: declared,
    declarations: [
      `fn left_element(batch: u32, row: u32, term: u32) -> ${type} {`,
      ...declared,
      "let channel = i32(term) % channels;",
      "var rest = i32(term) / channels;",
      ...taps,
      ...coordinates(rank, "i32(row)", "image"),
      ...range.flatMap((d) =>
        rowAtPlace(d, `at_${d} * stride_${d} + tap_${d} * dilation_${d} - low_${d}`, stretched),
      ),
      `if (!(${range.map((d) => `covered_${d}`).join(" && ")})) { return ${type}(0); }`,
      `return ${operand(lhs, `u32((${rowsIndex(rank, "image")}) * (channels * parts) + i32(batch) * channels + channel)`)};`,
      "}",
      `fn finish(row: u32, column: u32, sum: ${type}) {`,
      `  let i = row * (${word(0)} * ${word(2)}) + column;`,
      "  let x1 = i32(row);",
      "  let x2 = i32(column);",
      ...behind(shader, functions),
      ...storePoint(nest, functions, "0u"),
      "}",
    ],
  });
}
