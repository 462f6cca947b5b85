import { describe, expect, it } from "vitest";
import { hasRelaxedSimd } from "../src/features.ts";
import { gemmModule } from "../src/gemm-module.ts";
import {
  call,
  createModule,
  type Expr,
  signedLeb,
  unsignedLeb,
  type ValType,
} from "../src/wasm-assembler.ts";
import { f32, f64, i32, i64, select, tee } from "../src/wasm-opcodes.ts";
import { f32x4, f64x2, i16x8, i32x4, i64x2, v128 } from "../src/wasm-simd.ts";

const memory = new WebAssembly.Memory({ initial: 1 });
const imports = { env: { memory, twice: (x: number) => 2 * x } };

/** Assembles a module with one exported function `f` and instantiates it. */
function assemble(
  params: readonly ValType[],
  result: ValType,
  body: (args: Expr[]) => Expr,
): (...args: (number | bigint)[]) => number | bigint {
  const module = createModule();
  module.func("f", params, result, (f) => f.return(body(params.map((type, i) => f.param(i, type)))));
  return new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports).exports.f as never;
}

/** Arguments of an instruction by their places: a value of each type. */
const sample: { readonly [T in ValType]: Expr<T> } = {
  i32: i32.const(3),
  i64: i64.const(5n),
  f32: f32.const(1.5),
  f64: f64.const(2.5),
  v128: f32x4.const(1.25),
};

describe("LEB128", () => {
  it("encodes the specification's examples", () => {
    expect(unsignedLeb(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(unsignedLeb(0)).toEqual([0]);
    expect(unsignedLeb(4294967295)).toEqual([0xff, 0xff, 0xff, 0xff, 0x0f]);
    expect(signedLeb(-123456n)).toEqual([0xc0, 0xbb, 0x78]);
    expect(signedLeb(63n)).toEqual([63]);
    expect(signedLeb(64n)).toEqual([0xc0, 0x00]);
    expect(signedLeb(-64n)).toEqual([0x40]);
    expect(signedLeb(-(2n ** 63n)).length).toBe(10);
  });
});

describe("createModule", () => {
  it("calls imports and its own functions, before and after their bodies", () => {
    const module = createModule();
    const twice = module.importFunc("twice", ["f64"], "f64");
    const more = module.func(undefined, ["f64"], "f64", (f) =>
      f.return(f64.add(call(twice, f.param(0, "f64")), f64.const(1))),
    );
    module.func("f", ["f64"], "f64", (f) => f.return(call(more, call(more, f.param(0, "f64")))));
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports).exports as {
      f: (x: number) => number;
    };
    expect(f(5)).toBe(23);
  });

  it("loops and branches", () => {
    const module = createModule();
    module.func("gcd", ["i32", "i32"], "i32", (f) => {
      const [a, b] = [f.param(0, "i32"), f.param(1, "i32")];
      const t = f.local("i32");
      f.block((exit) =>
        f.loop((again) => {
          f.branch(exit, i32.eqz(b));
          f.set(t, i32.rem_u(a, b));
          f.set(a, b);
          f.set(b, t);
          f.branch(again);
        }),
      );
      f.return(a);
    });
    module.func("sum", ["i32"], "i32", (f) => {
      const [i, total] = [f.local("i32"), f.local("i32")];
      f.for(i, i32.const(0), f.param(0, "i32"), 1, () =>
        f.if(
          i32.and(i, i32.const(1)),
          () => f.set(total, i32.add(total, i)),
          () => f.set(total, i32.sub(total, i)),
        ),
      );
      f.return(total);
    });
    const { gcd, sum } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports)
      .exports as Record<string, (...args: number[]) => number>;
    expect(gcd!(84, 36)).toBe(12);
    expect([sum!(0), sum!(1), sum!(10)]).toEqual([0, 0, 5]);
  });

  it("holds constants to the bit", () => {
    for (const value of [0, -1, 1, 63, 64, -64, -65, 2147483647, -2147483648])
      expect(assemble([], "i32", () => i32.const(value))()).toBe(value);
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)])
      expect(assemble([], "i64", () => i64.const(value))()).toBe(value);
    for (const value of [0.1, -0, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(assemble([], "f64", () => f64.const(value))()).toBe(value);
      expect(assemble([], "f32", () => f32.const(value))()).toBe(Math.fround(value));
    }
  });

  it("refuses imports after functions and parameters of another type", () => {
    const module = createModule();
    module.func(undefined, ["i32"], undefined, (f) => expect(() => f.param(0, "f32")).toThrow(TypeError));
    expect(() => module.importFunc("twice", ["f64"], "f64")).toThrow(TypeError);
  });
});

describe("instructions", () => {
  const families = { i32, i64, f32, f64, v128, f32x4, i32x4, i16x8, f64x2, i64x2 } as unknown as Record<
    string,
    Record<string, (...args: unknown[]) => unknown>
  >;
  const isRelaxed = (name: string): boolean => name.startsWith("relaxed");

  /** What an instruction takes, by its name and family; tried until one validates. */
  const candidates = (family: string): unknown[][] => {
    const own = sample[family as ValType] ?? sample.v128;
    const others = [sample.i32, sample.i64, sample.f32, sample.f64, sample.v128];
    return [
      [own],
      [own, own],
      [own, own, own],
      ...others.map((other) => [other]),
      ...others.map((other) => [sample.i32, other]),
      [own, sample.i32],
      [own, 1],
      [sample.i32, sample.v128, 1],
      ...others.map((other) => [own, 1, other]),
      [own, own, [0, 1, 2, 3]],
      [own, own, Array.from({ length: 16 }, (_, i) => i)],
      [7],
      [7n],
    ];
  };
  const validates = (made: unknown): boolean => {
    const module = createModule();
    try {
      module.func("f", [], undefined, (f) => {
        if (Array.isArray(made)) f.emit(made as never);
        else f.emit([(made as Expr).code, 0x1a]); // drop
      });
      return WebAssembly.validate(module.bytes());
    } catch {
      return false;
    }
  };

  for (const [family, table] of Object.entries(families)) {
    it(`${family}: each of ${Object.keys(table).length} validates with some arguments`, () => {
      const failed = Object.entries(table).filter(([name, make]) => {
        if (isRelaxed(name) && !hasRelaxedSimd()) return false;
        return !candidates(family).some((args) => {
          try {
            return validates(make(...args));
          } catch {
            return false;
          }
        });
      });
      expect(failed.map(([name]) => name)).toEqual([]);
    });
  }

  it("compute what their names say", () => {
    expect(
      assemble(["i32", "i32"], "i32", ([a, b]) => i32.shr_u(a as Expr<"i32">, b as Expr<"i32">))(-8, 1),
    ).toBe(2147483644);
    expect(assemble(["i64"], "f64", ([a]) => f64.convert_i64_u(a as Expr<"i64">))(-1n)).toBe(2 ** 64);
    expect(assemble(["f64"], "i32", ([a]) => i32.trunc_sat_f64_s(a as Expr<"f64">))(Number.NaN)).toBe(0);
    expect(assemble(["i32"], "i32", ([a]) => select(a as Expr<"i32">, i32.const(1), i32.const(2)))(0)).toBe(
      2,
    );
    const lane = (value: Expr<"v128">, i: number) =>
      assemble([], "f32", () => f32x4.extract_lane(value, i))();
    const [a, b] = [f32x4.convert_i32x4_s(i32x4.const(1, 2, 3, 4)), f32x4.const(10)];
    expect([0, 1, 2, 3].map((i) => lane(v128.shuffle32(a, b, [3, 4, 0, 1]), i))).toEqual([4, 10, 1, 2]);
    expect([0, 3].map((i) => lane(f32x4.pmax(a, f32x4.const(3)), i))).toEqual([3, 4]);
    expect(lane(v128.bitselect(a, b, i32x4.const(-1, 0, 0, 0)), 1)).toBe(10);
  });

  it("tee gives what it sets", () => {
    const module = createModule();
    module.func("f", [], "i32", (f) => {
      const x = f.local("i32");
      f.return(i32.add(tee(x, i32.const(4)), x));
    });
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), imports).exports as {
      f: () => number;
    };
    expect(f()).toBe(8);
  });
});

describe("gemmModule", () => {
  it("is valid, and small", () => {
    for (const relaxed of hasRelaxedSimd() ? [false, true] : [false]) {
      const bytes = gemmModule(relaxed).bytes();
      expect(WebAssembly.validate(bytes)).toBe(true);
      expect(bytes.length).toBeLessThan(32_000);
    }
  });
});
