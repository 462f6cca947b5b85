// Walking windows by tables: for each output index along a dimension, what of its window lies on the input. So a body that runs at each tap
// has no tests and no divisions. Shared by reduceWindow and convolutions of one channel a group; the channels are the bodies'.
import type { Window } from "@org/hlo";
import type { Expr, FunctionBuilder, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";

type I32 = Expr<"i32">;

/** A dimension that windows lie along (or not: a window of one). Steps in bytes. */
export interface WalkedDimension {
  readonly output: number;
  /** For each output index: offset of its first tap in the filter, number of taps, offset of the first element. In bytes but for the number. */
  readonly table: Int32Array;
  /** From one tap to the next. */
  readonly elementStep: number;
  readonly tapStep: number;
}

/** Arguments that a walked dimension takes in a kernel: its extent, its table's address, both steps. */
export const walkArguments = 4;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const modulo = (a: number, b: number): number => ((a % b) + b) % b;

/** Dimension `d` of a window; `stride` and `tapStride` are bytes between neighbours in the input and in the filter. */
export function walkDimension(
  window: Window,
  d: number,
  extents: { readonly output: number; readonly input: number },
  stride: number,
  tapStride: number,
): WalkedDimension {
  const [size, step, dilation, base] = [
    window.size[d]!,
    window.strides[d]!,
    window.dilation[d]!,
    window.baseDilation[d]!,
  ];
  // Taps that meet elements of a stretched base are `period` apart.
  const period = base / gcd(base, dilation);
  const table = new Int32Array(extents.output * 3);
  for (let o = 0; o < extents.output; o++) {
    const place = o * step - window.padding[d]![0];
    const meets = (tap: number): boolean => modulo(place + tap * dilation, base) === 0;
    let tap = Math.max(0, Math.ceil(-place / dilation));
    for (let tries = 0; tries < period && tap < size && !meets(tap); tries++) tap++;
    const last = Math.min(size - 1, Math.floor(((extents.input - 1) * base - place) / dilation));
    const count = tap <= last && meets(tap) ? Math.floor((last - tap) / period) + 1 : 0;
    const row = (place + tap * dilation) / base;
    table.set(count > 0 ? [tap * tapStride, count, row * stride] : [0, 0, 0], o * 3);
  }
  return {
    output: extents.output,
    table,
    elementStep: ((dilation * period) / base) * stride,
    tapStep: period * tapStride,
  };
}

/**
 * Emits loops over all output positions, row-major. `body` runs at each; it may call `overTaps`, whose body gets pointers to the
 * input's element and the filter's tap, from `input` and `filter` on. `args` are the dimensions' arguments, one behind the other.
 */
export function overPositions(
  f: FunctionBuilder,
  args: readonly Local<"i32">[],
  body: (
    overTaps: (input: I32, filter: I32, tap: (element: Local<"i32">, weight: Local<"i32">) => void) => void,
  ) => void,
): void {
  const rank = args.length / walkArguments;
  const argument = (d: number, i: number): Local<"i32"> => args[d * walkArguments + i]!;
  const entries = Array.from({ length: rank }, () => f.local("i32"));
  const counters = Array.from({ length: rank }, () => f.local("i32"));
  const overTaps: Parameters<typeof body>[0] = (input, filter, tap) => {
    const level = (d: number, element: I32, weight: I32): void => {
      const [e, w, left] = [
        f.local("i32", i32.add(element, i32.load(entries[d]!, 8))),
        f.local("i32", i32.add(weight, i32.load(entries[d]!))),
        f.local("i32", i32.load(entries[d]!, 4)),
      ] as const;
      f.if(left, () =>
        f.loop((again) => {
          if (d + 1 < rank) level(d + 1, e, w);
          else tap(e, w);
          f.set(e, i32.add(e, argument(d, 2)));
          f.set(w, i32.add(w, argument(d, 3)));
          f.set(left, i32.sub(left, i32.const(1)));
          f.branch(again, left);
        }),
      );
    };
    level(0, input, filter);
  };
  const level = (d: number): void => {
    if (d === rank) {
      body(overTaps);
      return;
    }
    f.set(entries[d]!, argument(d, 1));
    f.for(counters[d]!, i32.const(0), argument(d, 0), 1, () => {
      level(d + 1);
      f.set(entries[d]!, i32.add(entries[d]!, i32.const(12)));
    });
  };
  level(0);
}

/** The arguments of dimensions whose tables lie one behind the other from `address` on. */
export function walkValues(dimensions: readonly WalkedDimension[], address: number): number[] {
  let at = address;
  return dimensions.flatMap(({ output, table, elementStep, tapStep }) => {
    const own = [output, at, elementStep, tapStep];
    at += table.byteLength;
    return own;
  });
}

/** All tables, one behind the other. */
export function walkTables(dimensions: readonly WalkedDimension[]): Int32Array {
  return Int32Array.from(dimensions.flatMap(({ table }) => [...table]));
}
