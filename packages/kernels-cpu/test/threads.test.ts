// Threads: the same bits as one thread gives, for every way in which work is cut, and no thread left behind. Where memory cannot be shared
// (a page that is not isolated), one thread does it all, and the same tests hold.
import { type HloBuilder, type HloComputation, HloBuilder as Program } from "@org/hlo";
import type { NumericData } from "@org/tensor";
import { afterAll, describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { build, inputsFor } from "./compare.ts";
import { runProgram } from "./run-program.ts";

type Value = ReturnType<HloBuilder["parameter"]>;

const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
const one = cpu();
const three = cpu({ threads: 3 });
afterAll(() => three.close());

/** Fails at the first byte that differs (`toEqual` takes minutes for a million elements). */
function expectSameBits(got: readonly NumericData[], want: readonly NumericData[]): void {
  expect(got.length).toBe(want.length);
  for (const [r, data] of got.entries()) {
    const [a, b] = [data, want[r]!].map(
      (each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength),
    );
    expect(a!.length).toBe(b!.length);
    for (let i = 0; i < a!.length; i++) if (a![i] !== b![i]) expect.fail(`Result ${r} differs at byte ${i}`);
  }
}

const softmax = (b: HloBuilder, x: Value): Value => {
  const dims = x.dims;
  const rows = [0];
  const exp = b.unary("exp", b.binary("subtract", x, b.broadcast(b.reduce(x, "maximum", [1]), dims, rows)));
  return b.binary("divide", exp, b.broadcast(b.reduce(exp, "add", [1]), dims, rows));
};

const programs: readonly HloComputation[] = [
  build("a chain over a vector that threads do not divide", (b) => {
    const x = b.parameter("float32", [1_000_003]);
    const y = b.parameter("float32", [1_000_003]);
    return [b.binary("add", b.binary("multiply", x, y), b.unary("exp", b.unary("tanh", x)))];
  }),
  build("rows with broadcasts along both dimensions", (b) => {
    const x = b.parameter("float32", [517, 301]);
    const row = b.parameter("float32", [301]);
    const column = b.parameter("float32", [517]);
    const dims = [517, 301];
    return [
      b.binary("add", b.binary("multiply", x, b.broadcast(row, dims, [1])), b.broadcast(column, dims, [0])),
    ];
  }),
  build("a transposed operand", (b) => [
    b.binary(
      "add",
      b.parameter("float32", [700, 500]),
      b.transpose(b.parameter("float32", [500, 700]), [1, 0]),
    ),
  ]),
  build("few long rows", (b) => [b.unary("logistic", b.parameter("float32", [2, 300_001]))]),
  build("an index in the values", (b) => [
    b.binary("add", b.iota("float32", [300, 1000], 0), b.iota("float32", [300, 1000], 1)),
  ]),
  build("sums of rows", (b) => [b.reduce(b.parameter("float32", [999, 1001]), "add", [1])]),
  build("sums of columns", (b) => [b.reduce(b.parameter("float32", [1001, 999]), "add", [0])]),
  build("a sum of all, which has no part of its own", (b) => [
    b.reduce(b.parameter("float32", [1000, 1000]), "add", [0, 1]),
  ]),
  build("softmax", (b) => [softmax(b, b.parameter("float32", [300, 2000]))]),
  build("bytes and wide integers", (b) => {
    const x = b.parameter("int64", [400, 999]);
    const positive = b.compare("GT", x, b.broadcastTo(b.scalar("int64", 0), [400, 999]));
    return [positive, b.convert(positive, "int32"), b.binary("multiply", x, x)];
  }),
  build("a product with what follows it", (b) => {
    const product = b.matmul(b.parameter("float32", [300, 200]), b.parameter("float32", [200, 400]));
    return [b.binary("maximum", product, b.broadcastTo(b.scalar("float32", 0), [300, 400]))];
  }),
  build("a batch of products", (b) => [
    b.dot(b.parameter("float32", [3, 130, 170]), b.parameter("float32", [3, 170, 150]), {
      lhsBatch: [0],
      rhsBatch: [0],
      lhsContracting: [2],
      rhsContracting: [1],
    }),
  ]),
  build("a convolution with its bias", (b) => {
    const x = b.parameter("float32", [5, 31, 29, 24]);
    const filter = b.parameter("float32", [3, 3, 24, 36]);
    const result = b.convolution(x, filter, {
      window: {
        size: [3, 3],
        strides: [1, 1],
        padding: [
          [1, 1],
          [1, 1],
        ],
        dilation: [1, 1],
        baseDilation: [1, 1],
      },
      featureGroupCount: 1,
    });
    return [b.binary("add", result, b.broadcast(b.parameter("float32", [36]), result.dims, [3]))];
  }),
  build("a product of transposed operands", (b) => [
    b.matmul(
      b.transpose(b.parameter("float32", [300, 251]), [1, 0]),
      b.transpose(b.parameter("float32", [197, 300]), [1, 0]),
    ),
  ]),
];

describe("cpu({ threads: 3 })", () => {
  it.each(programs.map((program) => [program.name, program] as const))("%s", async (_, program) => {
    await three.ready;
    expect(three.threads).toBe(isolated ? 3 : 1);
    const inputs = inputsFor(program, 7);
    const want = await runProgram(one, program, inputs);
    for (let turn = 0; turn < 3; turn++) expectSameBits(await runProgram(three, program, inputs), want);
    expect(three.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
  });

  it("computes before its workers are there", async () => {
    const backend = cpu({ threads: 4 });
    const program = programs[0]!;
    const inputs = inputsFor(program, 3);
    const want = await runProgram(one, program, inputs);
    expectSameBits(await runProgram(backend, program, inputs), want);
    await backend.ready;
    expectSameBits(await runProgram(backend, program, inputs), want);
    await backend.close();
    expect(backend.threads).toBe(1);
  });

  it("memory that grows under them", async () => {
    const backend = cpu({ threads: 2 });
    await backend.ready;
    for (const size of [100_000, 400_000, 1_200_000]) {
      const b = new Program("growing");
      const x = b.parameter("float32", [size]);
      const program = b.build([b.binary("multiply", x, x)]);
      const inputs = inputsFor(program, size);
      expectSameBits(await runProgram(backend, program, inputs), await runProgram(one, program, inputs));
    }
    await backend.close();
  });

  it("is INVALID_ARGUMENT for a number of threads that is none", () => {
    for (const threads of [0, -1, 1.5, Number.NaN])
      expect(() => cpu({ threads })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
