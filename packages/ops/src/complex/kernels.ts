// Host kernels that give ops a meaning for complex numbers, which hlo has not: element by element, part by part, products. Each adds `host` to
// the spec of an op whose lowering serves the real types. Numbers lie as pairs [re, im] in an NdArray's data.
import { allocateData, type DType, dtypes, type NdArray, ndArray, sizeOf } from "@org/tensor";
import type { OpSpec } from "../define.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import { runLowering } from "../host/run-lowering.ts";
import type { HostContext } from "../op-entry.ts";
import { complexFunctions, complexOperators, type Pair } from "./functions.ts";

type Floats = Float32Array | Float64Array;

/** The type of a complex type's parts. */
export function realDType(dtype: DType): "float32" | "float64" {
  return dtype === "complex128" ? "float64" : "float32";
}

/** The complex type whose parts are of type `dtype`. */
export function complexDType(dtype: DType): "complex64" | "complex128" {
  return dtype === "float64" || dtype === "complex128" ? "complex128" : "complex64";
}

/** Whether elements of the type are pairs. */
export function isComplex(dtype: DType): boolean {
  return dtypes[dtype].kind === "complex";
}

/** The real parts (0) or the imaginary ones (1); what is no complex array is itself. */
export function partOf(value: NdArray, part: 0 | 1): NdArray {
  if (!isComplex(value.dtype)) return value;
  const dtype = realDType(value.dtype);
  const from = value.data as Floats;
  const data = allocateData(dtype, sizeOf(value.shape)) as Floats;
  for (let i = 0; i < data.length; i++) data[i] = from[2 * i + part]!;
  return ndArray(dtype, value.shape, data as never);
}

/** A complex array of its parts, which have one shape. */
export function joinParts(re: NdArray, im: NdArray): NdArray {
  const dtype = complexDType(re.dtype);
  const data = allocateData(dtype, sizeOf(re.shape)) as Floats;
  const [x, y] = [re.data as Floats, im.data as Floats];
  for (let i = 0; i < x.length; i++) {
    data[2 * i] = x[i]!;
    data[2 * i + 1] = y[i]!;
  }
  return ndArray(dtype, re.shape, data as never);
}

/** Ones of any numeric type. */
export function onesOf(dtype: DType, shape: readonly number[]): NdArray {
  const data = allocateData(dtype, sizeOf(shape));
  const { width } = dtypes[dtype];
  const one = data instanceof BigInt64Array || data instanceof BigUint64Array ? 1n : 1;
  for (let i = 0; i < data.length; i += width) data[i] = one;
  return ndArray(dtype, shape, data as never);
}

function eachElement(type: string): OpSpec["host"] {
  const f = complexFunctions[type]!;
  return (c) => {
    const { dtype, shape, data } = c.input(0);
    const from = data as Floats;
    const to = allocateData(dtype, sizeOf(shape)) as Floats;
    const out: Pair = [0, 0];
    for (let i = 0; i < to.length; i += 2) {
      f(from[i]!, from[i + 1]!, out);
      to[i] = out[0];
      to[i + 1] = out[1];
    }
    return [ndArray(dtype, shape, to as never)];
  };
}

function eachPair(type: string): OpSpec["host"] {
  const f = complexOperators[type]!;
  return (c) => {
    const [x, y] = [c.input(0), c.input(1)];
    const shape = broadcastDims(c, x.shape, y.shape);
    const to = allocateData(x.dtype, sizeOf(shape)) as Floats;
    const [a, b] = [x.data as Floats, y.data as Floats];
    const out: Pair = [0, 0];
    forEachPair(shape, x.shape, y.shape, (at, i, j) => {
      f(a[2 * i]!, a[2 * i + 1]!, b[2 * j]!, b[2 * j + 1]!, out);
      to[2 * at] = out[0];
      to[2 * at + 1] = out[1];
    });
    return [ndArray(x.dtype, shape, to as never)];
  };
}

/** The spec, whose host kernel gives complex conjugates of what it gave; a real op is left as it is. */
export function conjugatesResult(spec: OpSpec): OpSpec {
  const { host } = spec;
  if (!host) throw new TypeError("conjugatesResult takes a spec with a host kernel");
  return {
    ...spec,
    host: async (c) =>
      (await host(c)).map((value) => {
        const data = (value.data as Floats).slice();
        for (let i = 1; i < data.length; i += 2) data[i] = -data[i]!;
        return ndArray(value.dtype, value.shape, data as never);
      }),
  };
}

/** Specs of element-wise ops, with kernels for complex numbers where functions.ts has the function. */
export function withComplexFunctions(table: Readonly<Record<string, OpSpec>>): Record<string, OpSpec> {
  const kernel = (type: string): OpSpec["host"] =>
    Object.hasOwn(complexFunctions, type)
      ? eachElement(type)
      : Object.hasOwn(complexOperators, type)
        ? eachPair(type)
        : undefined;
  return Object.fromEntries(
    Object.entries(table).map(([type, spec]) => {
      const host = spec.host ?? kernel(type);
      return [type, host ? { ...spec, host } : spec];
    }),
  );
}

function partsOfRun(c: HostContext, lower: NonNullable<OpSpec["lower"]>, part: 0 | 1): readonly NdArray[] {
  return runLowering(c, lower, {
    input: (i) => partOf(c.input(i), part),
    outputDType: (i) => {
      const dtype = c.outputDType(i);
      return isComplex(dtype) ? realDType(dtype) : dtype;
    },
  });
}

/** The spec of an op that is linear (sums, padding with zeros, scattering): its lowering runs on real and on imaginary parts. */
export function byParts(spec: OpSpec): OpSpec {
  const { lower } = spec;
  if (!lower) throw new TypeError("byParts takes a spec with a lowering");
  return {
    ...spec,
    host: (c) => {
      const [re, im] = [partsOfRun(c, lower, 0), partsOfRun(c, lower, 1)];
      return re.map((part, i) => joinParts(part, im[i]!));
    },
  };
}

/**
 * The spec of a product of two matrices: (a + bi)(c + di) by four real ones. `conjugates` says which operands are taken as their conjugates.
 */
export function complexProduct(
  spec: OpSpec,
  conjugates: (c: HostContext) => readonly [boolean, boolean] = () => [false, false],
): OpSpec {
  const { lower } = spec;
  if (!lower) throw new TypeError("complexProduct takes a spec with a lowering");
  const run = (c: HostContext, x: 0 | 1, y: 0 | 1): NdArray =>
    runLowering(c, lower, {
      input: (i) => partOf(c.input(i), i === 0 ? x : y),
      outputDType: () => realDType(c.outputDType(0)),
    })[0]!;
  return {
    ...spec,
    host: (c) => {
      const [cx, cy] = conjugates(c).map((conjugate) => (conjugate ? -1 : 1)) as [number, number];
      const re = run(c, 0, 0);
      const [bd, ad, bc] = [run(c, 1, 1), run(c, 0, 1), run(c, 1, 0)].map(({ data }) => data as Floats);
      const [real, imag] = [(re.data as Floats).slice(), new Float64Array(re.data.length)];
      for (let i = 0; i < real.length; i++) {
        real[i] = real[i]! - cx * cy * bd![i]!;
        imag[i] = cy * ad![i]! + cx * bc![i]!;
      }
      const im = ndArray(
        re.dtype,
        re.shape,
        (real.constructor as Float32ArrayConstructor).from(imag) as never,
      );
      return [joinParts(ndArray(re.dtype, re.shape, real as never), im)];
    },
  };
}
