// Functions of the host that kernels call for one element at a time: what is too rare, or too long in f64, to be
// generated. Imported under their opcodes; arguments and results are f64. They are the evaluator's own.
import { floatBinary, floatUnary } from "@org/hlo";
import type { Callee, ModuleBuilder } from "./wasm-assembler.ts";

const unary = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "logistic",
  "tanh",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfc",
  "lgamma",
  "digamma",
] as const;
const binary = ["remainder", "power", "atan2"] as const;

/** Import object entries for `declareHostFunctions`. */
export const hostImports: Readonly<Record<string, (...args: number[]) => number>> = {
  ...Object.fromEntries(unary.map((opcode) => [opcode, floatUnary[opcode]])),
  ...Object.fromEntries(binary.map((opcode) => [opcode, floatBinary[opcode]!])),
};

/** Imports those of `opcodes` that the host may be asked for; call it before any function is defined. */
export function declareHostFunctions(
  module: ModuleBuilder,
  opcodes: Iterable<string>,
): Map<string, Callee<"f64">> {
  const declared = new Map<string, Callee<"f64">>();
  for (const opcode of new Set(opcodes)) {
    const arity = (unary as readonly string[]).includes(opcode)
      ? 1
      : (binary as readonly string[]).includes(opcode)
        ? 2
        : 0;
    if (arity > 0)
      declared.set(opcode, module.importFunc(opcode, new Array<"f64">(arity).fill("f64"), "f64"));
  }
  return declared;
}
