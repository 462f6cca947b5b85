// Kernels whose windows leave the last dimension (channels) alone: each output position is a row of channels, some vectors at a
// time, over the taps of its window.
import type { HloDType } from "@org/hlo";
import { elementBytes, type KernelContext, type Lanes } from "./lanes.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { overPositions } from "./window-walk.ts";

/** Vectors of channels at once: their sums stay in registers. */
const vectorsAtOnce = 4;

export interface ChannelKernel {
  readonly dtype: HloDType;
  readonly lanes: (context: KernelContext) => Lanes;
  /** A sum's value before the first tap. */
  readonly initial: (lanes: Lanes) => Expr;
  /** The sum with one tap's elements taken in; `weight(offset)` loads from the filter. */
  readonly take: (lanes: Lanes, sum: Local, element: Expr, weight: () => Expr) => Expr;
}

/** Emits the kernel over walked dimensions' arguments `args`; `count` channels. */
export function emitChannels(
  context: KernelContext,
  { dtype, lanes: lanesOf, initial, take }: ChannelKernel,
  [from, filter, to, count]: readonly [Local<"i32">, Local<"i32">, Local<"i32">, Local<"i32">],
  args: readonly Local<"i32">[],
): void {
  const { f } = context;
  const lanes = lanesOf(context);
  const bytes = elementBytes(dtype);
  const step = lanes.width * bytes;
  const sums = Array.from({ length: vectorsAtOnce }, () => f.local(lanes.valueType(dtype)));
  const [left, shift] = [f.local("i32"), f.local("i32")];
  overPositions(f, args, (overTaps) => {
    const group = (at: number, partial: boolean): void => {
      for (const sum of sums.slice(0, at)) f.set(sum, initial(lanes));
      overTaps(i32.add(from, shift), i32.add(filter, shift), (element, weight) =>
        sums.slice(0, at).forEach((sum, v) => {
          const load = (address: Local<"i32">): Expr =>
            lanes.load(dtype, { address, offset: v * step, movement: "unit", steps: [] });
          f.set(
            sum,
            take(lanes, sum, load(element), () => load(weight)),
          );
        }),
      );
      sums.slice(0, at).forEach((sum, v) => {
        lanes.store(dtype, to, v * step, sum, partial ? left : undefined);
      });
      const done = partial ? left : i32.const(at * lanes.width);
      f.set(to, i32.add(to, i32.mul(done, i32.const(bytes))));
      f.set(shift, i32.add(shift, i32.const(at * step)));
      f.set(left, i32.sub(left, i32.const(at * lanes.width)));
    };
    f.set(left, count);
    f.set(shift, i32.const(0));
    for (const at of [vectorsAtOnce, 1]) {
      const whole = (): Expr<"i32"> => i32.ge_s(left, i32.const(at * lanes.width));
      f.if(whole(), () =>
        f.loop((again) => {
          group(at, false);
          f.branch(again, whole());
        }),
      );
    }
    if (lanes.width > 1) f.if(i32.gt_s(left, i32.const(0)), () => group(1, true));
  });
}
