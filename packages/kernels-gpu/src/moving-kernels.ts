// pad, concatenate, dynamicSlice, dynamicUpdateSlice: elements are moved as bits, whatever their type. Every place of the
// result looks for the element that belongs there, so that nothing has to be cleared first.
import { attributesOf, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import {
  argumentWords,
  bitsAt,
  type ElementRun,
  elementsPerWord,
  prepareElements,
  refusal,
} from "./element-kernel.ts";
import { andThen } from "./prepared.ts";
import type { SinglePreparer } from "./single-kernel.ts";

/** Row-major strides in elements. */
export function denseStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let d = dims.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * dims[d + 1]!;
  return strides;
}

/** `extent_0`, `extent_1` ...: one name a dimension for each of `kinds`. */
export function namesOf(rank: number, ...kinds: readonly string[]): string[] {
  return Array.from({ length: rank }, (_, d) => kinds.map((kind) => `${kind}_${d}`)).flat();
}

/**
 * Statements that take `from` apart into `at_0`, `at_1` ..., a coordinate a dimension of extents `extent_0` ...; what is before
 * the first one is called `outer`, where it is named.
 */
export function coordinates(rank: number, from = "index", outer?: string): string[] {
  if (rank === 0) return outer === undefined ? [] : [`let ${outer} = ${from};`];
  const lines = [`var rest_at = ${from};`];
  for (let d = rank - 1; d > 0; d--)
    lines.push(`let at_${d} = rest_at % extent_${d};`, `rest_at = rest_at / extent_${d};`);
  if (outer === undefined) lines.push("let at_0 = rest_at;");
  else lines.push("let at_0 = rest_at % extent_0;", `let ${outer} = rest_at / extent_0;`);
  return lines;
}

const range = (rank: number): number[] => Array.from({ length: rank }, (_, d) => d);

/** x inside edges and gaps of a value. */
export const preparePad: SinglePreparer = (workshop, instruction) => {
  const { low, interior } = attributesOf(instruction, "pad");
  const { dtype, dims } = instruction;
  const x = instruction.operands[0]!;
  const rank = dims.length;
  const perWord = elementsPerWord(dtype);
  const strides = denseStrides(x.dims);
  const values = dims.flatMap((extent, d) => [extent, x.dims[d]!, low[d]!, interior[d]! + 1, strides[d]!]);
  return elementwise(workshop, instruction, values, {
    key: `pad ${rank} ${perWord}`,
    inputs: ["u32", "u32"],
    element: { kind: "bits", perWord },
    names: namesOf(rank, "extent", "input", "low", "step", "stride"),
    signed: true,
    lines: () => [
      ...coordinates(rank),
      "var inside = true;",
      "var source = 0i;",
      ...range(rank).flatMap((d) => [
        `let place_${d} = at_${d} - low_${d};`,
        `let row_${d} = place_${d} / step_${d};`,
        `inside = inside && place_${d} >= 0 && row_${d} * step_${d} == place_${d} && row_${d} < input_${d};`,
        `source += row_${d} * stride_${d};`,
      ]),
      `var result = ${bitsAt("in1", "0u", perWord)};`,
      `if (inside) { result = ${bitsAt("in0", "u32(source)", perWord)}; }`,
    ],
  });
};

/** A part of an array, whose start is known on the device alone. */
export const prepareDynamicSlice: SinglePreparer = (workshop, instruction) => {
  const { dtype, dims } = instruction;
  const x = instruction.operands[0]!;
  const rank = dims.length;
  const perWord = elementsPerWord(dtype);
  const strides = denseStrides(x.dims);
  const values = dims.flatMap((extent, d) => [extent, x.dims[d]!, strides[d]!]);
  return elementwise(workshop, instruction, values, {
    key: `dynamicSlice ${rank} ${perWord}`,
    inputs: ["u32", ...range(rank).map(() => "i32" as const)],
    element: { kind: "bits", perWord },
    names: namesOf(rank, "extent", "input", "stride"),
    signed: true,
    lines: () => [
      ...coordinates(rank),
      ...range(rank).map((d) => `let start_${d} = clamp(in${d + 1}[0], 0, input_${d} - extent_${d});`),
      `let source = u32(0${range(rank)
        .map((d) => ` + (start_${d} + at_${d}) * stride_${d}`)
        .join("")});`,
      `let result = ${bitsAt("in0", "source", perWord)};`,
    ],
  });
};

/** An array with a block replaced; in place where the array's buffer is the result's. */
export const prepareDynamicUpdateSlice: SinglePreparer = (workshop, instruction, _, inPlace) => {
  const { dtype, dims } = instruction;
  const block = instruction.operands[1]!;
  const rank = dims.length;
  const perWord = elementsPerWord(dtype);
  const strides = denseStrides(block.dims);
  const values = dims.flatMap((extent, d) => [extent, block.dims[d]!, strides[d]!]);
  const [array, update, starts] = inPlace ? ["out0", 0, 1] : ["in0", 1, 2];
  return elementwise(
    workshop,
    instruction,
    values,
    {
      key: `dynamicUpdateSlice ${rank} ${perWord} ${inPlace}`,
      inputs: [...(inPlace ? [] : ["u32" as const]), "u32", ...range(rank).map(() => "i32" as const)],
      element: { kind: "bits", perWord },
      names: namesOf(rank, "extent", "block", "stride"),
      signed: true,
      lines: () => [
        ...coordinates(rank),
        "var inside = true;",
        "var source = 0i;",
        ...range(rank).flatMap((d) => [
          `let place_${d} = at_${d} - clamp(in${starts + d}[0], 0, extent_${d} - block_${d});`,
          `inside = inside && place_${d} >= 0 && place_${d} < block_${d};`,
          `source += place_${d} * stride_${d};`,
        ]),
        `var result = ${bitsAt(array, "u32(index)", perWord)};`,
        `if (inside) { result = ${bitsAt(`in${update}`, "u32(source)", perWord)}; }`,
      ],
    },
    inPlace ? 1 : 0,
  );
};

/** Prepares a kernel over all elements of the result; its inputs are the operands from `first` on. */
function elementwise(
  workshop: Parameters<SinglePreparer>[0],
  instruction: HloInstruction,
  values: readonly number[],
  kernel: Parameters<typeof prepareElements>[1],
  first = 0,
): ReturnType<SinglePreparer> {
  const { opcode, dtype, dims } = instruction;
  if (kernel.inputs.length + 1 > workshop.limits.maxStorageBuffersPerShaderStage)
    return refusal(`${opcode} of ${dtype} with ${kernel.inputs.length} operands`);
  const words = argumentWords(values);
  const elements = sizeOf(dims);
  return andThen(prepareElements(workshop, kernel), (run: ElementRun) => ({
    run: (inputs, [output], site) => run(inputs.slice(first), output!, elements, words, site),
  }));
}
