// Sums of columns in the order, and with the rounding, of TensorFlow 1's and 2's kernels.
import { describe, expect, it } from "vitest";
import { evaluate, HloBuilder, type RunningSums } from "../src/index.ts";

const step = 2 ** -23;

/** The sum over rows of a column of 1 and 20 numbers that are half of what 1 can grow by, twice side by side. */
function sumOfColumn(dimensions: readonly number[], runningSums?: RunningSums): number[] {
  const b = new HloBuilder("columns");
  const shape = dimensions.length === 1 ? [21, 2] : [3, 7, 2];
  const x = b.parameter("float32", shape);
  const computation = b.build([b.reduce(x, "add", dimensions)]);
  const data = Float32Array.from({ length: 42 }, (_, i) => (i < 2 ? 1 : step / 2));
  const options = runningSums ? { runningSums } : {};
  const [sums] = evaluate(computation, [{ dtype: "float32", shape, data }], options);
  return [...(sums!.data as Float32Array)];
}

describe("sums of columns", () => {
  it.each([[[0]], [[0, 1]]])("are near to the true ones (dimensions %j)", (dimensions) => {
    expect(sumOfColumn(dimensions)).toEqual([1 + 10 * step, 1 + 10 * step]);
  });
  it.each([[[0]], [[0, 1]]])(
    "lose what TensorFlow 1 loses: one running sum (dimensions %j)",
    (dimensions) => {
      expect(sumOfColumn(dimensions, 1)).toEqual([1, 1]);
    },
  );
  it.each([[[0]], [[0, 1]]])("are TensorFlow 2's: four that take turns (dimensions %j)", (dimensions) => {
    // 1, and three of five halves: (1 + 2.5) + (2.5 + 2.5), each rounded to even, and the last row.
    expect(sumOfColumn(dimensions, 4)).toEqual([1 + 8 * step, 1 + 8 * step]);
  });
  it("of nothing are zeros, without columns nothing", () => {
    for (const shape of [
      [0, 3],
      [3, 0],
    ]) {
      const b = new HloBuilder("nothing");
      const x = b.parameter("float32", shape);
      const computation = b.build([b.reduce(x, "add", [0])]);
      const input = { dtype: "float32" as const, shape, data: new Float32Array(0) };
      const [sums] = evaluate(computation, [input], { runningSums: 4 });
      expect([...(sums!.data as Float32Array)]).toEqual(Array(shape[1]!).fill(0));
    }
  });
});
