// reduceWindow: a direct loop over each window. Where the last dimension is not windowed (channels), four of its elements
// at a time.
import { attributesOf, type HloInstruction, type Window } from "@org/hlo";
import { prepareBlock } from "./block-kernel.ts";
import { elementBytes } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { isVectorizable, vectorLanes } from "./vector-lanes.ts";
import type { Expr, Local } from "./wasm-assembler.ts";
import { i32 } from "./wasm-opcodes.ts";
import { overWindow, windowArguments, windowValues } from "./window-loops.ts";

const isTrivial = (window: Window, d: number): boolean =>
  window.size[d] === 1 &&
  window.strides[d] === 1 &&
  window.baseDilation[d] === 1 &&
  window.padding[d]!.every((edge) => edge === 0);

/** Combines what each window covers; places outside the array count for nothing. */
export const prepareReduceWindow: SinglePreparer = (workshop, instruction) => {
  const { reducer, window } = attributesOf(instruction, "reduceWindow");
  const [x] = instruction.operands as [HloInstruction];
  const { dtype } = x;
  const channels = x.dims.length > 1 && isTrivial(window, x.dims.length - 1);
  const rank = channels ? x.dims.length - 1 : x.dims.length;
  const inner = channels ? x.dims.at(-1)! : 1;
  // A scalar has one window, of one element.
  const one: Window = { size: [1], strides: [1], padding: [[0, 0]], dilation: [1], baseDilation: [1] };
  const values =
    rank === 0
      ? windowValues(one, [1], [1])
      : windowValues(window, instruction.dims.slice(0, rank), x.dims.slice(0, rank));
  const dimensions = Math.max(rank, 1);
  const vectors = channels && isVectorizable({ opcode: reducer, dtype, argTypes: [dtype, dtype] });
  return prepareBlock(workshop, {
    key: `reduceWindow ${reducer} ${dtype} ${dimensions} ${vectors}`,
    arguments: 3 + dimensions * windowArguments,
    mayFault: false,
    values: ([from], [to]) => [from!.address, to!.address, inner, ...values],
    emit: (context, [from, to, count, ...dims]) => {
      const { f } = context;
      const lanes = vectors ? vectorLanes(context) : scalarLanes(context);
      const { width } = lanes;
      const bytes = elementBytes(dtype);
      const total = f.local(lanes.valueType(dtype));
      const channel = f.local("i32");
      const at = Array.from({ length: dimensions }, () => f.local("i32"));
      const group = (partial: boolean): void => {
        f.set(total, lanes.identity(reducer, dtype));
        overWindow(f, dims, at, i32.const(0), (inside, element) =>
          f.if(inside, () => {
            const offset = i32.add(i32.mul(element, count!), channel);
            const address = i32.add(from!, i32.mul(offset, i32.const(bytes)));
            const value = lanes.load(dtype, { address, offset: 0, movement: "unit", steps: [] });
            f.set(total, lanes.combine(reducer, dtype, total, f.local(lanes.valueType(dtype), value)));
          }),
        );
        const left: Expr<"i32"> | undefined = partial ? f.local("i32", i32.sub(count!, channel)) : undefined;
        lanes.store(dtype, to!, 0, total, left);
        const done = left ?? i32.const(width);
        f.set(to!, i32.add(to!, i32.mul(done, i32.const(bytes))));
        f.set(channel, i32.add(channel, done));
      };
      const over = (d: number): void => {
        if (d < dimensions) {
          f.for(at[d]!, i32.const(0), dims[d * windowArguments] as Local<"i32">, 1, () => over(d + 1));
          return;
        }
        f.set(channel, i32.const(0));
        const whole = (): Expr<"i32"> => i32.le_s(i32.add(channel, i32.const(width)), count!);
        f.if(whole(), () =>
          f.loop((again) => {
            group(false);
            f.branch(again, whole());
          }),
        );
        if (width > 1) f.if(i32.lt_s(channel, count!), () => group(true));
      };
      over(0);
    },
  });
};
