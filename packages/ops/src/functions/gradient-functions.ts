// Gradients that programs give to functions: they live with the library in memory, and in no file.
// Source: python/framework/function.py (python_grad_func).
import type { FunctionLibrary } from "@org/graph";
import type { Gradient } from "../op-entry.ts";

const known = new WeakMap<FunctionLibrary, Map<string, Gradient>>();

/** Gives calls of function `name` of `library` that gradient. */
export function setGradientFunction(library: FunctionLibrary, name: string, gradient: Gradient): void {
  const own = known.get(library) ?? new Map<string, Gradient>();
  known.set(library, own.set(name, gradient));
}

/** The gradient that calls of function `name` were given. */
export function gradientFunction(library: FunctionLibrary, name: string): Gradient | undefined {
  for (let at: FunctionLibrary | undefined = library; at !== undefined; at = at.outer) {
    const found = known.get(at)?.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
