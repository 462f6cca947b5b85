// Runs one computation as one fusion on a backend and on the evaluator, and compares.
import {
  type Backend,
  type Executable,
  evaluate,
  type FusionKind,
  HloBuilder,
  type HloComputation,
  type HloDType,
  type KernelFault,
  makeFusion,
} from "@org/hlo";
import { dtypes, type NdArray, type NumericData, ndArray, sizeOf, toNumbers, viewData } from "@org/tensor";
import { expect } from "vitest";

/** A generator of pseudo-random numbers in [0, 1): tests repeat. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** float32 in (-4, 4), integers -8..8 or 0..16, bool. */
export function random(dtype: HloDType, shape: readonly number[], seed = 1): NdArray {
  const next = generator(seed);
  const count = sizeOf(shape);
  const whole = (low: number): number[] => Array.from({ length: count }, () => Math.floor(next() * 17) + low);
  switch (dtype) {
    case "float32":
      return ndArray(
        dtype,
        shape,
        Float32Array.from({ length: count }, () => (next() - 0.5) * 8),
      );
    case "int32":
      return ndArray(dtype, shape, Int32Array.from(whole(-8)));
    case "uint32":
      return ndArray(dtype, shape, Uint32Array.from(whole(0)));
    case "int8":
      return ndArray(dtype, shape, Int8Array.from(whole(-8)));
    case "bool":
      return ndArray(
        dtype,
        shape,
        Uint8Array.from(whole(-8), (x) => Number(x > 0)),
      );
    default:
      throw new TypeError(`No random ${dtype} here`);
  }
}

/** A computation from its builder. */
export function build(make: (b: HloBuilder) => Parameters<HloBuilder["build"]>[0]): HloComputation {
  const b = new HloBuilder("tested");
  return b.build(make(b));
}

/** Random inputs for a computation's parameters. */
export function inputsFor({ parameters }: HloComputation, seed: number): NdArray[] {
  return parameters.map(({ dtype, dims }, i) => random(dtype, dims, seed + i));
}

/** Prepares, launches with site 7, downloads; also the fault, if any. Leaves no buffer. */
export async function runOn(
  backend: Backend,
  kind: FusionKind,
  computation: HloComputation,
  inputs: readonly NdArray[],
  donated: readonly number[] = computation.roots.map(() => -1),
): Promise<{ results: NdArray[]; fault: KernelFault | undefined }> {
  const prepared = await backend.prepare(makeFusion(kind, computation), donated);
  if ("refused" in prepared) throw new Error(prepared.refused);
  const buffers = inputs.map((input) => backend.upload(input.data as NumericData));
  const outputs = computation.roots.map(({ dtype, dims }, i) =>
    donated[i]! >= 0 ? buffers[donated[i]!]! : backend.allocate(sizeOf(dims) * dtypes[dtype].bytes),
  );
  backend.launch(prepared as Executable, buffers, outputs, 7);
  const results: NdArray[] = [];
  for (const [i, { dtype, dims }] of computation.roots.entries()) {
    const bytes = await backend.download(outputs[i]!);
    results.push(ndArray(dtype, dims, viewData(dtype, bytes) as never));
  }
  const fault = backend.takeFault();
  for (const buffer of new Set([...buffers, ...outputs])) backend.release(buffer);
  expect(backend.stats().buffers).toBe(0);
  return { results, fault };
}

/** Expects the backend to give what the evaluator gives, within `tolerance` (relative, at least of 1). */
export async function expectSame(
  backend: Backend,
  kind: FusionKind,
  computation: HloComputation,
  inputs: readonly NdArray[],
  { tolerance = 1e-5, donated }: { readonly tolerance?: number; readonly donated?: readonly number[] } = {},
): Promise<void> {
  const wanted = evaluate(computation, inputs);
  const { results } = await runOn(backend, kind, computation, inputs, donated);
  for (const [r, result] of results.entries()) {
    const [got, want] = [toNumbers(result), toNumbers(wanted[r]!)];
    expect(got.length).toBe(want.length);
    for (const [i, b] of want.entries()) {
      const a = got[i]!;
      if (Object.is(a, b) || a === b) continue;
      const near = Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
      if (!near) expect.fail(`output ${r} element ${i}: ${a} instead of ${b}`);
    }
  }
}
