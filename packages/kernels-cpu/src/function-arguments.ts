// How functions of hand-written modules get at what they are given: words of an argument block by their names, and plain i32 parameters.
import type { FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

/** The words of the argument block at parameter 0, as locals. */
export function argumentsOf<K extends string>(
  f: FunctionBuilder,
  names: readonly K[],
): Readonly<Record<K, Local<"i32">>> {
  const block = f.param(0, "i32");
  const entries = names.map((name, i) => [name, f.local("i32", i32.load(block, i * 4))] as const);
  return Object.fromEntries(entries) as Record<K, Local<"i32">>;
}

/** So many parameters of type i32. */
export const i32Params = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");

/** i32 parameters by their names, in the order of `names`. */
export function parametersOf<K extends string>(
  f: FunctionBuilder,
  names: readonly K[],
): Readonly<Record<K, Local<"i32">>> {
  const entries = names.map((name, i) => [name, f.param(i, "i32")] as const);
  return Object.fromEntries(entries) as Record<K, Local<"i32">>;
}

/**
 * Emits a count's way down to 0 in blocks: as many of `sizes[0]` as there are, then at most one of each further size. `left` is the
 * count, taken down here.
 */
export function emitBlocks(
  f: FunctionBuilder,
  left: Local<"i32">,
  sizes: readonly number[],
  block: (size: number) => void,
): void {
  const [most, ...rest] = sizes as [number, ...number[]];
  const enough = (size: number) => i32.ge_s(left, i32.const(size));
  const one = (size: number): void => {
    block(size);
    f.set(left, i32.sub(left, i32.const(size)));
  };
  f.if(enough(most), () =>
    f.loop((again) => {
      one(most);
      f.branch(again, enough(most));
    }),
  );
  for (const size of rest) f.if(enough(size), () => one(size));
}
