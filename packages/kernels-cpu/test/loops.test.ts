import {
  type BinaryOpcode,
  binaryOpcodes,
  type HloBuilder,
  type HloDType,
  hloDTypes,
  type UnaryOpcode,
  unaryOpcodes,
} from "@org/hlo";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { backend, build, expectSame, inputsFor, runOnCpu } from "./compare.ts";

const tolerance = (dtype: HloDType): number =>
  dtype === "float16" ? 2e-3 : dtype === "bfloat16" ? 1.6e-2 : dtype === "float64" ? 1e-13 : 1e-6;

const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make();
  } catch (error) {
    if (error instanceof TypeError) return undefined; // not a type of this opcode
    throw error;
  }
};

describe("element-wise loops", () => {
  for (const dtype of hloDTypes) {
    it(`unary opcodes of ${dtype}`, () => {
      for (const opcode of Object.keys(unaryOpcodes) as UnaryOpcode[]) {
        const computation = attempt(() =>
          build(`${opcode} ${dtype}`, (b) => [b.unary(opcode, b.parameter(dtype, [37]))]),
        );
        if (computation)
          expectSame("loop", computation, inputsFor(computation, 1), { tolerance: tolerance(dtype) });
      }
    });

    it(`binary opcodes of ${dtype}`, () => {
      for (const opcode of Object.keys(binaryOpcodes) as BinaryOpcode[]) {
        const computation = attempt(() =>
          build(`${opcode} ${dtype}`, (b) => [
            b.binary(opcode, b.parameter(dtype, [3, 7]), b.parameter(dtype, [3, 7])),
          ]),
        );
        if (computation)
          expectSame("loop", computation, inputsFor(computation, 2), { tolerance: tolerance(dtype) });
      }
    });

    it(`compare, select and clamp of ${dtype}`, () => {
      for (const direction of ["EQ", "NE", "LT", "LE", "GT", "GE"] as const) {
        const computation = build(`compare ${direction} ${dtype}`, (b) => {
          const [x, y] = [b.parameter(dtype, [21]), b.parameter(dtype, [21])];
          const predicate = b.compare(direction, x, y);
          return [predicate, b.select(predicate, x, y)];
        });
        expectSame("loop", computation, inputsFor(computation, 3));
      }
      if (dtype === "bool") return;
      const computation = build(`clamp ${dtype}`, (b) => {
        const x = b.parameter(dtype, [21]);
        const bound = (value: number) =>
          b.broadcastTo(b.scalar(dtype, dtype.endsWith("t64") ? BigInt(value) : value), [21]);
        return [b.clamp(bound(1), x, bound(3))];
      });
      expectSame("loop", computation, inputsFor(computation, 4));
    });

    it(`convert from ${dtype} to every type`, () => {
      for (const to of hloDTypes) {
        const computation = build(`${dtype} to ${to}`, (b) => [b.convert(b.parameter(dtype, [19]), to)]);
        expectSame("loop", computation, inputsFor(computation, 5), { tolerance: tolerance(to) });
      }
    });
  }

  const layouts: Record<string, (b: HloBuilder) => ReturnType<HloBuilder["unary"]>[]> = {
    "a bias along rows": (b) => {
      const [x, bias] = [b.parameter("float32", [5, 13]), b.parameter("float32", [13])];
      return [b.binary("add", x, b.broadcastTo(bias, x.dims))];
    },
    "a factor along columns": (b) => {
      const [x, factor] = [b.parameter("float32", [5, 13]), b.parameter("float32", [5, 1])];
      return [
        b.binary(
          "multiply",
          x,
          b.broadcastTo(b.reshape(factor, [5]), [13, 5]) && b.broadcast(b.reshape(factor, [5]), [5, 13], [0]),
        ),
      ];
    },
    "a transpose": (b) => [b.unary("negate", b.transpose(b.parameter("float32", [5, 13]), [1, 0]))],
    "reverse and slice": (b) => [
      b.slice(b.reverse(b.parameter("int32", [9, 11]), [1]), [1, 2], [8, 10], [2, 3]),
    ],
    "an iota": (b) => [
      b.binary("add", b.iota("int32", [4, 6], 0), b.iota("int32", [4, 6], 1)),
      b.iota("float32", [4, 6], 1),
    ],
    "an iota of int64": (b) => [b.binary("add", b.iota("int64", [4, 6], 0), b.parameter("int64", [4, 6]))],
    scalars: (b) => [b.binary("add", b.parameter("float32", []), b.scalar("float32", 2))],
    "several outputs": (b) => {
      const x = b.parameter("float32", [3, 10]);
      const e = b.unary("exp", x);
      return [
        e,
        b.binary("divide", e, b.binary("add", e, b.broadcastTo(b.scalar("float32", 1), [3, 10]))),
        b.compare("GT", x, e),
      ];
    },
  };
  for (const [name, make] of Object.entries(layouts)) {
    it(`does ${name}`, () => {
      const computation = build(name, make);
      expectSame("loop", computation, inputsFor(computation, 6));
    });
  }

  it("transposes by tiles, whatever the sizes", () => {
    for (const dtype of ["float32", "int32", "float16", "float64", "bool"] as const) {
      for (const [rows, columns] of [
        [1, 1],
        [1, 9],
        [9, 1],
        [3, 5],
        [4, 4],
        [16, 16],
        [17, 33],
        [50, 7],
      ] as const) {
        const computation = build(`tiles ${dtype}`, (b) => {
          const [x, y] = [b.parameter(dtype, [2, rows, columns]), b.parameter(dtype, [2, columns, rows])];
          return [
            b.select(b.compare("NE", b.transpose(x, [0, 2, 1]), y), y, b.transpose(x, [0, 2, 1])),
            b.transpose(x, [0, 2, 1]),
          ];
        });
        expectSame("loop", computation, inputsFor(computation, rows));
      }
    }
    const permuted = build("permuted", (b) => [
      b.unary("negate", b.transpose(b.parameter("float32", [3, 5, 6, 7]), [3, 1, 0, 2])),
    ]);
    expectSame("loop", permuted, inputsFor(permuted, 3));
    const bias = build("bias", (b) => {
      const x = b.transpose(b.parameter("float32", [9, 21]), [1, 0]);
      return [
        b.binary(
          "add",
          b.binary("add", x, b.broadcast(b.parameter("float32", [9]), [21, 9], [1])),
          b.broadcast(b.parameter("float32", [21]), [21, 9], [0]),
        ),
      ];
    });
    expectSame("loop", bias, inputsFor(bias, 3));
  });

  it("writes outputs over donated inputs", () => {
    const same = build("in place", (b) => {
      const [x, y] = [b.parameter("float32", [103]), b.parameter("float32", [103])];
      return [b.binary("add", x, b.binary("multiply", y, y)), b.binary("subtract", x, y)];
    });
    expectSame("loop", same, inputsFor(same, 7), { donated: [0, 1] });
    const other = build("transposed in place", (b) => {
      const x = b.parameter("float32", [9, 9]);
      return [b.binary("add", x, b.transpose(x, [1, 0]))];
    });
    expectSame("loop", other, inputsFor(other, 8), { donated: [0] });
  });

  it("compiles nothing for another size", () => {
    const make = (n: number) =>
      build("sizes", (b) => {
        const [x, bias] = [b.parameter("float32", [n, 10]), b.parameter("float32", [10])];
        return [b.unary("tanh", b.binary("add", x, b.broadcastTo(bias, x.dims)))];
      });
    expectSame("loop", make(8), inputsFor(make(8), 9));
    const { compiled } = backend.stats();
    for (const n of [1, 2, 3, 100]) expectSame("loop", make(n), inputsFor(make(n), n));
    expect(backend.stats().compiled).toBe(compiled);
  });

  it("records the first integer division by zero", () => {
    const computation = build("quotient", (b) => [
      b.binary("divide", b.parameter("int32", [5]), b.parameter("int32", [5])),
    ]);
    const inputs = [
      ndArray("int32", [5], Int32Array.of(7, -2147483648, 9, -7, 11)),
      ndArray("int32", [5], Int32Array.of(2, -1, 0, 2, 0)),
    ];
    const { results, fault } = runOnCpu("loop", computation, inputs);
    expect([...(results[0]!.data as Int32Array)]).toEqual([3, -2147483648, 0, -3, 0]);
    expect(fault).toEqual({ reason: "divisionByZero", site: 7, value: 9, position: 2 });
  });
});
