// concatenate: every place of the result finds the operand that it comes from. A dispatch reads as many operands as can be
// bound at once and leaves the places of all others as they are.
import { attributesOf } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import {
  argumentWords,
  bitsAt,
  type ElementKernel,
  elementsPerWord,
  prepareElements,
} from "./element-kernel.ts";
import { namesOf } from "./moving-kernels.ts";
import { andThen, together } from "./prepared.ts";
import type { SinglePreparer } from "./single-kernel.ts";

/** A kernel for `count` operands, all of the result's or a part of them. */
function kernelFor(count: number, all: boolean, perWord: number): ElementKernel {
  const own = Array.from({ length: count }, (_, i) => i);
  return {
    key: `concatenate ${count} ${all} ${perWord}`,
    inputs: own.map(() => "u32"),
    element: { kind: "bits", perWord },
    names: ["extent", "inner", ...namesOf(count, "start", "size")],
    lines: () => [
      "let row = index / inner % extent;",
      "let outer = index / inner / extent;",
      `var result = ${all ? "0u" : bitsAt("out0", "index", perWord)};`,
      ...own.map((i) => {
        const from = `((outer * size_${i} + row - start_${i}) * inner + index % inner)`;
        return `if (row >= start_${i} && row - start_${i} < size_${i}) { result = ${bitsAt(`in${i}`, from, perWord)}; }`;
      }),
    ],
  };
}

/** Operands one after the other along a dimension. */
export const prepareConcatenate: SinglePreparer = (workshop, instruction) => {
  const { dimension } = attributesOf(instruction, "concatenate");
  const { dtype, dims, operands } = instruction;
  const perWord = elementsPerWord(dtype);
  const inner = sizeOf(dims.slice(dimension + 1));
  const most = workshop.limits.maxStorageBuffersPerShaderStage - 1;
  const elements = sizeOf(dims);
  let start = 0;
  const places = operands.map((operand) => {
    const size = operand.dims[dimension]!;
    const place = [start, size];
    start += size;
    return place;
  });
  const parts: { first: number; count: number; words: Uint32Array }[] = [];
  for (let first = 0; first < operands.length; first += most) {
    const own = places.slice(first, first + most);
    const words = argumentWords([dims[dimension]!, inner, ...own.flat()]);
    parts.push({ first, count: own.length, words });
  }
  const runs = together(
    parts.map(({ count }) => prepareElements(workshop, kernelFor(count, count === operands.length, perWord))),
  );
  return andThen(runs, (made) => ({
    run: (inputs, [output], site) =>
      parts.forEach(({ first, count, words }, i) => {
        made[i]!(inputs.slice(first, first + count), output!, elements, words, site);
      }),
  }));
};
