// Host kernels of ops that move elements without looking at them (Pack, Slice, Gather ...), for types that hlo has not:
// strings, complex numbers. The op's own lowering runs on the elements' numbers, and its result says which goes where.
import { allocateData, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import type { OpSpec } from "../define.ts";
import { runLowering } from "../host/run-lowering.ts";
import type { HostContext } from "../op-entry.ts";

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
  const sources: NdArray[] = [];
  const firsts: number[] = [];
  let total = 0;
  const results = runLowering(c, lower, {
    input: (i) => {
      const array = c.input(i);
      if (!isData(i, c.inputCount)) return array;
      sources.push(array);
      firsts.push(total);
      total += sizeOf(array.shape);
      return numbered(array, firsts.at(-1)!);
    },
    outputDType: () => "int32",
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
