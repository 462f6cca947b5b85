// Unicode ops: code points out of encoded strings, into them, and from one encoding into another. What is wrong in a string is replaced,
// left out or an error, as the attributes say. Source: core/ops/string_ops.cc, core/kernels/unicode_ops.cc (which uses ICU's converters).
import type { Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf, unchanged, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { type CodePoint, decoderOf, encodePoints, type OutputEncoding } from "./code-points.ts";

/** What becomes of bytes that are no text. */
export type UnicodeErrors = "strict" | "replace" | "ignore";

export interface UnicodeTranscodeOptions extends NameOption {
  /** Replaced unless given. "strict" fails the run with INVALID_ARGUMENT. */
  readonly errors?: UnicodeErrors | undefined;
  /** The code point that replaces: 65533 unless given. */
  readonly replacementChar?: number | undefined;
  /** Treat control characters (below 32) as wrong, too. */
  readonly replaceControlCharacters?: boolean | undefined;
}

/** tf.strings.unicode_transcode: strings of one encoding in another: of the shape of `input`. @tfExport strings.unicodeTranscode */
export function unicodeTranscode(
  input: TensorLike,
  inputEncoding: string,
  outputEncoding: OutputEncoding,
  options: UnicodeTranscodeOptions = {},
): Tensor {
  return applyOne("UnicodeTranscode", [input], {
    name: options.name,
    attrs: {
      input_encoding: inputEncoding,
      output_encoding: outputEncoding,
      errors: options.errors,
      replacement_char: options.replacementChar,
      replace_control_characters: options.replaceControlCharacters,
    },
  });
}

interface Policy {
  readonly errors: UnicodeErrors;
  readonly replacement: number;
  readonly controls: boolean;
}

const largest = 0x10ffff;

function policyOf(c: HostContext): Policy {
  const errors = c.attrs.string("errors") as UnicodeErrors;
  const replacement = c.attrs.int("replacement_char");
  if (replacement < 0 || replacement > largest)
    c.fail("INVALID_ARGUMENT", "replacement_char out of unicode codepoint range");
  const controls = c.attrs.has("replace_control_characters") && c.attrs.bool("replace_control_characters");
  return { errors, replacement, controls };
}

function decode(c: HostContext): (bytes: Uint8Array) => readonly CodePoint[] {
  const encoding = c.attrs.string("input_encoding");
  const decoder = decoderOf(encoding);
  if (!decoder)
    return c.fail(
      "INVALID_ARGUMENT",
      `Could not create converter for input encoding: ${encoding}`,
      "UTF-8, UTF-16 and UTF-32 (BE, LE), US-ASCII and ISO-8859-1 are there.",
    );
  return decoder;
}

/** The code points as the policy leaves them; undefined for one that is left out. */
function judged(
  c: HostContext,
  { errors, replacement, controls }: Policy,
  point: CodePoint,
): number | undefined {
  if (!point.wrong && !(controls && point.value <= 0x1f)) return point.value;
  if (errors === "strict") return c.fail("INVALID_ARGUMENT", "Invalid formatting on input string");
  return errors === "ignore" ? undefined : replacement;
}

function transcode(c: HostContext): NdArray {
  const { shape, data } = c.input(0);
  const [policy, points] = [policyOf(c), decode(c)];
  const to = c.attrs.string("output_encoding") as OutputEncoding;
  return stringArray(
    shape,
    (data as Uint8Array[]).map((bytes) => {
      const kept = points(bytes).map((point) => judged(c, policy, point));
      return encodePoints(
        kept.filter((point) => point !== undefined),
        to,
      );
    }),
  );
}

function decoding(withOffsets: boolean): OpSpec {
  return {
    shape: (c) => {
      const count = c.input(0).numElements();
      const chars = new Shape([null]);
      const splits = new Shape([count === null ? null : count + 1]);
      return withOffsets ? [splits, chars, chars] : [splits, chars];
    },
    host: (c) => {
      const [policy, points] = [policyOf(c), decode(c)];
      const [values, starts, splits]: [number[], number[], number[]] = [[], [], [0]];
      for (const bytes of c.input(0).data as Uint8Array[]) {
        for (const point of points(bytes)) {
          const value = judged(c, policy, point);
          if (value === undefined) continue;
          values.push(value);
          starts.push(point.start);
        }
        splits.push(values.length);
      }
      const integers = (index: number, numbers: readonly number[]): NdArray =>
        c.outputDType(index) === "int64"
          ? ndArray("int64", [numbers.length], BigInt64Array.from(numbers, BigInt))
          : ndArray("int32", [numbers.length], Int32Array.from(numbers));
      const outputs = [integers(0, splits), integers(1, values)];
      return withOffsets ? [...outputs, integers(2, starts)] : outputs;
    },
    gradient: null,
  };
}

function encode(c: HostContext): NdArray {
  const { errors, replacement } = policyOf(c);
  const values = numbersOf(c.input(0));
  const splits = numbersOf(c.input(1));
  const to = c.attrs.string("output_encoding") as OutputEncoding;
  const whole = (split: number): number => {
    // TensorFlow reads beyond its input here.
    if (split < 0 || split > values.length)
      c.fail("INVALID_ARGUMENT", `input_splits must lie in [0, ${values.length}], got ${split}`);
    return split;
  };
  const strings = splits.slice(1).map((end, i) => {
    const points = values.slice(i === 0 ? 0 : whole(splits[i]!), whole(end)).map((point) => {
      if (point >= 0 && point <= largest) return point;
      if (errors === "strict")
        return c.fail("INVALID_ARGUMENT", "Code point value out of valid Unicode range.");
      return errors === "ignore" ? -1 : replacement;
    });
    return encodePoints(
      points.filter((point) => point >= 0),
      to,
    );
  });
  return stringArray([Math.max(0, sizeOf(c.input(1).shape) - 1)], strings);
}

/** Entries of the Unicode ops. */
export const unicodeOps: readonly OpEntry[] = defineOps({
  UnicodeTranscode: { shape: unchanged, host: (c) => [transcode(c)], gradient: null },
  UnicodeDecode: decoding(false),
  UnicodeDecodeWithOffsets: decoding(true),
  UnicodeEncode: {
    shape: (c) => {
      withRank(c.input(0), 1);
      const splits = withRank(c.input(1), 1).dim(0);
      return [new Shape([splits === null ? null : splits - 1])];
    },
    host: (c) => [encode(c)],
    gradient: null,
  },
});
