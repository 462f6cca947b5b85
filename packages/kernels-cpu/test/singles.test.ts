import { type Combiner, evaluate, type HloBuilder, type HloDType, hloDTypes, isFloat } from "@org/hlo";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { backend, build, expectSame, inputsFor, runOnCpu } from "./compare.ts";

type Value = ReturnType<HloBuilder["parameter"]>;
const tolerance = (dtype: HloDType): number => (dtype === "float16" || dtype === "bfloat16" ? 0.05 : 1e-6);
const int32 = (...values: number[]) => ndArray("int32", [values.length], Int32Array.from(values));
const int64 = (...values: number[]) => ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));

const combiners: readonly Combiner[] = ["set", "add", "subtract", "multiply", "divide", "maximum", "minimum"];

describe("single kernels", () => {
  for (const dtype of hloDTypes) {
    const same = (name: string, make: (b: HloBuilder) => Value, donated?: readonly number[]): void => {
      const computation = build(`${name} ${dtype}`, (b) => [make(b)]);
      expectSame("single", computation, inputsFor(computation, 11), {
        tolerance: tolerance(dtype),
        ...(donated && { donated }),
      });
    };

    it(`pad, concatenate and reshape of ${dtype}`, () => {
      const padded = (low: number[], high: number[], interior: number[]) =>
        same("pad", (b) =>
          b.pad(b.parameter(dtype, [4, 5]), b.parameter(dtype, []), { low, high, interior }),
        );
      padded([1, 2], [3, 0], [0, 0]);
      padded([1, -1], [-2, 2], [0, 0]);
      padded([0, 1], [1, 0], [2, 1]);
      padded([-3, 0], [2, -3], [1, 0]);
      for (const dimension of [0, 1, 2])
        same("concatenate", (b) =>
          b.concatenate(
            [1, 3, 2].map((n) =>
              b.parameter(
                dtype,
                [3, 4, 5].map((dim, d) => (d === dimension ? n : dim)),
              ),
            ),
            dimension,
          ),
        );
      same("reshape", (b) => b.reshape(b.parameter(dtype, [3, 4]), [2, 6]));
      same("reshape", (b) => b.reshape(b.parameter(dtype, [3, 4]), [2, 6]), [0]);
    });

    it(`gather and scatter of ${dtype}`, () => {
      for (const shape of [[6], [6, 1], [6, 3], [6, 5, 7], [6, 200]]) {
        for (const indices of [int32(0, 5, 2, 2, 1), int64(3, 0, 3, 3)]) {
          const gather = build(`gather ${dtype}`, (b) => [
            b.gather(b.parameter(dtype, shape), b.parameter(indices.dtype as HloDType, indices.shape), 0),
          ]);
          expectSame("single", gather, [inputsFor(gather, 12)[0]!, indices]);
          for (const combiner of combiners) {
            if (dtype === "bool" && combiner !== "set") continue;
            const scatter = build(`scatter ${combiner} ${dtype}`, (b) => [
              b.scatter(
                b.parameter(dtype, shape),
                b.parameter(indices.dtype as HloDType, indices.shape),
                b.parameter(dtype, [...indices.shape, ...shape.slice(1)]),
                combiner,
              ),
            ]);
            const [x, , updates] = inputsFor(scatter, 13);
            const inputs = [x!, indices, updates!];
            if (combiner === "divide" && !isFloat(dtype))
              (updates!.data as Int32Array).fill((typeof updates!.data[0] === "bigint" ? 3n : 3) as never);
            expectSame("single", scatter, inputs, { tolerance: 0.05 });
            if (combiner !== "divide")
              expectSame("single", scatter, inputs, { tolerance: 0.05, donated: [0] });
          }
        }
      }
      const columns = build(`columns ${dtype}`, (b) => [
        b.gather(b.parameter(dtype, [3, 6, 2]), b.parameter("int32", [2, 2]), 1),
      ]);
      expectSame("single", columns, [
        inputsFor(columns, 14)[0]!,
        ndArray("int32", [2, 2], Int32Array.of(5, 0, 2, 2)),
      ]);
    });

    it(`dynamicSlice and dynamicUpdateSlice of ${dtype}`, () => {
      const starts = [1, 9].map((start) => ndArray("int32", [], Int32Array.of(start)));
      const slice = build(`slice ${dtype}`, (b) => [
        b.dynamicSlice(
          b.parameter(dtype, [5, 8]),
          [b.parameter("int32", []), b.parameter("int32", [])],
          [3, 4],
        ),
      ]);
      expectSame("single", slice, [inputsFor(slice, 15)[0]!, ...starts]);
      const update = build(`update ${dtype}`, (b) => [
        b.dynamicUpdateSlice(b.parameter(dtype, [5, 8]), b.parameter(dtype, [2, 3]), [
          b.parameter("int32", []),
          b.parameter("int32", []),
        ]),
      ]);
      const inputs = [...inputsFor(update, 16).slice(0, 2), ...starts];
      expectSame("single", update, inputs);
      expectSame("single", update, inputs, { donated: [0] });
    });

    it(`argReduce, cumulative and sort of ${dtype}`, () => {
      if (dtype === "bool") return;
      for (const dimension of [0, 1, 2]) {
        for (const reducer of ["maximum", "minimum"] as const)
          same("argReduce", (b) => b.argReduce(b.parameter(dtype, [3, 7, 5]), reducer, dimension));
        for (const reducer of ["add", "multiply", "maximum"] as const)
          for (const [exclusive, reverse] of [
            [false, false],
            [true, false],
            [false, true],
            [true, true],
          ] as const) {
            if (reducer === "multiply" && dtype !== "float64" && dtype !== "int32") continue;
            same("cumulative", (b) =>
              b.cumulative(b.parameter(dtype, [3, 7, 5]), reducer, dimension, { exclusive, reverse }),
            );
          }
      }
      if (!backend.supports("sort", [dtype, dtype])) return;
      const sorted = (descending: boolean) =>
        build(`sort ${dtype}`, (b) => {
          const x = b.parameter(dtype, [3, 20]);
          const tuple = b.sort([x, b.parameter("int32", [3, 20])], { descending });
          return [b.getTupleElement(tuple, 1), b.getTupleElement(tuple, 0)];
        });
      for (const descending of [false, true])
        expectSame("single", sorted(descending), inputsFor(sorted(descending), 17));
    });
  }

  it("random bits are the evaluator's, across a carry", () => {
    for (const count of [1, 4, 7, 1000]) {
      const computation = build("bits", (b) => [
        b.rngBitGenerator(b.parameter("uint32", [2]), b.parameter("uint32", [4]), [count]),
      ]);
      const key = ndArray("uint32", [2], Uint32Array.of(0x12345678, 0xdeadbeef));
      const counter = ndArray("uint32", [4], Uint32Array.of(0xfffffffe, 0xffffffff, 7, 0));
      expect(runOnCpu("single", computation, [key, counter]).results[0]!.data).toEqual(
        evaluate(computation, [key, counter])[0]!.data,
      );
    }
  });

  it("argReduce skips NaN", () => {
    const computation = build("argmax", (b) => [b.argReduce(b.parameter("float32", [4]), "maximum", 0)]);
    const nan = Number.NaN;
    for (const values of [
      [nan, 1, 3, nan],
      [nan, nan, nan, nan],
      [nan, Number.NEGATIVE_INFINITY, nan, nan],
      [2, 5, 5, 1],
    ]) {
      const x = ndArray("float32", [4], Float32Array.from(values));
      expect(runOnCpu("single", computation, [x]).results[0]!.data).toEqual(
        evaluate(computation, [x])[0]!.data,
      );
    }
  });

  it("reports an index out of range, gathers 0 for it, skips it in a scatter", () => {
    const x = ndArray("float32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    for (const bad of [int32(1, 3, -1), int64(1, 3, -1)]) {
      const gather = build("gather", (b) => [
        b.gather(b.parameter("float32", [3, 2]), b.parameter(bad.dtype as HloDType, [3]), 0),
      ]);
      const gathered = runOnCpu("single", gather, [x, bad]);
      expect([...(gathered.results[0]!.data as Float32Array)]).toEqual([3, 4, 0, 0, 0, 0]);
      expect(gathered.fault).toEqual({ reason: "indexOutOfRange", site: 7, value: 3, position: 1 });
      const scatter = build("scatter", (b) => [
        b.scatter(
          b.parameter("float32", [3, 2]),
          b.parameter(bad.dtype as HloDType, [3]),
          b.parameter("float32", [3, 2]),
          "add",
        ),
      ]);
      const scattered = runOnCpu("single", scatter, [x, bad, x]);
      expect([...(scattered.results[0]!.data as Float32Array)]).toEqual([1, 2, 4, 6, 5, 6]);
      expect(scattered.fault?.value).toBe(3);
    }
  });

  it("takes constants as operands", () => {
    const computation = build("pad", (b) => [
      b.pad(b.parameter("float32", [3]), b.scalar("float32", 9), { low: [1], high: [2] }),
    ]);
    expectSame("single", computation, inputsFor(computation, 3));
  });
});
