// Runs one computation as one fusion on cpu() and on the evaluator, and compares.
import {
  type Backend,
  type Executable,
  evaluate,
  type FusionKind,
  HloBuilder,
  type HloComputation,
  type HloDType,
  isFloat,
  type KernelFault,
} from "@org/hlo";
import { allocateData, dtypes, type NdArray, type NumericData, ndArray, sizeOf, viewData } from "@org/tensor";
import { expect } from "vitest";
import { cpu } from "../src/index.ts";

export const backend: Backend = cpu();

/** A small generator of pseudo-random numbers in [0, 1): tests repeat. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const half = (x: number): number => {
  // Enough for test data: small multiples of 1/8.
  const f = new Float32Array([x]);
  const bits = new Uint32Array(f.buffer)[0]!;
  if (x === 0) return 0;
  return ((bits >>> 16) & 0x8000) | ((((bits >>> 23) & 0xff) - 112) << 10) | ((bits >>> 13) & 0x3ff);
};

/** Random data: floats in (-4, 4), integers -8..8 or 0..16. */
export function random(dtype: HloDType, shape: readonly number[], next: () => number): NdArray {
  const data = allocateData(dtype, sizeOf(shape)) as unknown as {
    length: number;
    [i: number]: number | bigint;
  };
  for (let i = 0; i < data.length; i++) {
    const unsigned = dtype.startsWith("uint");
    const whole = Math.floor(next() * 17) - (unsigned ? 0 : 8);
    if (dtype === "int64" || dtype === "uint64") data[i] = BigInt(whole);
    else if (dtype === "bool") data[i] = next() < 0.5 ? 0 : 1;
    else if (dtype === "float16") data[i] = half(whole / 8);
    else if (dtype === "bfloat16") data[i] = new Uint32Array(Float32Array.of(whole / 8).buffer)[0]! >>> 16;
    else data[i] = isFloat(dtype) ? (next() - 0.5) * 8 : whole;
  }
  return ndArray(dtype, shape, data as never);
}

const numbers = (dtype: HloDType, data: NumericData): number[] =>
  Array.from(data as ArrayLike<number | bigint>, (x) => {
    if (dtype === "bfloat16") return new Float32Array(Uint32Array.of(Number(x) << 16).buffer)[0]!;
    if (dtype !== "float16") return Number(x);
    const bits = Number(x);
    const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });

/** Prepares, launches, downloads; also the fault, if any. */
export function runOnCpu(
  kind: FusionKind,
  computation: HloComputation,
  inputs: readonly NdArray[],
  donated: readonly number[] = computation.roots.map(() => -1),
  on: Backend = backend,
): { results: NdArray[]; fault: KernelFault | undefined } {
  const prepared = on.prepare({ kind, computation, key: computation.name }, donated);
  if ("refused" in prepared) throw new Error(prepared.refused);
  const buffers = inputs.map((input) => on.upload(input.data as NumericData));
  const outputs = computation.roots.map(({ dtype, dims }, i) =>
    donated[i]! >= 0 ? buffers[donated[i]!]! : on.allocate(sizeOf(dims) * dtypes[dtype].bytes),
  );
  on.launch(prepared as Executable, buffers, outputs, 7);
  const results = computation.roots.map(({ dtype, dims }, i) =>
    ndArray(dtype, dims, viewData(dtype, on.downloadSync!(outputs[i]!)) as never),
  );
  for (const buffer of new Set([...buffers, ...outputs])) on.release(buffer);
  return { results, fault: on.takeFault() };
}

/** Expects cpu() to give what the evaluator gives, within `tolerance` (relative, at least of 1). */
export function expectSame(
  kind: FusionKind,
  computation: HloComputation,
  inputs: readonly NdArray[],
  options: { tolerance?: number; donated?: readonly number[]; on?: Backend } = {},
): void {
  const wanted = evaluate(computation, inputs);
  const { results } = runOnCpu(kind, computation, inputs, options.donated, options.on);
  const { tolerance = 1e-6 } = options;
  results.forEach((result, r) => {
    const dtype = result.dtype as HloDType;
    const got = numbers(dtype, result.data as NumericData);
    const want = numbers(dtype, wanted[r]!.data as NumericData);
    for (let i = 0; i < want.length; i++) {
      const [a, b] = [got[i]!, want[i]!];
      if (Object.is(a, b) || a === b) continue;
      const near = Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
      if (!near) expect.fail(`${computation.name} output ${r} element ${i}: ${a} instead of ${b}`);
    }
  });
}

/** A computation from its builder. */
export function build(
  name: string,
  make: (b: HloBuilder) => Parameters<HloBuilder["build"]>[0],
): HloComputation {
  const b = new HloBuilder(name);
  return b.build(make(b));
}

/** Random inputs for a computation's parameters. */
export function inputsFor(computation: HloComputation, seed: number): NdArray[] {
  const next = generator(seed);
  return computation.parameters.map(({ dtype, dims }) => random(dtype, dims, next));
}
