// reduceWindow: a direct loop over each window. Where the last dimension is not windowed (channels), vectors of its elements
// at a time.
import { attributesOf, type HloInstruction, type Window } from "@org/hlo";
import { prepareBlock } from "./block-kernel.ts";
import { emitChannels } from "./channel-windows.ts";
import { denseStrides } from "./copy-kernel.ts";
import { withTables } from "./kernel-tables.ts";
import { elementBytes, type Operation } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import type { SinglePreparer } from "./single-kernel.ts";
import { isVectorizable, vectorLanes } from "./vector-lanes.ts";
import { isWideOperation, wideLanes } from "./wide-lanes.ts";
import { walkArguments, walkDimension, walkTables, walkValues } from "./window-walk.ts";

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
  const rank = x.dims.length;
  const channels = rank > 1 && isTrivial(window, rank - 1);
  const inner = channels ? x.dims.at(-1)! : 1;
  const strides = denseStrides(x.dims).map((stride) => stride * elementBytes(dtype));
  const walked = instruction.dims
    .slice(0, channels ? rank - 1 : rank)
    .map((output, d) => walkDimension(window, d, { output, input: x.dims[d]! }, strides[d]!, 0));
  // A scalar has one window, of one element.
  if (walked.length === 0) {
    walked.push({ output: 1, table: Int32Array.of(0, 1, 0), elementStep: 0, tapStep: 0 });
  }
  const operation: Operation = { opcode: reducer, dtype, argTypes: [dtype, dtype] };
  const vectors = isVectorizable(operation)
    ? vectorLanes
    : isWideOperation(operation)
      ? wideLanes
      : undefined;
  return withTables(workshop, walkTables(walked), (address) =>
    prepareBlock(workshop, {
      key: `reduceWindow ${reducer} ${dtype} ${walked.length} ${channels}`,
      arguments: 3 + walked.length * walkArguments,
      mayFault: false,
      values: ([from], [to]) => [from!.address, to!.address, inner, ...walkValues(walked, address())],
      emit: (context, [from, to, count, ...args]) =>
        emitChannels(
          context,
          {
            dtype,
            lanes: (channels && vectors) || scalarLanes,
            initial: (lanes) => lanes.identity(reducer, dtype),
            take: (lanes, sum, element) =>
              lanes.combine(reducer, dtype, sum, context.f.local(lanes.valueType(dtype), element)),
          },
          [from!, from!, to!, count!],
          args,
        ),
    }),
  );
};
