// Loops over what a window covers at one output position, as convolution and reduceWindow share them. All numbers are i32
// arguments, a set of them a dimension.
import type { Window } from "@org/hlo";
import { namesOf } from "./moving-kernels.ts";

/** Arguments of each dimension: extents of output, input and window, then stride, dilation, base dilation, padding before. */
export const windowNames = (rank: number): string[] =>
  namesOf(rank, "extent", "input", "size", "stride", "dilation", "base", "low");

/** Their values. */
export function windowValues(window: Window, output: readonly number[], input: readonly number[]): number[] {
  return output.flatMap((extent, d) => [
    extent,
    input[d]!,
    window.size[d]!,
    window.strides[d]!,
    window.dilation[d]!,
    window.baseDilation[d]!,
    window.padding[d]![0],
  ]);
}

/** Whether the input is stretched: else code needs no division to find its elements. */
export const isStretched = ({ baseDilation }: Window): boolean => baseDilation.some((base) => base !== 1);

/** Statements that declare `row_<d>`, the input's row at the place `place` of the padded input, and `covered_<d>`, whether there is one. */
export function rowAtPlace(d: number, place: string, stretched: boolean): string[] {
  if (!stretched)
    return [`let row_${d} = ${place};`, `let covered_${d} = row_${d} >= 0 && row_${d} < input_${d};`];
  return [
    `let place_${d} = ${place};`,
    `let row_${d} = place_${d} / base_${d};`,
    `let covered_${d} = place_${d} >= 0 && row_${d} * base_${d} == place_${d} && row_${d} < input_${d};`,
  ];
}

/** Nested loops over the window at `at_0`, `at_1` ...: `body` runs at every tap_<d> that lies on an element, whose rows are row_<d>. */
export function overWindow(rank: number, stretched: boolean, body: readonly string[]): string[] {
  let lines = [...body];
  for (let d = rank - 1; d >= 0; d--)
    lines = [
      `for (var tap_${d} = 0i; tap_${d} < size_${d}; tap_${d}++) {`,
      ...rowAtPlace(d, `at_${d} * stride_${d} + tap_${d} * dilation_${d} - low_${d}`, stretched),
      `if (covered_${d}) {`,
      ...lines,
      "}",
      "}",
    ];
  return lines;
}

/** The row-major index of the rows, with what comes before them. */
export function rowsIndex(rank: number, before: string): string {
  let index = before;
  for (let d = 0; d < rank; d++) index = `(${index}) * input_${d} + row_${d}`;
  return index;
}
