// Runs an op's lowering on the host, over arrays that stand for its inputs: how ops that only move, add or multiply elements serve types that
// hlo has not (strings, complex numbers). See array/move-elements.ts, complex/by-parts.ts.
import { evaluate, HloBuilder, type HloDType, type HloInstruction } from "@org/hlo";
import type { DType, NdArray } from "@org/tensor";
import type { HostContext, Lowered, LoweringContext } from "../op-entry.ts";

/** What stands for an op's inputs and outputs. */
export interface StandIns {
  /** What input `index` is while the lowering runs. */
  readonly input: (index: number) => NdArray;
  /** The type that output `index` has then. */
  readonly outputDType: (index: number) => DType;
}

/** The outputs of `lower` over what stands for the inputs. An index out of range fails as in TensorFlow's kernels. */
export function runLowering(
  c: HostContext,
  lower: (c: LoweringContext) => HloInstruction | readonly HloInstruction[] | Lowered,
  { input, outputDType }: StandIns,
): readonly NdArray[] {
  const builder = new HloBuilder(c.node);
  const arrays = Array.from({ length: c.inputCount }, (_, i) => input(i));
  const parameters = arrays.map(({ dtype, shape }) => builder.parameter(dtype as HloDType, shape));
  const context: LoweringContext = {
    node: c.node,
    attrs: c.attrs,
    builder,
    inputCount: c.inputCount,
    input: (i) => parameters[i]!,
    hostInput: (i) => c.input(i),
    inputDType: (i) => arrays[i]!.dtype,
    outputDType,
    outputShape: () => {
      throw new TypeError("A host kernel does not know static shapes");
    },
    fail: (code, sentence, hint) => c.fail(code, sentence, hint),
  };
  const lowered = lower(context);
  const outputs = "opcode" in lowered ? [lowered] : "length" in lowered ? lowered : (lowered.outputs ?? []);
  return evaluate(builder.build(outputs as readonly HloInstruction[]), arrays, {
    onFault: ({ value, position }) =>
      c.fail("INVALID_ARGUMENT", `indices[${position}] = ${value} is out of range`),
  });
}
