// Loops in which one long function takes another's result: they go in strips, function by function, and give what one loop would.
import type { HloBuilder, HloDType, HloInstruction } from "@org/hlo";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { backend, build, expectSame, inputsFor, runOnCpu } from "./compare.ts";

type Value = HloInstruction;

/** x, then functions of it, one of another. */
const gelu = (b: HloBuilder, x: Value): Value => {
  const by = (value: number): Value => b.broadcastTo(b.scalar(x.dtype, value), x.dims);
  const cube = b.binary("multiply", x, b.binary("multiply", x, x));
  const inner = b.binary("add", x, b.binary("multiply", by(0.0447), cube));
  return b.binary("multiply", x, b.unary("logistic", b.unary("tanh", b.binary("multiply", by(0.8), inner))));
};

describe("long functions one after another", () => {
  for (const dtype of ["float32", "float16", "bfloat16"] as const satisfies readonly HloDType[])
    it(`around the ends of vectors and strips, ${dtype}`, () => {
      for (const size of [1, 3, 4, 511, 512, 513, 1024, 1029]) {
        const computation = build("chain", (b) => {
          const x = b.parameter(dtype, [size]);
          return [b.unary("exp", b.unary("tanh", b.unary("logistic", x)))];
        });
        expectSame("loop", computation, inputsFor(computation, size), {
          tolerance: dtype === "float32" ? 1e-6 : 0.02,
        });
      }
    });

  it("values that are needed again: an earlier function's result, an input, one value a row, an index", () => {
    for (const dims of [
      [3, 700],
      [1, 1],
      [40, 9],
    ]) {
      const computation = build("again", (b) => {
        const x = b.parameter("float32", dims);
        const row = b.broadcast(b.parameter("float32", [dims[0]!]), dims, [0]);
        const column = b.broadcast(b.parameter("float32", [dims[1]!]), dims, [1]);
        const first = b.unary("tanh", b.binary("add", x, column));
        const second = b.unary("logistic", b.binary("multiply", first, b.unary("exp", row)));
        const index = b.binary("multiply", b.iota("float32", dims, 1), second);
        return [b.binary("add", b.binary("multiply", second, first), x), first, b.unary("sin", index)];
      });
      // The sine of large arguments: of their last bits.
      expectSame("loop", computation, inputsFor(computation, 4), { tolerance: 2e-3 });
    }
  });

  it("strided, broadcast and transposed inputs", () => {
    const computation = build("views", (b) => {
      const x = b.slice(b.parameter("float32", [5, 1300]), [1, 0], [4, 1300], [1, 2]);
      return [gelu(b, x)];
    });
    expectSame("loop", computation, inputsFor(computation, 6), { tolerance: 1e-5 });
    const transposed = build("transposed", (b) => [
      gelu(b, b.transpose(b.parameter("float32", [30, 600]), [1, 0])),
    ]);
    expectSame("loop", transposed, inputsFor(transposed, 6), { tolerance: 1e-5 });
  });

  it("an output over an input that a later function reads", () => {
    const computation = build("donated", (b) => {
      const x = b.parameter("float32", [2000]);
      const t = b.unary("tanh", x);
      return [t, b.binary("add", x, b.unary("exp", t))];
    });
    const inputs = inputsFor(computation, 9);
    for (const donated of [
      [0, -1],
      [-1, 0],
    ])
      expectSame("loop", computation, inputs, { donated, tolerance: 1e-5 });
  });

  it("leaves no memory behind and compiles nothing for other extents", () => {
    const make = (n: number) => build("gelu", (b) => [gelu(b, b.parameter("float32", [n, 3]))]);
    const run = (n: number): void => {
      const computation = make(n);
      expectSame("loop", computation, inputsFor(computation, n), { tolerance: 1e-5 });
    };
    run(5);
    const { compiled } = backend.stats();
    for (const n of [1, 400, 17]) run(n);
    expect(backend.stats()).toMatchObject({ compiled, buffers: 0, bytesInUse: 0 });
  });

  it("behind a product", () => {
    const computation = build("dense", (b) => {
      const product = b.matmul(b.parameter("float32", [20, 30]), b.parameter("float32", [30, 40]));
      return [b.unary("exp", b.unary("tanh", product))];
    });
    expectSame("dot", computation, inputsFor(computation, 3), { tolerance: 1e-4 });
  });

  it("the same bits in strips on threads", async () => {
    const three = cpu({ threads: 3 });
    await three.ready;
    const computation = build("threads", (b) => [gelu(b, b.parameter("float32", [300_001]))]);
    const inputs = inputsFor(computation, 8);
    const [want, got] = [backend, three].map(
      (on) =>
        new Uint32Array(
          (runOnCpu("loop", computation, inputs, [-1], on).results[0]!.data as Float32Array).buffer,
        ),
    );
    expect(got!.findIndex((word, i) => word !== want![i])).toBe(-1);
    await three.close();
  });
});
