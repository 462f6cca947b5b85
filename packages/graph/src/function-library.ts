// Functions that a graph carries along, verbatim. Source: core/framework/function.cc (FunctionLibraryDefinition).
import { TfError } from "@org/errors";
import {
  equals,
  FunctionDef,
  type IFunctionDef,
  type IFunctionDefLibrary,
  type IGradientDef,
} from "@org/proto";
import type { RegisteredOp } from "./op-registry.ts";

const origin = "a function library";

export class FunctionLibrary {
  private readonly functions = new Map<string, IFunctionDef>();
  private readonly gradients = new Map<string, IGradientDef>();
  private readonly registered: NonNullable<IFunctionDefLibrary["registeredGradients"]>[number][] = [];
  private readonly ops = new Map<string, RegisteredOp>();
  /** Functions that are known here too, but are another graph's. */
  readonly outer: FunctionLibrary | undefined;

  constructor(outer?: FunctionLibrary) {
    this.outer = outer;
  }

  get(name: string): IFunctionDef | undefined {
    return this.functions.get(name) ?? this.outer?.get(name);
  }

  /** The function as an op that nodes may have as their type; undefined where there is no such function. */
  op(name: string): RegisteredOp | undefined {
    let op = this.ops.get(name);
    const opDef = op === undefined ? this.functions.get(name)?.signature : undefined;
    if (opDef) {
      op = { opDef, origin };
      this.ops.set(name, op);
    }
    return op ?? this.outer?.op(name);
  }

  /** Name of the function that `name`'s gradient is, if one is stated. */
  gradientOf(name: string): string | undefined {
    return this.gradients.get(name)?.gradientFunc ?? this.outer?.gradientOf(name);
  }

  names(): readonly string[] {
    return [...this.functions.keys()];
  }

  /** Throws TfError INVALID_ARGUMENT where another function of that name is there. */
  add(def: IFunctionDef): void {
    const name = def.signature?.name ?? "";
    const have = this.functions.get(name);
    if (have === undefined) this.functions.set(name, def);
    else if (!equals(FunctionDef, have, def))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot add function '${name}' because a different function with the same name already exists.`,
        { op: name },
      );
  }

  addGradient(def: IGradientDef): void {
    const name = def.functionName ?? "";
    const have = this.gradients.get(name);
    if (have === undefined) this.gradients.set(name, def);
    else if (have.gradientFunc !== def.gradientFunc)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot assign gradient function '${def.gradientFunc}' to '${name}' because it already has gradient function '${have.gradientFunc}'`,
        { op: name },
      );
  }

  addLibrary(library: IFunctionDefLibrary): void {
    for (const def of library.function ?? []) this.add(def);
    for (const def of library.gradient ?? []) this.addGradient(def);
    for (const def of library.registeredGradients ?? []) {
      const same = (other: typeof def): boolean =>
        other.gradientFunc === def.gradientFunc && other.registeredOpType === def.registeredOpType;
      if (!this.registered.some(same)) this.registered.push(def);
    }
  }

  get isEmpty(): boolean {
    return this.functions.size === 0 && this.gradients.size === 0 && this.registered.length === 0;
  }

  /** The library as a message; definitions are shared, not copied. */
  toProto(): IFunctionDefLibrary {
    return {
      function: [...this.functions.values()],
      gradient: [...this.gradients.values()],
      registeredGradients: [...this.registered],
    };
  }
}
