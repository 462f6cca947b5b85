// Which library functions a shader calls. WGSL has no modules: what is called is written into the shader, with what that
// calls in turn.
import { elementFunctions } from "./wgsl/element-functions.ts";
import { floatFunctions } from "./wgsl/float-functions.ts";
import { floatMath } from "./wgsl/float-math.ts";
import { integerFunctions } from "./wgsl/integer-functions.ts";
import { powerFunctions } from "./wgsl/power-functions.ts";
import { trigonometry } from "./wgsl/trigonometry.ts";

/** Functions by name. */
export type WgslLibrary = Readonly<Record<string, WgslFunction>>;

export interface WgslFunction {
  readonly text: string;
  /** Other functions of the library that it calls. */
  readonly needs?: readonly string[];
}

const library: WgslLibrary = {
  ...elementFunctions,
  ...floatFunctions,
  ...floatMath,
  ...trigonometry,
  ...powerFunctions,
  ...integerFunctions,
};

/** What a shader calls, as it is found out. */
export class WgslFunctions {
  readonly names: Set<string> = new Set();

  /** A call of a library function, as an expression. Throws a TypeError where there is none of that name. */
  call(name: string, ...args: readonly string[]): string {
    this.#add(name);
    return `${name}(${args.join(", ")})`;
  }

  #add(name: string): void {
    if (this.names.has(name)) return;
    const found = library[name];
    if (!found) throw new TypeError(`There is no WGSL function ${name}`);
    for (const needed of found.needs ?? []) this.#add(needed);
    this.names.add(name);
  }
}

/** The texts of the functions, each before those that call it. */
export function wgslFunctions({ names }: WgslFunctions): string[] {
  return [...names].map((name) => library[name]!.text);
}
