// Convolution as a matrix product that is never written down: rows are positions of the result, terms the taps of the window
// times the channels of a group, and an element of the left operand is looked up where it is needed. Few outputs a group
// (depthwise, say) and short sums leave little to share: there each element of the result sums for itself.
import { attributesOf, type HloDType, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { argumentWords, declareArguments, prepareElements, refusal } from "./element-kernel.ts";
import { elementType, loadElement } from "./element-types.ts";
import { coordinates } from "./moving-kernels.ts";
import { andThen, type Prepared, together, type Workshop } from "./prepared.ts";
import { sumType } from "./reduce-window-kernel.ts";
import { word } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { type ProductEntry, productCall, productEntries, productSource } from "./tiled-product.ts";
import { overWindow, rowOfTap, rowsIndex, windowNames, windowValues } from "./window-places.ts";

/** Outputs of a group up to which each may sum for itself; and must, where they are fewer. */
const fewColumns = 16;
const fewestColumns = 4;
/** Terms up to which it does. */
const fewTerms = 256;

const productNames = ["parts", "channels", "outputs"];

/** lhs [N, spatial..., C], rhs [spatial..., C / groups, O]. */
export const prepareConvolution: SinglePreparer = (workshop, instruction) => {
  const { window, featureGroupCount: groups } = attributesOf(instruction, "convolution");
  const [lhs] = instruction.operands as [HloInstruction];
  const { dtype, dims } = instruction;
  const [output, input] = [dims.slice(1, -1), lhs.dims.slice(1, -1)];
  const columns = dims.at(-1)! / groups;
  if (output.length === 0) return refusal("a convolution without spatial dimensions");
  const values = windowValues(window, output, input);
  const channels = lhs.dims.at(-1)! / groups;
  const words = argumentWords([groups, channels, columns, ...values]);
  const rank = output.length;
  if (elementType(dtype).perWord > 1 || columns < fewestColumns)
    return direct(workshop, instruction, rank, words);
  const tiled = product(workshop, instruction, rank, words);
  if (columns > fewColumns) return tiled;
  // Both are compiled: sums may be short or long with the batch.
  const short = sizeOf(instruction.operands[1]!.dims.slice(0, -1)) <= fewTerms;
  return andThen(together([direct(workshop, instruction, rank, words), tiled]), ([own, shared]) =>
    short ? own! : shared!,
  );
};

/** Each element of the result by itself. */
function direct(
  workshop: Workshop,
  { dtype, dims }: HloInstruction,
  rank: number,
  words: Uint32Array,
): Prepared | Promise<Prepared> {
  const { array } = elementType(dtype);
  const sum = sumType(dtype);
  const { value } = elementType(sum);
  const elements = sizeOf(dims);
  const prepared = prepareElements(workshop, {
    key: `convolution direct ${dtype} ${rank}`,
    inputs: [array, array],
    element: { kind: "value", dtype },
    names: [...productNames, ...windowNames(rank)],
    signed: true,
    lines: (functions) => [
      "let output = index % (parts * outputs);",
      "let position = index / (parts * outputs);",
      ...coordinates(rank, "position", "image"),
      "let first_channel = output / outputs * channels;",
      `var result = ${value}(0);`,
      ...overWindow(rank, [
        `let source = u32((${rowsIndex(rank, "image")}) * (channels * parts) + first_channel);`,
        `let tap = u32(((${tapIndex(rank)}) * channels) * (parts * outputs) + output);`,
        "for (var channel = 0u; channel < u32(channels); channel++) {",
        `  result += ${loadElement(functions, dtype, "in0", "source + channel")} * ${loadElement(functions, dtype, "in1", "tap + channel * u32(parts * outputs)")};`,
        "}",
      ]),
    ],
  });
  return andThen(prepared, (run) => ({
    run: ([left, right], [to], site) => run([left!, right!], to!, elements, words, site),
  }));
}

const tapIndex = (rank: number): string => {
  let index = "0";
  for (let d = 0; d < rank; d++) index = `(${index}) * size_${d} + tap_${d}`;
  return index;
};

/** As a product of [groups, positions, terms] and [groups, terms, columns]. */
function product(
  { pipelines, recorder }: Workshop,
  { dtype, dims, operands }: HloInstruction,
  rank: number,
  values: Uint32Array,
): Prepared | Promise<Prepared> {
  const [groups, , columns] = values;
  const rows = sizeOf(dims.slice(0, -1));
  const terms = sizeOf(operands[1]!.dims.slice(0, -1));
  const call = productCall(groups!, rows, columns!, terms);
  const words = new Uint32Array([...values, rows, terms]);
  const kernels = productEntries.map((entry) =>
    pipelines.get(`convolution ${entry} ${dtype} ${rank}`, () => source(entry, dtype, rank)),
  );
  return andThen(together(kernels), (made) => ({
    run: ([left, right], [to]) =>
      recorder.dispatch({
        kernel: made[productEntries.indexOf(call.entry)]!,
        buffers: [left!, right!, to!],
        words,
        workgroups: call.workgroups,
      }),
  }));
}

function source(entry: ProductEntry, dtype: HloDType, rank: number): ReturnType<typeof productSource> {
  const type = elementType(dtype).array;
  const names = [...productNames, ...windowNames(rank)];
  const declared = declareArguments(names, true);
  const range = Array.from({ length: rank }, (_, d) => d);
  const taps = range
    .toReversed()
    .flatMap((d) => [`let tap_${d} = rest % size_${d};`, `rest = rest / size_${d};`]);
  return productSource(entry, {
    type,
    batch: "u32(parts)",
    rows: word(names.length),
    columns: "u32(outputs)",
    terms: word(names.length + 1),
    left: (batch, row, term) => `left_element(${batch}, ${row}, ${term})`,
    right: (batch, term, column) => `in1[(${term} * u32(parts) + ${batch}) * u32(outputs) + ${column}]`,
    // Channels of a position lie side by side.
    leftAlong: "term",
    rightAlong: "column",
    store: (batch, row, column, sum) => [
      `out0[(${row} * u32(parts) + ${batch}) * u32(outputs) + ${column}] = ${sum};`,
    ],
    inputs: [type, type],
    outputs: [type],
    words: names.length + 2,
    prologue: declared,
    declarations: [
      `fn left_element(batch: u32, row: u32, term: u32) -> ${type} {`,
      ...declared,
      "let channel = i32(term) % channels;",
      "var rest = i32(term) / channels;",
      ...taps,
      ...coordinates(rank, "i32(row)", "image"),
      ...range.flatMap((d) => rowOfTap(d, `at_${d}`, `tap_${d}`)),
      `if (!(${range.map((d) => `covered_${d}`).join(" && ")})) { return ${type}(0); }`,
      `return in0[u32((${rowsIndex(rank, "image")}) * (channels * parts) + i32(batch) * channels + channel)];`,
      "}",
    ],
  });
}
