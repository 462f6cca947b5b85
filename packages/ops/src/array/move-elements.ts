// Host kernels of ops that move elements without looking at them (Pack, Slice, Gather ...), for types that hlo has not:
// strings, complex numbers. The op's own lowering runs on the elements' numbers, and its result says which goes where.
import { evaluate, HloBuilder, type HloDType, type HloInstruction } from "@org/hlo";
import { allocateData, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import type { OpSpec } from "../define.ts";
import type { HostContext, LoweringContext } from "../op-entry.ts";

/** Which (flat) inputs hold the elements that are moved. */
export type IsData = (index: number, inputCount: number) => boolean;

/** Every input but those at the given positions; negative ones count from the end. */
export function allBut(...positions: readonly number[]): IsData {
  return (index, count) => !positions.some((at) => (at < 0 ? at + count : at) === index);
}

/** An array that numbers the elements of another, from `first` on. */
function numbered({ shape }: NdArray, first: number): NdArray {
  return ndArray(
    "int32",
    shape,
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => first + i),
  );
}

function move(c: HostContext, lower: NonNullable<OpSpec["lower"]>, isData: IsData): readonly NdArray[] {
  const builder = new HloBuilder(c.node);
  const sources: NdArray[] = [];
  const firsts: number[] = [];
  const arrays: NdArray[] = [];
  let total = 0;
  const data = (index: number): boolean => isData(index, c.inputCount);
  const parameters = Array.from({ length: c.inputCount }, (_, i): HloInstruction | undefined => {
    const array = c.input(i);
    if (!data(i)) {
      arrays.push(array);
      return builder.parameter(array.dtype as HloDType, array.shape);
    }
    sources.push(array);
    firsts.push(total);
    arrays.push(numbered(array, total));
    total += sizeOf(array.shape);
    return builder.parameter("int32", array.shape);
  });
  const context: LoweringContext = {
    node: c.node,
    attrs: c.attrs,
    builder,
    inputCount: c.inputCount,
    input: (i) => parameters[i]!,
    hostInput: (i) => c.input(i),
    inputDType: (i) => (data(i) ? "int32" : c.inputDType(i)),
    outputDType: () => "int32",
    outputShape: () => {
      throw new TypeError("A host kernel does not know static shapes");
    },
    fail: (code, sentence, hint) => c.fail(code, sentence, hint),
  };
  const lowered = lower(context);
  const roots = ("opcode" in lowered ? [lowered] : lowered) as readonly HloInstruction[];
  const results = evaluate(builder.build(roots), arrays, {
    onFault: ({ value, position }) =>
      c.fail("INVALID_ARGUMENT", `indices[${position}] = ${value} is out of range`),
  });
  const dtype = sources[0]!.dtype;
  const { width } = dtypes[dtype];
  return results.map(({ shape, data: places }) => {
    const moved = allocateData(dtype, sizeOf(shape)) as unknown[];
    (places as Int32Array).forEach((place, i) => {
      let at = firsts.length - 1;
      while (firsts[at]! > place) at--;
      const from = sources[at]!.data as ArrayLike<unknown>;
      for (let k = 0; k < width; k++) moved[i * width + k] = from[(place - firsts[at]!) * width + k];
    });
    return ndArray(dtype, shape, moved as never);
  });
}

/** The spec with a host kernel for types that hlo has not. `spec` must have a lowering that only moves elements. */
export function movesElements(spec: OpSpec, isData: IsData): OpSpec {
  const { lower } = spec;
  if (!lower) throw new TypeError("movesElements takes a spec with a lowering");
  return { ...spec, host: (c) => move(c, lower, isData) };
}
