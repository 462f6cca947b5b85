// Vector constants of kernels, in reserved memory. A load is one instruction; v128.const an engine makes anew in every turn of a loop, in
// four (measured: exp 1.5 to 2 times slower). The first few of a function, or of a loop in a scope
// of its own, are loaded before it, and stay in registers.
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { f32x4, i32x4, v128 } from "./wasm-simd.ts";

/** Gives constants as expressions; equal ones share a slot. */
export interface ConstantPool {
  f32x4(value: number): Expr<"v128">;
  i32x4(a: number, b?: number, c?: number, d?: number): Expr<"v128">;
  f64x2(value: number): Expr<"v128">;
}

/**
 * A pool over `[address, end)`; `bytes()` is the memory's current view, where slots are written as they are made.
 * A full pool gives v128.const: right, but slower.
 */
export function createConstantPool(address: number, end: number, bytes: () => Uint8Array): ConstantPool {
  const slots = new Map<string, number>();
  let next = address;
  const slot = (content: Uint8Array, inline: () => Expr<"v128">): Expr<"v128"> => {
    const key = content.join();
    let at = slots.get(key);
    if (at === undefined) {
      if (next + 16 > end) return inline();
      at = next;
      next += 16;
      slots.set(key, at);
      bytes().set(content, at);
    }
    return v128.load(i32.const(0), at);
  };
  const singles = new Map<number, Expr<"v128">>();
  const single = (value: number): Expr<"v128"> => {
    const content = new Uint8Array(new Float32Array(4).fill(value).buffer);
    return slot(content, () => f32x4.const(value));
  };
  return {
    f32x4(value) {
      // Zero is made in one instruction; minus zero has the same key in a Map.
      if (value === 0) return Object.is(value, -0) ? single(value) : f32x4.const(0);
      const known = singles.get(value) ?? single(value);
      singles.set(value, known);
      return known;
    },
    i32x4: (a, b = a, c = a, d = a) =>
      slot(new Uint8Array(Int32Array.of(a, b, c, d).buffer), () => i32x4.const(a, b, c, d)),
    f64x2(value) {
      const content = new Uint8Array(Float64Array.of(value, value).buffer);
      return slot(content, () => ({ type: "v128", code: [0xfd, 0x0c, ...content] }));
    },
  };
}

/** x64 has 16 vector registers. With more of them taken, engines put away what loops work on (measured: 12 to 14 are best). */
const mostKept = 12;

/** The pool for one function: the first constants of each scope are loaded once. */
export function keptConstants(pool: ConstantPool, f: FunctionBuilder): ConstantPool {
  const scopes = new Map<object, Map<string, Local<"v128">>>();
  const kept = (key: string, make: () => Expr<"v128">): Expr<"v128"> => {
    let locals = scopes.get(f.currentScope);
    if (locals === undefined) {
      locals = new Map();
      scopes.set(f.currentScope, locals);
    }
    const known = locals.get(key);
    if (known !== undefined) return known;
    const constant = make();
    if (locals.size >= mostKept) return constant;
    const local = f.first("v128", constant);
    locals.set(key, local);
    return local;
  };
  const named = (type: string, value: number): string => `${type} ${Object.is(value, -0) ? "-0" : value}`;
  return {
    f32x4: (value) =>
      Object.is(value, 0) ? pool.f32x4(0) : kept(named("f32", value), () => pool.f32x4(value)),
    i32x4: (...lanes) => kept(`i32 ${lanes}`, () => pool.i32x4(...lanes)),
    f64x2: (value) => kept(named("f64", value), () => pool.f64x2(value)),
  };
}
