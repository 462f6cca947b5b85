// sort: a merge sort of positions along the last dimension. A dispatch merges pairs of sorted runs: each element's place is its own in
// its run and, found by halving, what comes before it in the other one. Ties go to the left run, so the order is stable. Keys are
// compared as words whose order is that of the numbers: NaN is the greatest, zeros are equal.
import { attributesOf, type HloDType } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import {
  argumentWords,
  bitsAt,
  declareArguments,
  elementsPerWord,
  prepareElements,
  refusal,
} from "./element-kernel.ts";
import { andThen, together } from "./prepared.ts";
import type { ShaderSource } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { WgslFunctions } from "./wgsl-functions.ts";

const workgroup = 256;

/** Statements that make the key of `bits`, as it stands in memory, a word. */
const keyWord: Readonly<Partial<Record<HloDType, readonly string[]>>> = {
  uint32: ["return bits;"],
  int32: ["return bits ^ 0x80000000u;"],
  float32: [
    "let magnitude = bits & 0x7fffffffu;",
    "if (magnitude > 0x7f800000u) { return 0xffffffffu; }",
    "if (magnitude == 0u) { return 0x80000000u; }",
    "return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);",
  ],
};

/** Whether there is an order of words for keys of this type. */
export const isSortable = (dtype: HloDType): boolean => keyWord[dtype] !== undefined;

/** `in0` keys, `in1` positions in runs of `width`, `out0` positions in runs of twice that. The first of all counts for itself. */
function mergeSource(dtype: HloDType, descending: boolean, first: boolean): ShaderSource {
  const position = (at: string): string => (first ? `(${at} % length)` : `in1[${at}]`);
  const invert = descending ? "~" : "";
  return {
    inputs: first ? ["u32"] : ["u32", "u32"],
    outputs: ["u32"],
    words: 3,
    workgroup,
    functions: new WgslFunctions(),
    declarations: ["fn key_of(bits: u32) -> u32 {", ...keyWord[dtype]!.map((line) => `  ${line}`), "}"],
    body: [
      ...declareArguments(["count", "length", "width"]),
      `let i = group * ${workgroup}u + local;`,
      "if (i >= count) { return; }",
      "let row = i / length * length;",
      "let column = i - row;",
      "let pair = column / (2u * width) * (2u * width);",
      "let middle = min(pair + width, length);",
      "let end = min(pair + 2u * width, length);",
      "let isLeft = column < middle;",
      `let own = ${position("i")};`,
      `let key = ${invert}key_of(in0[row + own]);`,
      "let begin = select(pair, middle, isLeft);",
      "var low = begin;",
      "var high = select(middle, end, isLeft);",
      "while (low < high) {",
      "  let half = (low + high) / 2u;",
      `  let other = ${invert}key_of(in0[row + ${position("(row + half)")}]);`,
      "  if (other < key || (other == key && !isLeft)) { low = half + 1u; } else { high = half; }",
      "}",
      "let before = column - select(middle, pair, isLeft);",
      "out0[row + pair + before + low - begin] = own;",
    ],
  };
}

/** The keys, and other operands in the same order. */
export const prepareSort: SinglePreparer = (workshop, instruction) => {
  const { pipelines, recorder, memory } = workshop;
  const { descending } = attributesOf(instruction, "sort");
  const { operands } = instruction;
  const keys = operands[0]!;
  if (!isSortable(keys.dtype)) return refusal(`sort of ${keys.dtype}`);
  const length = keys.dims.at(-1)!;
  const count = sizeOf(keys.dims);
  const kernels = together(
    [true, false].map((first) =>
      pipelines.get(`sort ${keys.dtype} ${descending} ${first}`, () =>
        mergeSource(keys.dtype, descending, first),
      ),
    ),
  );
  const takes = together(
    operands.map(({ dtype }) => {
      const perWord = elementsPerWord(dtype);
      return prepareElements(workshop, {
        key: `sorted ${perWord}`,
        inputs: ["u32", "u32"],
        element: { kind: "bits", perWord },
        names: ["length"],
        lines: () => [
          "let source = index / length * length + in1[index];",
          `let result = ${bitsAt("in0", "source", perWord)};`,
        ],
      });
    }),
  );
  const own = argumentWords([length]);
  const widths: number[] = [];
  for (let width = 1; width < Math.max(length, 2); width *= 2) widths.push(width);
  const passes = widths.map((width) => argumentWords([count, length, width]));
  const workgroups = Math.ceil(count / workgroup);
  return andThen(together<unknown>([kernels, takes]), (made) => {
    const [[first, next], take] = made as [Awaited<typeof kernels>, Awaited<typeof takes>];
    return {
      run: (inputs, outputs, site) => {
        let [order, other] = [memory.allocate(count * 4), memory.allocate(count * 4)];
        passes.forEach((words, i) => {
          if (i === 0) {
            recorder.dispatch({ kernel: first!, buffers: [inputs[0]!, order], words, workgroups });
            return;
          }
          recorder.dispatch({ kernel: next!, buffers: [inputs[0]!, order, other], words, workgroups });
          [order, other] = [other, order];
        });
        outputs.forEach((output, k) => {
          if (output) take[k]!([inputs[k]!, order], output, count, own, site);
        });
        memory.release(order);
        memory.release(other);
      },
    };
  });
};
