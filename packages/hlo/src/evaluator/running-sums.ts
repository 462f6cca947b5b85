// Sums of columns as TensorFlow's CPU kernels make them: in the element's own precision, row after row. Source: Eigen's TensorReduction.h,
// InnerMostDimPreserver: one running sum in the Eigen of TensorFlow 1.0 to 1.15, four that take turns in that of 2.21.
import { type HloArray, numbersOf } from "./array.ts";

/**
 * How many running sums a column has: 1 as in TensorFlow 1, 4 as in TensorFlow 2 (columns of more than 16 rows; of what is left when they
 * have taken equal shares, the first takes all). The sums of many thousands of terms are then off as TensorFlow's are, which is what
 * training that must follow a recorded run needs; other sums are better.
 */
export type RunningSums = 1 | 4;

const shortColumn = 16;

/** (a + b) + (c + d) into the first of four sums. */
function join(sums: Float32Array, first: number): void {
  sums[first]! += sums[first + 1]!;
  sums[first + 2]! += sums[first + 3]!;
  sums[first]! += sums[first + 2]!;
}

/** The float32 sums of `columns` columns, whose rows follow one another in `x`. */
export function sumColumns(x: HloArray, columns: number, running: RunningSums): Float32Array {
  const from = numbersOf(x) as Float32Array;
  const rows = columns === 0 ? 0 : from.length / columns;
  const count = rows > shortColumn ? running : 1;
  const sums = new Float32Array(columns * count);
  const shared = rows - (rows % count);
  for (let row = 0; row < shared; row++)
    for (let column = 0; column < columns; column++)
      sums[column * count + (row % count)]! += from[row * columns + column]!;
  if (count === 4) for (let column = 0; column < columns; column++) join(sums, column * count);
  for (let row = shared; row < rows; row++)
    for (let column = 0; column < columns; column++) sums[column * count]! += from[row * columns + column]!;
  return count === 1 ? sums : Float32Array.from({ length: columns }, (_, column) => sums[column * count]!);
}
