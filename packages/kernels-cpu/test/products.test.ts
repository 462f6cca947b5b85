import { evaluate, type HloBuilder, type HloDType } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { backend, build, expectSame, inputsFor, runOnCpu } from "./compare.ts";

const plain = cpu({ relaxedSimd: false });

/** op(a) op(b) with a and b stored transposed or not. */
function matmul(b: HloBuilder, dtype: HloDType, [m, n, k]: readonly number[], ta: boolean, tb: boolean) {
  const [x, y] = [b.parameter(dtype, ta ? [k!, m!] : [m!, k!]), b.parameter(dtype, tb ? [n!, k!] : [k!, n!])];
  return b.dot(x, y, {
    lhsBatch: [],
    rhsBatch: [],
    lhsContracting: [ta ? 0 : 1],
    rhsContracting: [tb ? 1 : 0],
  });
}

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

describe("matrix products", () => {
  const sizes = [
    [1, 1, 1],
    [1, 8, 3],
    [1, 33, 70],
    [1, 40, 1],
    [2, 5, 9],
    [2, 37, 64],
    [3, 3, 3],
    [4, 4, 4],
    [5, 8, 300],
    [6, 8, 16],
    [7, 9, 11],
    [13, 1, 29],
    [13, 2, 5],
    [31, 17, 257],
    [100, 10, 128],
    [65, 70, 1],
    [97, 129, 65],
    [200, 24, 30],
    [170, 530, 300],
    [64, 1, 0 + 512],
  ];
  for (const [ta, tb] of transposes) {
    it(`float32 ${ta ? "T" : "N"}${tb ? "T" : "N"} of ${sizes.length} sizes, with and without relaxed SIMD`, () => {
      for (const size of sizes) {
        const computation = build(`${size}`, (b) => [matmul(b, "float32", size, ta, tb)]);
        const inputs = inputsFor(computation, size[0]!);
        expectSame("dot", computation, inputs, { tolerance: 1e-5 + size[2]! * 1e-6 });
        expectSame("dot", computation, inputs, { tolerance: 1e-5 + size[2]! * 1e-6, on: plain });
      }
    });
  }

  for (const dtype of ["float64", "int32", "int64", "float16", "bfloat16", "uint8"] as const) {
    it(`${dtype}`, () => {
      for (const [ta, tb] of transposes) {
        const computation = build(`${dtype}`, (b) => [matmul(b, dtype, [5, 7, 9], ta, tb)]);
        const tolerance =
          dtype === "float64" ? 1e-13 : dtype === "float16" ? 2e-3 : dtype === "bfloat16" ? 2e-2 : 0;
        expectSame("dot", computation, inputsFor(computation, 2), { tolerance });
      }
    });
  }

  it("batches, also broadcast ones, several free and contracting dimensions", () => {
    const attributes = { lhsBatch: [0], rhsBatch: [0], lhsContracting: [2], rhsContracting: [1] };
    const batched = build("batched", (b) => [
      b.dot(b.parameter("float32", [3, 4, 5]), b.parameter("float32", [3, 5, 6]), attributes),
    ]);
    expectSame("dot", batched, inputsFor(batched, 3), { tolerance: 1e-5 });
    const shared = build("shared", (b) => {
      const [x, y] = [b.parameter("float32", [3, 4, 5]), b.parameter("float32", [5, 6])];
      return [b.dot(x, b.broadcast(y, [3, 5, 6], [1, 2]), attributes)];
    });
    expectSame("dot", shared, inputsFor(shared, 3), { tolerance: 1e-5 });
    const free = build("free", (b) => {
      const [x, y] = [b.parameter("float32", [2, 3, 4, 5]), b.parameter("float32", [4, 5, 6])];
      return [b.dot(x, y, { lhsBatch: [], rhsBatch: [], lhsContracting: [2, 3], rhsContracting: [0, 1] })];
    });
    expectSame("dot", free, inputsFor(free, 3), { tolerance: 1e-5 });
  });

  const layer = (batch: number, dtype: HloDType = "float32") =>
    build("layer", (b) => {
      const product = matmul(b, dtype, [batch, 12, 20], false, false);
      const bias = b.parameter(dtype, [12]);
      const sum = b.binary("add", product, b.broadcastTo(bias, product.dims));
      return [
        b.binary("maximum", sum, b.broadcastTo(b.scalar(dtype, 0), sum.dims)),
        b.compare("GT", sum, b.broadcastTo(b.scalar(dtype, 0), sum.dims)),
      ];
    });

  it("fuses bias and relu, with several outputs", () => {
    for (const dtype of ["float32", "float64", "int32", "bfloat16"] as const) {
      const computation = layer(9, dtype);
      expectSame("dot", computation, inputsFor(computation, 4), {
        tolerance: dtype === "bfloat16" ? 2e-2 : 1e-5,
      });
    }
  });

  it("writes over a donated input of the epilogue, and over an operand", () => {
    const update = build("update", (b) => {
      const product = matmul(b, "float32", [10, 10, 6], true, false);
      const w = b.parameter("float32", [10, 10]);
      return [
        b.binary(
          "subtract",
          w,
          b.binary("multiply", product, b.broadcastTo(b.scalar("float32", 0.1), product.dims)),
        ),
      ];
    });
    expectSame("dot", update, inputsFor(update, 5), { donated: [2], tolerance: 1e-5 });
    const square = build("square", (b) => {
      const product = matmul(b, "float32", [10, 10, 10], false, false);
      return [b.unary("negate", product)];
    });
    expectSame("dot", square, inputsFor(square, 6), { donated: [0], tolerance: 1e-5 });
  });

  it("large results are followed part by part, also in memory of their own", () => {
    for (const [m, n] of [
      [1100, 300],
      [800, 1],
      [2000, 90],
    ] as const) {
      const computation = build("parts", (b) => {
        const product = matmul(b, "float32", [m, n, 7], false, true);
        const bias = b.broadcastTo(b.parameter("float32", [n]), product.dims);
        const rows = b.broadcast(b.parameter("float32", [m]), product.dims, [0]);
        const sum = b.binary("add", b.binary("multiply", product, rows), bias);
        return [b.binary("add", sum, b.iota("float32", product.dims, 0))];
      });
      expectSame("dot", computation, inputsFor(computation, m), { tolerance: 1e-4 });
      const positive = build("positive", (b) => {
        const product = matmul(b, "float32", [m, n, 7], false, false);
        return [b.compare("GT", product, b.parameter("float32", [m, n]))];
      });
      expectSame("dot", positive, inputsFor(positive, n), { tolerance: 0 });
    }
  });

  it("an empty product is zeros, whatever the memory held", () => {
    const computation = build("empty", (b) => [matmul(b, "float32", [3, 4, 0], false, false)]);
    expectSame("dot", computation, inputsFor(computation, 3));
  });

  it("propagates NaN and infinity", () => {
    const computation = build("special", (b) => [matmul(b, "float32", [2, 9, 3], false, false)]);
    const inputs = inputsFor(computation, 3);
    (inputs[0]!.data as Float32Array)[0] = Number.NaN;
    (inputs[1]!.data as Float32Array)[20] = Number.POSITIVE_INFINITY;
    expect(runOnCpu("dot", computation, inputs).results[0]!.data[0]).toBeNaN();
    expect(runOnCpu("dot", computation, inputs).results[0]!.data[11]).toEqual(
      evaluate(computation, inputs)[0]!.data[11],
    );
  });

  it("compiles nothing for another size or transpose", () => {
    expectSame("dot", layer(8), inputsFor(layer(8), 9), { tolerance: 1e-5 });
    const { compiled } = backend.stats();
    for (const n of [1, 2, 100]) expectSame("dot", layer(n), inputsFor(layer(n), n), { tolerance: 1e-5 });
    expect(backend.stats().compiled).toBe(compiled);
  });
});
