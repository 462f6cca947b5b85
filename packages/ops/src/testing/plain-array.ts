// Arrays as recorded cases write them, in JSON or in a test's source: flat values beside type and shape.
import { convertToNdArray, type DType, dtypes, type NdArray, ndArray, toNumbers } from "@org/tensor";

/**
 * Values in row-major order. Floats that JSON has no word for are "nan", "inf", "-inf" and, where its sign counts, "-0"; 64-bit integers beyond 2^53 are text; strings
 * have a character a byte (latin-1); a complex number is two values.
 */
export interface PlainArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly (number | bigint | string | boolean)[];
}

const words: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** A value that is not a 64-bit integer, as a number. */
export function plainNumber(value: PlainArray["values"][number]): number {
  return typeof value === "string" ? (words[value] ?? Number(value)) : Number(value);
}

const wide = (dtype: DType): boolean => dtype === "int64" || dtype === "uint64";

/** The array. Throws as `ndArray` does where there are not as many values as the shape has. */
export function fromPlain({ dtype, shape, values }: PlainArray): NdArray {
  if (dtype === "string")
    return ndArray(
      "string",
      shape,
      values.map((text) => Uint8Array.from(String(text), (c) => c.charCodeAt(0))),
    );
  if (dtype === "complex64") return ndArray(dtype, shape, Float32Array.from(values, plainNumber));
  if (dtype === "complex128") return ndArray(dtype, shape, Float64Array.from(values, plainNumber));
  const numbers = values.map((value) =>
    wide(dtype)
      ? BigInt(value)
      : dtypes[dtype].kind === "float"
        ? plainNumber(value)
        : (value as number | boolean),
  );
  return ndArray(dtype, shape, convertToNdArray(numbers, dtype).data);
}

/** The other way. Throws a TypeError for handles. */
export function toPlain(array: NdArray): PlainArray {
  const { dtype, shape, data } = array;
  const word = (x: number): number | string => {
    if (Object.is(x, -0)) return "-0";
    return Number.isFinite(x) ? x : Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  };
  let values: PlainArray["values"];
  if (dtype === "string")
    values = (data as Uint8Array[]).map((bytes) =>
      Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
    );
  else if (wide(dtype))
    values = Array.from(data as BigInt64Array, (x) => (Number.isSafeInteger(Number(x)) ? Number(x) : `${x}`));
  else if (dtype === "bool") values = toNumbers(array).map((x) => x !== 0);
  else values = toNumbers(array).map(word);
  return { dtype, shape, values };
}

/** How far a value may be off, by type: absolutely below 1, relatively above. 0: the very value (and the sign of a zero where "-0" is recorded). */
export type Tolerances = Partial<Readonly<Record<DType, number>>>;

/** A few units in the last place. */
const usual: Tolerances = {
  float32: 2e-6,
  float64: 1e-13,
  float16: 2e-3,
  complex64: 2e-6,
  complex128: 1e-13,
};

/** Says where `actual` is not `expected`; undefined where it is. NaN equals NaN; strings and integers are exactly the same. */
export function plainDifference(
  actual: NdArray,
  expected: PlainArray,
  tolerances: Tolerances = {},
): string | undefined {
  if (actual.dtype !== expected.dtype || `${actual.shape}` !== `${expected.shape}`)
    return `got ${actual.dtype}[${actual.shape}], not ${expected.dtype}[${expected.shape}]`;
  const { dtype, values } = expected;
  const told = (i: number, got: unknown): string => `element ${i} is ${got}, not ${values[i]}`;
  if (dtype === "string") {
    const texts = (actual.data as Uint8Array[]).map((bytes) => String.fromCharCode(...bytes));
    const at = texts.findIndex((text, i) => text !== values[i]);
    return at < 0 ? undefined : told(at, JSON.stringify(texts[at]));
  }
  if (wide(dtype)) {
    const found = Array.from(actual.data as BigInt64Array);
    const at = found.findIndex((x, i) => x !== BigInt(values[i]!));
    return at < 0 ? undefined : told(at, found[at]);
  }
  const within = tolerances[dtype] ?? usual[dtype] ?? 0;
  const found = toNumbers(actual);
  // Recorded floats have the fewest digits that give them back in their type.
  const wanted = toNumbers(fromPlain(expected));
  const at = found.findIndex((x, i) => {
    const y = wanted[i]!;
    if (values[i] === "-0" && within === 0) return !Object.is(x, -0);
    return !(Object.is(x, y) || x === y || Math.abs(x - y) <= within * Math.max(1, Math.abs(y)));
  });
  return at < 0 ? undefined : told(at, found[at]);
}
