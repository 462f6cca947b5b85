// tf.strings.*: functions that build single ops; those with a meaning of their own stand beside it (regex-ops.ts, joining.ts, substr.ts ...).
// Source: python/ops/{string_ops,gen_string_ops}.py, python/ops/ragged/ragged_string_ops.py (string_split).
import type { Tensor } from "@org/graph";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { SparseTensor } from "../sparse/sparse-tensor.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import type { CharUnit } from "./substr.ts";

export interface StringEncodingOptions extends NameOption {
  /** "" (letters of ASCII alone) unless given, or "utf-8". */
  readonly encoding?: "" | "utf-8" | undefined;
}

/** tf.strings.lower: small letters. Another encoding than "" and "utf-8" fails the run with INVALID_ARGUMENT. @tfExport strings.lower */
export function stringLower(input: TensorLike, options: StringEncodingOptions = {}): Tensor {
  const { name, encoding = "" } = options;
  return applyOne("StringLower", [input], { name, attrs: { encoding } });
}

/** tf.strings.upper: capital letters. Another encoding than "" and "utf-8" fails the run with INVALID_ARGUMENT. @tfExport strings.upper */
export function stringUpper(input: TensorLike, options: StringEncodingOptions = {}): Tensor {
  const { name, encoding = "" } = options;
  return applyOne("StringUpper", [input], { name, attrs: { encoding } });
}

/** tf.strings.strip: without white space at either end. @tfExport stringStrip, strings.strip */
export function stringStrip(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("StringStrip", [input], options);
}

/** tf.strings.length: bytes of each string, or characters: int32. @tfExport strings.length */
export function stringLength(
  input: TensorLike,
  options: NameOption & { readonly unit?: CharUnit | undefined } = {},
): Tensor {
  const { name, unit = "BYTE" } = options;
  return applyOne("StringLength", [input], { name, attrs: { unit } });
}

export interface AsStringOptions extends NameOption {
  /** Places behind the point: 6 where it is -1, as it is unless given. */
  readonly precision?: number | undefined;
  /** With an exponent. */
  readonly scientific?: boolean | undefined;
  /** The shorter of both. */
  readonly shortest?: boolean | undefined;
  /** Filled up to so many characters, where it is not -1. */
  readonly width?: number | undefined;
  /** What fills: "" (spaces), " ", "+", "-", "0" or "#". */
  readonly fill?: string | undefined;
}

/** tf.as_string: numbers and booleans as text. Formats that the type does not take fail the run with INVALID_ARGUMENT. @tfExport asString, strings.asString */
export function asString(input: TensorLike, options: AsStringOptions = {}): Tensor {
  const { name, ...attrs } = options;
  return applyOne("AsString", [input], { name, attrs });
}

/** tf.encode_base64: web-safe base64. @tfExport encodeBase64 */
export function encodeBase64(
  input: TensorLike,
  options: NameOption & { readonly pad?: boolean | undefined } = {},
): Tensor {
  return applyOne("EncodeBase64", [input], { name: options.name, attrs: { pad: options.pad } });
}

/** tf.decode_base64: what web-safe base64 stands for. What is none fails the run with INVALID_ARGUMENT. @tfExport decodeBase64 */
export function decodeBase64(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("DecodeBase64", [input], options);
}

/** The outputs of a split as a sparse tensor [strings, pieces]. */
function pieces(
  type: string,
  source: TensorLike,
  by: TensorLike,
  attrs: Record<string, number | boolean>,
): SparseTensor {
  const separator = convertToTensor(by, { dtype: "string" });
  const texts = convertToTensor(source, { dtype: "string" });
  const [indices, values, denseShape] = applyOp(type, [texts, separator], { attrs }).outputs;
  return { indices: indices!, values: values!, denseShape: denseShape! };
}

export interface StringSplitOptions extends NameOption {
  /** Bytes of which each separates; "" separates every byte. " " unless given. */
  readonly sep?: TensorLike | undefined;
  /** Leave out empty pieces: true unless given. */
  readonly skipEmpty?: boolean | undefined;
}

/** tf.string_split: the pieces of each string of a vector, as a sparse tensor. @tfExport stringSplit */
export function stringSplit(source: TensorLike, options: StringSplitOptions = {}): SparseTensor {
  const { name, sep = " ", skipEmpty = true } = options;
  return withScope(resolveGraph([source, sep]), name, "StringSplit", () =>
    pieces("StringSplit", source, sep, { skip_empty: skipEmpty }),
  );
}

export interface StringsSplitOptions extends NameOption {
  /** What separates, as a whole; "" is white space, of any length. */
  readonly sep?: TensorLike | undefined;
  /** Split so many times at most; -1 (no bound) unless given. */
  readonly maxsplit?: number | undefined;
}

/** tf.strings.split: the pieces of each string of a vector as Python's str.split has them, as a sparse tensor. @tfExport strings.split */
export function stringsSplit(input: TensorLike, options: StringsSplitOptions = {}): SparseTensor {
  const { name, sep = "", maxsplit = -1 } = options;
  return withScope(resolveGraph([input, sep]), name, "StringSplit", () => {
    const source = convertToTensor(input, { dtype: "string", name: "input" });
    return pieces("StringSplitV2", source, sep, { maxsplit });
  });
}
