// gather: slices along an axis by index. An index out of range gives 0 and a fault.
import { attributesOf, type HloDType, type HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { argumentWords, bitsAt, elementsPerWord, prepareElements } from "./element-kernel.ts";
import { faultCodes } from "./fault-record.ts";
import { andThen } from "./prepared.ts";
import type { ArrayType } from "./shader-source.ts";
import type { SinglePreparer } from "./single-kernel.ts";

/** How indices of a type are bound: 64-bit ones as two words each, the lower one first. */
export function indexArray(dtype: HloDType): ArrayType {
  return dtype === "int64" ? "u32" : "i32";
}

/**
 * Statements that declare `row`, the index at `position` as u32, and whether it is `inRange` of `extent`. `wide`: it has 64 bits.
 * A fault's value is the index, of 64 bits the nearest that 32 can say.
 */
export function readIndex(name: string, position: string, extent: string, wide: boolean): string[] {
  if (!wide) return [`let row = u32(${name}[${position}]);`, `let inRange = row < ${extent};`];
  return [
    `let row = ${name}[2u * ${position}];`,
    `let row_high = ${name}[2u * ${position} + 1u];`,
    `let inRange = row_high == 0u && row < ${extent};`,
  ];
}

/** A call that tells of the index that `readIndex` found out of range. */
export function indexFault(position: string, wide: boolean): string {
  const value = wide
    ? "select(select(0x80000000u, 0x7fffffffu, row_high < 0x80000000u), row, row_high == bitcast<u32>(bitcast<i32>(row) >> 31u))"
    : "row";
  return `fault(${faultCodes.indexOutOfRange}u, ${position}, ${value});`;
}

/** x and indices give dims x[:axis] + indices + x[axis+1:]. */
export const prepareGather: SinglePreparer = (workshop, instruction) => {
  const { axis } = attributesOf(instruction, "gather");
  const [x, indices] = instruction.operands as [HloInstruction, HloInstruction];
  const perWord = elementsPerWord(x.dtype);
  const wide = indices.dtype === "int64";
  const words = argumentWords([sizeOf(x.dims.slice(axis + 1)), sizeOf(indices.dims), x.dims[axis]!]);
  const elements = sizeOf(instruction.dims);
  const prepared = prepareElements(workshop, {
    key: `gather ${perWord} ${wide}`,
    inputs: ["u32", indexArray(indices.dtype)],
    element: { kind: "bits", perWord },
    names: ["block", "count", "extent"],
    faults: true,
    lines: () => [
      "let position = index / block % count;",
      ...readIndex("in1", "position", "extent", wide),
      "var result = 0u;",
      "if (inRange) {",
      "  let outer = index / block / count;",
      `  result = ${bitsAt("in0", "((outer * extent + row) * block + index % block)", perWord)};`,
      "} else {",
      `  ${indexFault("position", wide)}`,
      "}",
    ],
  });
  return andThen(prepared, (run) => ({
    run: (inputs, [output], site) => run(inputs, output!, elements, words, site),
  }));
};
