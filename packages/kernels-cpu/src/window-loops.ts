// Loops over what a window covers at one output position, as convolution and reduceWindow share them. Arguments of
// each dimension, in this order: extent of the output, of the input, of the window, then stride, dilation, base dilation, padding before.
import type { Window } from "@org/hlo";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** Arguments that a dimension takes. */
export const windowArguments = 7;

/** The argument values of all dimensions. */
export function windowValues(window: Window, output: readonly number[], input: readonly number[]): number[] {
  return output.flatMap((extent, d) => [
    extent,
    input[d]!,
    window.size[d]!,
    window.strides[d]!,
    window.dilation[d]!,
    window.baseDilation[d]!,
    window.padding[d]![0],
  ]);
}

/**
 * Emits loops over the window's places at output position `at`, from dimension 0 on: `body` gets whether the place lies on
 * an element of the input, and that element's row-major index (of no meaning otherwise), starting from `image`.
 */
export function overWindow(
  f: FunctionBuilder,
  values: readonly Local<"i32">[],
  at: readonly Local<"i32">[],
  image: I32,
  body: (inside: Local<"i32">, element: Local<"i32">) => void,
): void {
  const level = (d: number, inside: I32, element: I32): void => {
    const [, input, size, stride, dilation, base, low] = values.slice(
      d * windowArguments,
      (d + 1) * windowArguments,
    ) as [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">];
    const [tap, place, row, ok, index] = [0, 1, 2, 3, 4].map(() => f.local("i32")) as [
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
      Local<"i32">,
    ];
    f.set(place, i32.sub(i32.mul(at[d]!, stride), low));
    f.for(tap, i32.const(0), size, 1, () => {
      f.set(row, i32.div_s(place, base));
      const onElement = i32.and(i32.ge_s(place, i32.const(0)), i32.eq(i32.mul(row, base), place));
      f.set(ok, i32.and(inside, i32.and(onElement, i32.lt_s(row, input))));
      f.set(index, i32.add(i32.mul(element, input), row));
      if (d + 1 < at.length) level(d + 1, ok, index);
      else body(ok, index);
      f.set(place, i32.add(place, dilation));
    });
  };
  level(0, i32.const(1), image);
}
