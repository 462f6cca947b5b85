// Numbers as text, read as TensorFlow reads them: spaces around are fine, anything else is not.
// Source: core/lib/strings/numbers.cc (safe_strto32, safe_strto64, safe_strtof, safe_strtod).
import type { DType } from "@org/tensor";

/** Types whose numbers are read from text. */
export type ParsedDType = "int32" | "int64" | "float32" | "float64";

const ranges = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

export function isParsed(dtype: DType): dtype is ParsedDType {
  return dtype in ranges || dtype === "float32" || dtype === "float64";
}

/** The number (a bigint for int64) that `text` is; undefined where it is none, or an integer that the type cannot hold. */
export function parseNumber(text: string, dtype: ParsedDType): number | bigint | undefined {
  if (dtype === "int32" || dtype === "int64") {
    if (!/^\s*-?\d+\s*$/.test(text) || text.trim().replace(/^-?0*/, "").length > 19) return undefined;
    const value = BigInt(text.trim());
    const [least, most] = ranges[dtype];
    if (value < least || value > most) return undefined;
    return dtype === "int64" ? value : Number(value);
  }
  const word = /^\s*([+-]?)(inf|nan)\s*$/i.exec(text);
  if (word) {
    if (word[2]!.toLowerCase() === "nan") return Number.NaN;
    return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = /^\s*(-?)(0x[0-9a-f]{1,15})\s*$/i.exec(text);
  if (hex) return hex[1] === "-" ? -Number(hex[2]) : Number(hex[2]);
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}
