// AsString: numbers as text. Source: core/kernels/as_string_op.cc.
import {
  type DType,
  dtypeString,
  dtypes,
  fromBits,
  isNarrowFloat,
  type NdArray,
  type NumericData,
} from "@org/tensor";
import { defineOps } from "../define.ts";
import { formatFixed, formatScientific, formatShortest } from "../host/printf.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";

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

/** The entry of AsString. */
export const asStringOps: readonly OpEntry[] = defineOps({
  AsString: { shape: unchanged, gradient: null, host: (c) => [asString(c)] },
});
