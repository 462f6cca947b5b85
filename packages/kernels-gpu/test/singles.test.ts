// Kernels of single instructions, beyond what the published suite has: donation, 64-bit indices, faults, sizes around
// workgroups, constants as operands, many operands.
import type { Combiner, HloBuilder, HloDType, Window } from "@org/hlo";
import { type NdArray, ndArray } from "@org/tensor";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gpu } from "../src/index.ts";
import { build, expectSame, inputsFor, random, runOn } from "./compare.ts";
import { describeGpu } from "./webgpu.ts";

type Value = ReturnType<HloBuilder["parameter"]>;
const int32 = (...values: number[]): NdArray => ndArray("int32", [values.length], Int32Array.from(values));
const int64 = (...values: number[]): NdArray =>
  ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));
const float32 = (...values: number[]): NdArray =>
  ndArray("float32", [values.length], Float32Array.from(values));

await describeGpu("single kernels", (root) => {
  let backend: Awaited<ReturnType<typeof gpu>>;
  beforeAll(async () => {
    backend = await gpu({ gpu: root });
  });
  afterAll(() => backend.close());
  const same = (make: (b: HloBuilder) => Value, seed = 3): Promise<void> => {
    const computation = build((b) => [make(b)]);
    return expectSame(backend, "single", computation, inputsFor(computation, seed));
  };

  for (const dtype of ["float32", "bool", "int8"] as const)
    it(`pad and concatenate of ${dtype}`, async () => {
      const edges = [
        [
          [1, 2],
          [3, 0],
          [0, 0],
        ],
        [
          [1, -1],
          [-2, 2],
          [0, 0],
        ],
        [
          [0, 1],
          [1, 0],
          [2, 1],
        ],
        [
          [-3, 0],
          [2, -3],
          [1, 0],
        ],
      ] as [number[], number[], number[]][];
      for (const [low, high, interior] of edges)
        await same((b) => b.pad(b.parameter(dtype, [4, 5]), b.parameter(dtype, []), { low, high, interior }));
      for (const dimension of [0, 1, 2])
        await same((b) =>
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
    });

  it("concatenates more operands than can be bound at once", async () => {
    for (const dtype of ["int32", "bool"] as const)
      await same((b) =>
        b.concatenate(
          Array.from({ length: 23 }, (_, i) => b.parameter(dtype, [3, i % 4])),
          1,
        ),
      );
  });

  it("concatenates an array with itself", () =>
    same((b) => {
      const x = b.parameter("float32", [3, 2]);
      return b.concatenate([x, x], 0);
    }));

  it("takes constants as operands", () =>
    same((b) => b.pad(b.parameter("float32", [3]), b.scalar("float32", 9), { low: [1], high: [2] })));

  it("gathers along any axis, by 32 and 64 bits", async () => {
    for (const [shape, axis] of [
      [[6], 0],
      [[6, 5, 7], 0],
      [[3, 6, 2], 1],
      [[3, 300, 6], 2],
    ] as [number[], number][])
      for (const indices of [int32(0, 5, 2, 2, 1), int64(3, 0, 3, 3)]) {
        const computation = build((b) => [
          b.gather(
            b.parameter("float32", shape),
            b.parameter(indices.dtype as HloDType, indices.shape),
            axis,
          ),
        ]);
        await expectSame(backend, "single", computation, [random("float32", shape), indices]);
      }
  });

  it("scatters in index order, in place or not", async () => {
    const combiners: Combiner[] = ["set", "add", "subtract", "multiply", "divide", "maximum", "minimum"];
    const long = int32(...Array.from({ length: 700 }, (_, i) => (i * i) % 6));
    for (const dtype of ["float32", "int32"] as const)
      for (const combiner of combiners) {
        if (dtype === "int32" && combiner === "divide") continue;
        for (const indices of [int64(3, 0, 3, 3), combiner === "multiply" ? int32(0, 5, 2, 2, 1) : long]) {
          const computation = build((b) => [
            b.scatter(
              b.parameter(dtype, [6, 3]),
              b.parameter(indices.dtype as HloDType, indices.shape),
              b.parameter(dtype, [...indices.shape, 3]),
              combiner,
            ),
          ]);
          const inputs = [random(dtype, [6, 3]), indices, random(dtype, [...indices.shape, 3], 9)];
          await expectSame(backend, "single", computation, inputs, { tolerance: 1e-3 });
          await expectSame(backend, "single", computation, inputs, { tolerance: 1e-3, donated: [0] });
        }
      }
  });

  it("scatters the same bits at every run", async () => {
    const indices = int32(...Array.from({ length: 3000 }, (_, i) => (i * 7919) % 5));
    const computation = build((b) => [
      b.scatter(
        b.parameter("float32", [5]),
        b.parameter("int32", [3000]),
        b.parameter("float32", [3000]),
        "add",
      ),
    ]);
    const inputs = [random("float32", [5]), indices, random("float32", [3000], 4)];
    const runs: unknown[] = [];
    for (let i = 0; i < 3; i++)
      runs.push((await runOn(backend, "single", computation, inputs)).results[0]!.data);
    const [first, ...others] = runs;
    for (const other of others) expect(other).toEqual(first);
  });

  it("reports an index out of range, gathers 0 for it, skips it in a scatter", async () => {
    const x = ndArray("float32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
    for (const bad of [int32(1, 3, -1), int64(1, 3, -1)]) {
      const indices = bad.dtype as HloDType;
      const gather = build((b) => [b.gather(b.parameter("float32", [3, 2]), b.parameter(indices, [3]), 0)]);
      const gathered = await runOn(backend, "single", gather, [x, bad]);
      expect([...(gathered.results[0]!.data as Float32Array)]).toEqual([3, 4, 0, 0, 0, 0]);
      expect(gathered.fault).toEqual({ reason: "indexOutOfRange", site: 7, value: 3, position: 1 });
      const scatter = build((b) => [
        b.scatter(
          b.parameter("float32", [3, 2]),
          b.parameter(indices, [3]),
          b.parameter("float32", [3, 2]),
          "add",
        ),
      ]);
      const scattered = await runOn(backend, "single", scatter, [x, bad, x]);
      expect([...(scattered.results[0]!.data as Float32Array)]).toEqual([1, 2, 4, 6, 5, 6]);
      expect(scattered.fault).toEqual({ reason: "indexOutOfRange", site: 7, value: 3, position: 1 });
    }
    const gather = build((b) => [b.gather(b.parameter("float32", [3, 2]), b.parameter("int64", [1]), 0)]);
    for (const [index, value] of [
      [-1, -1],
      [2 ** 40, 2 ** 31 - 1],
      [-(2 ** 40), -(2 ** 31)],
    ] as const)
      expect((await runOn(backend, "single", gather, [x, int64(index)])).fault?.value).toBe(value);
  });

  it("divides integers by zero in a scatter: 0 and a fault", async () => {
    const computation = build((b) => [
      b.scatter(b.parameter("int32", [2]), b.parameter("int32", [2]), b.parameter("int32", [2]), "divide"),
    ]);
    const { results, fault } = await runOn(backend, "single", computation, [
      int32(8, 9),
      int32(0, 1),
      int32(4, 0),
    ]);
    expect([...(results[0]!.data as Int32Array)]).toEqual([2, 0]);
    expect(fault).toEqual({ reason: "divisionByZero", site: 7, value: 9, position: 1 });
  });

  it("dynamicSlice and dynamicUpdateSlice, clamped, in place or not", async () => {
    const starts = [1, 9].map((start) => ndArray("int32", [], Int32Array.of(start)));
    for (const dtype of ["float32", "bool"] as const) {
      const scalar = (b: HloBuilder): Value => b.parameter("int32", []);
      const slice = build((b) => [
        b.dynamicSlice(b.parameter(dtype, [5, 8]), [scalar(b), scalar(b)], [3, 4]),
      ]);
      await expectSame(backend, "single", slice, [random(dtype, [5, 8]), ...starts]);
      const update = build((b) => [
        b.dynamicUpdateSlice(b.parameter(dtype, [5, 8]), b.parameter(dtype, [2, 3]), [scalar(b), scalar(b)]),
      ]);
      const inputs = [random(dtype, [5, 8]), random(dtype, [2, 3], 5), ...starts];
      await expectSame(backend, "single", update, inputs);
      await expectSame(backend, "single", update, inputs, { donated: [0] });
    }
  });

  it("random bits, across workgroups and a carry", async () => {
    for (const count of [1, 7, 1000]) {
      const computation = build((b) => [
        b.rngBitGenerator(b.parameter("uint32", [2]), b.parameter("uint32", [4]), [count]),
      ]);
      const key = ndArray("uint32", [2], Uint32Array.of(0x12345678, 0xdeadbeef));
      const counter = ndArray("uint32", [4], Uint32Array.of(0xfffffff0, 0xffffffff, 0xffffffff, 0));
      await expectSame(backend, "single", computation, [key, counter], { tolerance: 0 });
    }
  });

  it("running combinations of short, long and many lines", async () => {
    for (const [dims, dimension] of [
      [[3, 7, 5], 1],
      [[600], 0],
      [[2, 257, 3], 1],
      [[5000, 20], 1],
    ] as [number[], number][])
      for (const exclusive of [false, true])
        for (const reverse of [false, true])
          await same((b) =>
            b.cumulative(b.parameter("int32", dims), "add", dimension, { exclusive, reverse }),
          );
    for (const reducer of ["multiply", "maximum", "minimum"] as const)
      await same((b) =>
        b.cumulative(b.parameter("int32", [2, 300]), reducer, 1, { exclusive: true, reverse: false }),
      );
  });

  it("sorts stably, up and down, with NaN last", async () => {
    for (const descending of [false, true])
      for (const [rows, length] of [
        [2, 1],
        [3, 20],
        [1, 1000],
      ] as const)
        for (const dtype of ["float32", "int32", "uint32"] as const) {
          const computation = build((b) => {
            const other = [b.parameter("int32", [rows, length]), b.parameter("bool", [rows, length])];
            const tuple = b.sort([b.parameter(dtype, [rows, length]), ...other], { descending });
            return [2, 0, 1].map((i) => b.getTupleElement(tuple, i));
          });
          const inputs = inputsFor(computation, length);
          const keys = computation.parameters.findIndex((p) => p.dtype === dtype && p.dims.length === 2);
          if (dtype === "float32") {
            const data = inputs[keys]!.data as Float32Array;
            data.forEach((x, i) => {
              data[i] = i % 11 === 3 ? Number.NaN : Math.round(x);
            });
          }
          await expectSame(backend, "single", computation, inputs, { tolerance: 0 });
        }
    const computation = build((b) => {
      const tuple = b.sort([b.parameter("float32", [6]), b.iota("int32", [6], 0)], { descending: false });
      return [b.getTupleElement(tuple, 0), b.getTupleElement(tuple, 1)];
    });
    const odd = float32(0, -0, Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, -1e-40);
    const [, order] = (await import("@org/hlo")).evaluate(computation, [odd]);
    expect([...(order!.data as Int32Array)]).toEqual([2, 5, 0, 1, 4, 3]);
  });

  const windows: Record<string, [Window, number[], number[]]> = {
    "strides and padding": [
      {
        size: [3, 2],
        strides: [2, 1],
        padding: [
          [1, 1],
          [0, 1],
        ],
        dilation: [1, 1],
        baseDilation: [1, 1],
      },
      [7, 6],
      [3, 2],
    ],
    "dilated windows": [
      {
        size: [2, 3],
        strides: [1, 1],
        padding: [
          [0, 0],
          [2, 2],
        ],
        dilation: [3, 2],
        baseDilation: [1, 1],
      },
      [7, 6],
      [2, 3],
    ],
    "dilated inputs, as gradients have them": [
      {
        size: [3, 3],
        strides: [1, 1],
        padding: [
          [2, 1],
          [1, 2],
        ],
        dilation: [1, 1],
        baseDilation: [2, 3],
      },
      [4, 3],
      [3, 3],
    ],
    "three dimensions": [
      {
        size: [2, 2, 2],
        strides: [1, 2, 1],
        padding: [
          [0, 0],
          [1, 0],
          [0, 1],
        ],
        dilation: [1, 1, 1],
        baseDilation: [1, 1, 1],
      },
      [3, 4, 5],
      [2, 2, 2],
    ],
    "one dimension, a long sum": [
      { size: [40], strides: [1], padding: [[0, 0]], dilation: [1], baseDilation: [1] },
      [45],
      [40],
    ],
  };
  for (const [name, [window, input, taps]] of Object.entries(windows))
    it(`convolution and windows: ${name}`, async () => {
      for (const [groups, each, outputs] of [
        [1, 3, 5],
        [1, 2, 70],
        [2, 2, 6],
        [3, 1, 2],
      ] as const)
        await same((b) =>
          b.convolution(
            b.parameter("float32", [2, ...input, groups * each]),
            b.parameter("float32", [...taps, each, groups * outputs]),
            { window, featureGroupCount: groups },
          ),
        );
      for (const reducer of ["add", "maximum", "minimum"] as const)
        await same((b) => b.reduceWindow(b.parameter("float32", input), reducer, window));
    });
});
