// Writing a nest's results. Outputs are dense, so the position of a point among the outer ones is its place in every output.
// Small elements share words: one invocation makes all points of a word, one after another, and writes it at the last one.
import type { LoopNest } from "@org/hlo";
import { elementBits, elementType } from "./element-types.ts";
import type { WgslFunctions } from "./wgsl-functions.ts";

/** Points that one invocation makes: as many as lie in a word of the smallest output. */
export function pointsTogether({ stores }: Pick<LoopNest, "stores">): number {
  return Math.max(...stores.map(({ dtype }) => elementType(dtype).perWord));
}

/** Before the points of an invocation: the words that they share. */
export function storeStart({ stores }: Pick<LoopNest, "stores">): string[] {
  return stores.flatMap(({ output, dtype }) =>
    elementType(dtype).perWord > 1 ? [`var word${output} = 0u;`] : [],
  );
}

/** The stores of the point at position `i` of `count` (u32 expressions). */
export function storePoint(
  { stores }: Pick<LoopNest, "stores">,
  functions: WgslFunctions,
  count: string,
): string[] {
  return stores.flatMap(({ output, dtype, value }) => {
    const { perWord } = elementType(dtype);
    const bits = elementBits(functions, dtype, `v${value}`);
    if (perWord === 1) return [`out${output}[i] = ${bits};`];
    const word = `word${output}`;
    return [
      `${word} |= ${bits} << ((i % ${perWord}u) * ${32 / perWord}u);`,
      `if (i % ${perWord}u == ${perWord - 1}u || i + 1u == ${count}) { out${output}[i / ${perWord}u] = ${word}; ${word} = 0u; }`,
    ];
  });
}
