// Convolutions whose elements sum for themselves, each over its window; and the same with four neighbouring outputs together, which read
// the input and find their way through the window once. Parameters and what follows: convolution-source.ts.
import { argumentsOf, behind, bound, type ConvolutionShader, rowsWord } from "./convolution-source.ts";
import { elementType, loadElement } from "./element-types.ts";
import { coordinates } from "./moving-kernels.ts";
import { pointsTogether, storePoint, storeStart } from "./nest-stores.ts";
import { sumType } from "./reduce-window-kernel.ts";
import { type ShaderSource, word } from "./shader-source.ts";
import { WgslFunctions } from "./wgsl-functions.ts";
import { overWindow, rowsIndex } from "./window-places.ts";

/** Invocations of a workgroup. */
export const directWorkgroup = 256;

/** Outputs that are summed together. */
export const neighbours = 4;

const tapIndex = (rank: number): string => {
  let index = "0";
  for (let d = 0; d < rank; d++) index = `(${index}) * size_${d} + tap_${d}`;
  return index;
};

/** Lines of WGSL that add the products of one tap to `result`; `x` and `weight` load an element of either operand. */
type Accumulate = (x: (index: string) => string, weight: (index: string) => string) => readonly string[];

/** The function `convolved` of a row and an output, and of what else `parameters` says. */
function convolved(
  { nest, arranged, rank, stretched }: ConvolutionShader,
  functions: WgslFunctions,
  type: string,
  parameters: string,
  accumulate: Accumulate,
): string[] {
  const { instruction, lhs, rhs } = nest.convolution!;
  const element =
    (parameter: number) =>
    (index: string): string => {
      const { name, declared } = arranged.input(parameter);
      return loadElement(functions, instruction.dtype, name, index, declared);
    };
  return [
    `fn convolved(row: i32, output: i32${parameters}) -> ${type} {`,
    ...argumentsOf(rank),
    ...coordinates(rank, "row", "image"),
    "let first_channel = output / outputs * channels;",
    "let step = u32(parts * outputs);",
    `var result = ${type}();`,
    ...overWindow(rank, stretched, [
      `let source = u32((${rowsIndex(rank, "image")}) * (channels * parts) + first_channel);`,
      `let tap = u32(((${tapIndex(rank)}) * channels) * (parts * outputs) + output);`,
      "for (var channel = 0u; channel < u32(channels); channel++) {",
      ...accumulate(element(lhs), element(rhs)),
      "}",
    ]),
    "return result;",
    "}",
  ];
}

/** Each element by itself, of all types: an invocation makes as many as lie in a word of an output. */
export function directSource(shader: ConvolutionShader): ShaderSource {
  const { nest, rank } = shader;
  const functions = new WgslFunctions();
  const { value } = elementType(sumType(nest.convolution!.instruction.dtype));
  const each = pointsTogether(nest);
  const sum = convolved(shader, functions, value, "", (x, weight) => [
    `  result += ${x("source + channel")} * ${weight("tap + channel * step")};`,
  ]);
  return {
    ...bound(shader),
    workgroup: directWorkgroup,
    functions,
    declarations: sum,
    body: [
      `let columns = ${word(0)} * ${word(2)};`,
      `let count = ${rowsWord(rank)} * columns;`,
      `let first = (group * ${directWorkgroup}u + local) * ${each}u;`,
      ...storeStart(nest),
      `for (var i = first; i < min(first + ${each}u, count); i++) {`,
      "  let x1 = i32(i / columns);",
      "  let x2 = i32(i % columns);",
      "  let sum = convolved(x1, x2);",
      ...behind(shader, functions),
      ...storePoint(nest, functions, "count"),
      "}",
    ],
  };
}

/** Neighbouring outputs of a group together, of types of 32 bits: the last invocation of a group may have fewer. */
export function neighboursSource(shader: ConvolutionShader): ShaderSource {
  const { nest, rank } = shader;
  const functions = new WgslFunctions();
  const type = `vec4<${elementType(nest.convolution!.instruction.dtype).value}>`;
  const weights = (weight: (index: string) => string): string =>
    ["x", "y", "z", "w"].map((lane) => weight(`at.${lane}`)).join(", ");
  // Where there are fewer, the last one is computed again.
  const sums = convolved(shader, functions, type, ", others: vec4<u32>", (x, weight) => [
    "  let at = tap + channel * step + others;",
    `  result += ${x("source + channel")} * ${type}(${weights(weight)});`,
  ]);
  return {
    ...bound(shader),
    workgroup: directWorkgroup,
    functions,
    declarations: sums,
    body: [
      `let parts = ${word(0)};`,
      `let columns = ${word(2)};`,
      `let blocks = (columns + ${neighbours - 1}u) / ${neighbours}u;`,
      `let item = group * ${directWorkgroup}u + local;`,
      "let row = item / (parts * blocks);",
      `if (row >= ${rowsWord(rank)}) { return; }`,
      `let first = item % blocks * ${neighbours}u;`,
      "let output = item / blocks % parts * columns + first;",
      `let own = min(${neighbours}u, columns - first);`,
      "let sums = convolved(i32(row), i32(output), min(vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(own - 1u)));",
      "for (var j = 0u; j < own; j++) {",
      "  let i = row * (parts * columns) + output + j;",
      "  let x1 = i32(row);",
      "  let x2 = i32(output + j);",
      "  let sum = sums[j];",
      ...behind(shader, functions),
      ...storePoint(nest, functions, "0u"),
      "}",
    ],
  };
}
