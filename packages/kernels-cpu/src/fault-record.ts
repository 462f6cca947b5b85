// The record of bad data, in reserved memory: the first fault since it was last read. Bytes from its start:
//   0 code (0: none)   4 position   8 value (f64)
import type { KernelFault } from "@org/hlo";
import type { Expr, FunctionBuilder } from "./wasm-assembler.ts";
import { f64, i32 } from "./wasm-opcodes.ts";

export const faultCodes = { indexOutOfRange: 1, divisionByZero: 2 } as const;

/** Emits code that records a fault, if it is the first one. */
export function emitFault(
  f: FunctionBuilder,
  address: number,
  code: number,
  value: Expr<"f64">,
  position: Expr<"i32">,
): void {
  const record = i32.const(address);
  f.if(i32.eqz(i32.load(record)), () => {
    f.emit(i32.store(record, i32.const(code)));
    f.emit(i32.store(record, position, 4));
    f.emit(f64.store(record, value, 8));
  });
}

/** Reads the record and clears it. */
export function readFault(
  words: Int32Array<ArrayBuffer>,
  address: number,
  site: number,
): KernelFault | undefined {
  const code = words[address / 4];
  if (code === 0) return undefined;
  words[address / 4] = 0;
  const reason = code === faultCodes.indexOutOfRange ? "indexOutOfRange" : "divisionByZero";
  const value = new DataView(words.buffer).getFloat64(address + 8, true);
  return { reason, site, value, position: words[address / 4 + 1]! };
}
