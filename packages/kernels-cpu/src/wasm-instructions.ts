// How tables of names and opcodes become typed functions over expressions: `operators("f32", { add: 0x92 })`. The tables are in
// wasm-opcodes.ts (scalars) and wasm-simd.ts (vectors).
import { type Code, type Expr, unsignedLeb, type ValType } from "./wasm-assembler.ts";

export type Unary<T extends ValType, R extends ValType, Table> = {
  readonly [K in keyof Table]: (a: Expr<T>) => Expr<R>;
};
export type Binary<T extends ValType, R extends ValType, Table> = {
  readonly [K in keyof Table]: (a: Expr<T>, b: Expr<T>) => Expr<R>;
};
export type Ternary<T extends ValType, Table> = {
  readonly [K in keyof Table]: (a: Expr<T>, b: Expr<T>, c: Expr<T>) => Expr<T>;
};
export type Shift<Table> = {
  readonly [K in keyof Table]: (a: Expr<"v128">, count: Expr<"i32">) => Expr<"v128">;
};
export type Load<R extends ValType, Table> = {
  readonly [K in keyof Table]: (address: Expr<"i32">, offset?: number) => Expr<R>;
};
export type Store<T extends ValType, Table> = {
  readonly [K in keyof Table]: (address: Expr<"i32">, value: Expr<T>, offset?: number) => Code;
};
type OpTable = Readonly<Record<string, number>>;

/** Opcodes over 0xff are SIMD (0xfd, LEB of the low part); those from 0xfc00 are the 0xfc group. */
const opcode = (op: number): Code => {
  if (op < 0x100) return op;
  if (op >= 0xfc00 && op < 0xfd00) return [0xfc, op - 0xfc00];
  return [0xfd, unsignedLeb(op - 0xfd000)];
};

const make = <F>(table: OpTable, build: (code: Code) => unknown): F =>
  Object.fromEntries(Object.entries(table).map(([key, op]) => [key, build(opcode(op))])) as F;

export const operators = <F>(type: ValType, table: OpTable): F =>
  make<F>(table, (code) => (...args: readonly Expr[]) => ({
    type,
    code: [args.map((arg) => arg.code), code],
  }));

// The alignment hint is 0 (byte): engines ignore it where memory is aligned or not.
export const loads = <F>(type: ValType, table: OpTable): F =>
  make<F>(table, (code) => (address: Expr<"i32">, offset = 0) => ({
    type,
    code: [address.code, code, 0, unsignedLeb(offset)],
  }));

export const stores = <F>(table: OpTable): F =>
  make<F>(table, (code) => (address: Expr<"i32">, value: Expr, offset = 0) => [
    address.code,
    value.code,
    code,
    0,
    unsignedLeb(offset),
  ]);

export const floatBytes = (value: number, size: 4 | 8): number[] => {
  const view = new DataView(new ArrayBuffer(8));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer, 0, size)];
};
