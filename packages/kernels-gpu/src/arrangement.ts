// How the buffers of a loop nest's fusion are bound: inputs that it loads from, then outputs. A donated input is read through its
// output's binding, as WebGPU wants it, so a kernel that works in place is another one.
import type { Fusion, LoopNest, Refusal } from "@org/hlo";
import type { GpuBuffer } from "./buffers.ts";
import { withCopies } from "./copies.ts";
import { elementType } from "./element-types.ts";
import type { Run, Workshop } from "./prepared.ts";
import type { ArrayType } from "./shader-source.ts";

export interface Arrangement {
  /** The nest's key, with what is donated. */
  readonly key: string;
  readonly inputTypes: readonly ArrayType[];
  readonly outputTypes: readonly ArrayType[];
  /** The array that an input is read from. */
  readonly input: (parameter: number) => { readonly name: string; readonly declared: ArrayType };
  /** A run that hands out the buffers in the order of their bindings. */
  readonly arrange: (record: (buffers: readonly GpuBuffer[], site: number) => void) => Run;
}

/** Buffers that a kernel may bind beside scratch and the fault record. */
export function maxBuffers({ maxStorageBuffersPerShaderStage }: GPUSupportedLimits): number {
  return maxStorageBuffersPerShaderStage - 2;
}

/** Binds a nest's buffers. Refuses what takes more bindings than the device has. */
export function arrangement(
  { limits, recorder, memory }: Workshop,
  { computation }: Fusion,
  nest: LoopNest,
  donated: readonly number[],
): Arrangement | Refusal {
  const read = [...new Set(nest.loads.map(({ parameter }) => parameter))].sort((a, b) => a - b);
  const bound = read.filter((parameter) => !donated.includes(parameter));
  const { parameters, roots } = computation;
  const needed = bound.length + roots.length;
  const most = maxBuffers(limits);
  if (needed > most) return { refused: `The kernel takes ${needed} buffers; the device binds ${most}` };
  const inputTypes = bound.map((parameter) => elementType(parameters[parameter]!.dtype).array);
  const outputTypes = roots.map(({ dtype }) => elementType(dtype).array);
  const inPlace = donated.map((parameter) => (read.includes(parameter) ? parameter : -1));
  return {
    key: inPlace.every((parameter) => parameter < 0) ? nest.key : `${nest.key} in place ${inPlace}`,
    inputTypes,
    outputTypes,
    input: (parameter) => {
      const at = bound.indexOf(parameter);
      if (at >= 0) return { name: `in${at}`, declared: inputTypes[at]! };
      const output = donated.indexOf(parameter);
      return { name: `out${output}`, declared: outputTypes[output]! };
    },
    arrange: (record) =>
      withCopies(
        recorder,
        memory,
        (input) => donated.includes(input) || !read.includes(input),
        (inputs, outputs, site) =>
          record([...bound.map((parameter) => inputs[parameter]!), ...outputs], site),
      ),
  };
}
