// tf.strings.substr. Source: core/ops/string_ops.cc, core/kernels/{substr_op.cc,string_util.h}, python/ops/string_ops.py.
import type { Tensor } from "@org/graph";
import { sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { broadcastShapes, invalid, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** What positions and lengths of strings count: bytes, or characters of UTF-8. */
export type CharUnit = "BYTE" | "UTF8_CHAR";

export interface SubstrOptions extends NameOption {
  /** Bytes unless given. */
  readonly unit?: CharUnit | undefined;
}

/**
 * tf.strings.substr: the `len` bytes (or characters) of each string from `pos` on; less where the string ends. A negative `pos` counts from the
 * end. `pos` and `len` are int32 or int64, of one shape, which is broadcast with that of `input`.
 * A `pos` beyond a string fails the run with INVALID_ARGUMENT.
 * @tfExport substr, strings.substr
 */
export function substr(
  input: TensorLike,
  pos: TensorLike,
  len: TensorLike,
  options: SubstrOptions = {},
): Tensor {
  const { name, unit = "BYTE" } = options;
  return applyOne("Substr", [input, pos, len], { name, attrs: { unit } });
}

const goesOn = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The byte behind `count` characters from `at` on; undefined where the string ends before. */
function forward(text: Uint8Array, at: number, count: number): number | undefined {
  let counted = 0;
  for (; counted < count && at < text.length; counted++) {
    do at++;
    while (at < text.length && goesOn(text[at]));
  }
  return counted === Math.max(count, 0) ? at : undefined;
}

/** The byte `count` characters before `at`; undefined where the string begins after it. */
function backward(text: Uint8Array, at: number, count: number): number | undefined {
  let counted = 0;
  for (; counted < count && at > 0; counted++) {
    do at--;
    while (at > 0 && goesOn(text[at]));
  }
  return counted === Math.max(count, 0) ? at : undefined;
}

type Cut = (text: Uint8Array, pos: number, len: number) => Uint8Array | undefined;

/** A length below 0 is one without end: C++'s substr takes it as unsigned. */
const cutBytes: Cut = (text, pos, len) => {
  const start = pos < 0 ? text.length + pos : pos;
  if (start < 0 || start > text.length) return undefined;
  return text.slice(start, len < 0 ? text.length : start + len);
};

const cutCharacters: Cut = (text, pos, len) => {
  if (pos >= 0) {
    const start = forward(text, 0, pos);
    if (start === undefined) return undefined;
    return text.slice(start, forward(text, start, len) ?? text.length);
  }
  const behind = Math.max(-pos - len, 0);
  const end = backward(text, text.length, behind);
  if (end === undefined) return undefined;
  const start = backward(text, end, -pos - behind);
  return start === undefined ? undefined : text.slice(start, end);
};

function kernel(c: HostContext): ReturnType<typeof stringArray> {
  const [input, pos, len] = [c.input(0), c.input(1), c.input(2)];
  if (`${pos.shape}` !== `${len.shape}` || pos.shape.length !== len.shape.length)
    c.fail(
      "INVALID_ARGUMENT",
      `pos and len should have the same shape, got: [${pos.shape}] vs. [${len.shape}]`,
    );
  const shape = broadcastDims(c, input.shape, pos.shape);
  const stretched = pos.shape.length > 0 && `${pos.shape}` !== `${input.shape}`;
  const inCharacters = c.attrs.has("unit") && c.attrs.string("unit") === "UTF8_CHAR";
  const cut = inCharacters ? cutCharacters : cutBytes;
  const texts = input.data as Uint8Array[];
  const [from, count] = [pos.data, len.data] as ArrayLike<number | bigint>[];
  const out = new Array<Uint8Array>(sizeOf(shape));
  forEachPair(shape, input.shape, pos.shape, (at, i, j) => {
    const text = texts[i]!;
    out[at] = cut(text, Number(from![j]), Number(count![j])) ?? outOfRange(at, text, from![j]!);
  });
  return stringArray(shape, out);

  function outOfRange(at: number, text: Uint8Array, where: number | bigint): never {
    const inRows = stretched && shape.length === 2;
    const row = inRows ? Math.floor(at / shape[1]!) : at;
    const place = inRows && !inCharacters ? `(${row}, ${at % shape[1]!})` : row;
    const shown = inCharacters ? "" : ` b'${new TextDecoder().decode(text)}'`;
    return c.fail("INVALID_ARGUMENT", `pos ${where} out of range for string${shown} at index ${place}`);
  }
}

/** The entry of Substr. */
export const substrOps: readonly OpEntry[] = defineOps({
  Substr: {
    shape: (c) => {
      const [pos, len] = [c.input(1), c.input(2)];
      if (len.rank !== null) withRank(pos, len.rank);
      if (pos.dims !== null && len.dims !== null && pos.dims.some((dim, i) => dim !== len.dims![i]))
        invalid(`pos and len shapes must match: ${pos} vs. ${len}`);
      return [broadcastShapes(c.input(0), pos)];
    },
    host: (c) => [kernel(c)],
    gradient: null,
  },
});
