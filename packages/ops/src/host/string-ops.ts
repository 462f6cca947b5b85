// Ops on strings: joining, numbers as text, hashing, matching. Source: tensorflow/core/kernels/{string_join_op,as_string_op,
// static_regex_...}.cc. Regular expressions are JavaScript's; RE2's syntax is the same but for rare classes.
import { coreShapes } from "@org/graph/core-ops";
import {
  type DType,
  dtypeString,
  dtypes,
  fromBits,
  isNarrowFloat,
  type NdArray,
  type NumericData,
  ndArray,
} from "@org/tensor";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import { fingerprint64 } from "./fingerprint64.ts";
import { formatFixed, formatScientific, formatShortest } from "./printf.ts";
import { stringArray, stringsOf } from "./text.ts";

function joined(parts: readonly Uint8Array[], separator: Uint8Array): Uint8Array {
  const length = parts.reduce(
    (sum, part) => sum + part.length,
    separator.length * Math.max(0, parts.length - 1),
  );
  const out = new Uint8Array(length);
  let at = 0;
  parts.forEach((part, i) => {
    if (i > 0) {
      out.set(separator, at);
      at += separator.length;
    }
    out.set(part, at);
    at += part.length;
  });
  return out;
}

/** How AsString writes one number, from its attributes; throws INVALID_ARGUMENT for combinations that TensorFlow refuses. */
function numberFormat(c: HostContext, dtype: DType): (x: number | bigint) => string {
  const { attrs } = c;
  const [precision, width, fill] = [attrs.int("precision"), attrs.int("width"), attrs.string("fill")];
  const [scientific, shortest] = [attrs.bool("scientific"), attrs.bool("shortest")];
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const { kind } = dtypes[dtype];
  if (scientific && shortest) fail("Cannot select both scientific and shortest notation");
  if (fill.length > 1) fail("Fill string must be one or fewer characters");
  if (kind !== "float" && kind !== "complex") {
    if (scientific || shortest)
      fail(`scientific and shortest format not supported for datatype ${dtypeString(dtype)}`);
    if (precision >= 0) fail(`precision not supported for datatype ${dtypeString(dtype)}`);
  }
  if (![" ", "+", "-", "0", "#", ""].includes(fill)) fail(`Fill argument not supported: "${fill}"`);
  const places = precision < 0 ? 6 : precision;
  const text = (x: number | bigint): string => {
    if (kind !== "float") return `${x}`;
    if (shortest) return formatShortest(Number(x), places);
    return scientific ? formatScientific(Number(x), places) : formatFixed(Number(x), places);
  };
  return (x) => {
    const plain = text(x);
    const sign = fill === "+" && !plain.startsWith("-") ? "+" : "";
    if (width < 0) return sign + plain;
    if (fill === "-") return plain.padEnd(width);
    if (fill !== "0") return (sign + plain).padStart(width);
    const negative = plain.startsWith("-") ? "-" : "";
    return negative + plain.slice(negative.length).padStart(width - negative.length, "0");
  };
}

function asString(c: HostContext): NdArray {
  const value = c.input(0);
  const { dtype } = value;
  if (dtype === "bool")
    return stringArray(
      value.shape,
      Array.from(value.data as Uint8Array, (x) => (x ? "true" : "false")),
    );
  const format = numberFormat(c, dtype);
  const data = value.data as NumericData;
  if (dtypes[dtype].kind === "complex") {
    const part = numberFormat(c, dtype === "complex64" ? "float32" : "float64");
    const pairs = Array.from(
      { length: data.length / 2 },
      (_, i) => `(${part(data[2 * i]!)},${part(data[2 * i + 1]!)})`,
    );
    return stringArray(value.shape, pairs);
  }
  const numbers = Array.from(data as ArrayLike<number | bigint>, (x) =>
    format(isNarrowFloat(dtype) ? fromBits(dtype, Number(x)) : x),
  );
  return stringArray(value.shape, numbers);
}

/** Entries of string ops. */
export const stringOps: readonly OpEntry[] = defineOps({
  StringJoin: {
    shape: coreShapes.StringJoin!,
    gradient: null,
    host: (c) => {
      const inputs = Array.from({ length: c.inputCount }, (_, i) => c.input(i));
      const shapes = inputs.map(({ shape }) => shape).filter((shape) => shape.length > 0);
      const shape = shapes[0] ?? [];
      for (const other of shapes)
        if (`${other}` !== `${shape}`)
          c.fail("INVALID_ARGUMENT", `Input shapes do not match: [${shape}] vs. [${other}]`);
      const separator = c.attrs.bytes("separator");
      const size = shape.reduce((a, b) => a * b, 1);
      const strings = Array.from({ length: size }, (_, i) =>
        joined(
          inputs.map((input) => (input.data as Uint8Array[])[input.shape.length === 0 ? 0 : i]!),
          separator,
        ),
      );
      return [stringArray(shape, strings)];
    },
  },
  StringToHashBucketFast: {
    shape: unchanged,
    gradient: null,
    host: (c) => {
      const value = c.input(0);
      const buckets = c.attrs.bigint("num_buckets");
      const ids = (value.data as Uint8Array[]).map((bytes) => fingerprint64(bytes) % buckets);
      return [ndArray("int64", value.shape, BigInt64Array.from(ids))];
    },
  },
  AsString: { shape: unchanged, gradient: null, host: (c) => [asString(c)] },
  StaticRegexFullMatch: {
    shape: coreShapes.StaticRegexFullMatch!,
    gradient: null,
    host: (c) => {
      const value = c.input(0);
      const pattern = c.attrs.string("pattern");
      let regex: RegExp;
      try {
        regex = new RegExp(`^(?:${pattern})$`, "u");
      } catch {
        return c.fail("INVALID_ARGUMENT", `Invalid pattern: ${pattern}`);
      }
      return [
        ndArray(
          "bool",
          value.shape,
          Uint8Array.from(stringsOf(value), (text) => (regex.test(text) ? 1 : 0)),
        ),
      ];
    },
  },
});
