// The scalar operations of a loop nest as lines of WGSL: `let v3 = ...;` for op 3. Where loads read from, and what
// reductions and products are, their callers say.
import type { LoopNest, NestOp } from "@org/hlo";
import { elementType, loadElement } from "./element-types.ts";
import { type NestWords, placeOf } from "./nest-parameters.ts";
import { expressionOf, mayFault, type ScalarOperation } from "./scalar-expressions.ts";
import { floatWord, signedWord, word } from "./shader-source.ts";
import type { WgslFunctions } from "./wgsl-functions.ts";

/** How the arrays of a kernel are bound. */
export interface NestBindings {
  /** By input: its name in the shader, and the type that it is declared with where that is not its own. */
  readonly input: (parameter: number) => { readonly name: string; readonly declared?: "f32" | "i32" | "u32" };
  /** The reductions or products of the nest, as expressions by op. */
  readonly given: (op: number) => string;
}

/** The operation of a compute op. */
export function operationOf(nest: LoopNest, op: NestOp & { readonly kind: "compute" }): ScalarOperation {
  const argTypes = op.args.map((arg) => nest.ops[arg]!.dtype);
  return { opcode: op.opcode, dtype: op.dtype, argTypes, direction: op.direction };
}

/** Whether a nest may find a divisor of 0. */
export function nestMayFault(nest: LoopNest): boolean {
  return nest.ops.some((op) => op.kind === "compute" && mayFault(operationOf(nest, op)));
}

/**
 * Ops from `from` up to `to`, at the coordinates x0... below `rank`; `i` is the position that a fault names. Values of other
 * ops are v<op> too.
 */
export function nestBody(
  nest: LoopNest,
  functions: WgslFunctions,
  places: NestWords,
  bindings: NestBindings,
  from: number,
  to: number,
  rank: number,
): string[] {
  const line = (op: NestOp, at: number): string => {
    const { value } = elementType(op.dtype);
    const of = (expression: string): string => `let v${at}: ${value} = ${expression};`;
    switch (op.kind) {
      case "load": {
        const load = nest.loads[op.load]!;
        const { name, declared } = bindings.input(load.parameter);
        const place = placeOf(load, places.load(op.load), rank);
        return of(loadElement(functions, op.dtype, name, `u32(${place})`, declared));
      }
      case "index": {
        const place = placeOf(nest.indices[op.index]!, places.index(op.index), rank);
        return of(value === "i32" ? place : `${value}(${place})`);
      }
      case "literal": {
        const at = places.literal(op.literal);
        if (value === "bool") return of(`${word(at)} != 0u`);
        return of(value === "f32" ? floatWord(at) : value === "i32" ? signedWord(at) : word(at));
      }
      case "compute": {
        const args = op.args.map((arg) => `v${arg}`);
        return of(expressionOf(functions, operationOf(nest, op), args));
      }
      case "reduction":
      case "product":
        return of(bindings.given(at));
    }
  };
  return nest.ops.slice(from, to).map((op, i) => line(op, from + i));
}
