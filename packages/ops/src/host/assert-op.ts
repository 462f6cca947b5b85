// Assert: fails a run with what it was given to show. Source: tensorflow/core/kernels/logging_ops.cc,
// Tensor::SummarizeValue in core/framework/tensor.cc.
import { dtypes, fromBits, isNarrowFloat, type NdArray, type NumericData, sizeOf } from "@org/tensor";
import { defineOps } from "../define.ts";
import type { OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import { formatNumber } from "./printf.ts";
import { escaped } from "./text.ts";

/** The first `count` elements as text; strings with what C would escape escaped, in quotes where `quoted`. */
export function elementTexts(value: NdArray, count: number, quoted = false): string[] {
  const { dtype } = value;
  if (dtype === "string")
    return (value.data as Uint8Array[]).slice(0, count).map((bytes) => {
      const text = escaped(bytes);
      return quoted ? `"${text}"` : text;
    });
  const { kind, bytes, width } = dtypes[dtype];
  const data = Array.from(
    (value.data as NumericData).subarray(0, count * width) as ArrayLike<number | bigint>,
  );
  if (kind === "float")
    return data.map((x) =>
      formatNumber(
        isNarrowFloat(dtype) ? fromBits(dtype, Number(x)) : Number(x),
        bytes === 8 ? "double" : "float",
      ),
    );
  if (kind === "complex") {
    const type = bytes === 16 ? "double" : "float";
    return Array.from(
      { length: data.length / 2 },
      (_, i) => `(${formatNumber(Number(data[2 * i]), type)},${formatNumber(Number(data[2 * i + 1]), type)})`,
    );
  }
  return data.map((x) => `${x}`);
}

/** The first `limit` elements (all where negative) as error messages show a tensor: "[1 2][3...]...". */
export function summarizeValue(value: NdArray, limit: number): string {
  const size = sizeOf(value.shape);
  const shownCount = Math.min(limit < 0 ? size : limit, size);
  const texts = elementTexts(value, shownCount);
  let next = 0;
  const last = value.shape.length - 1;
  const dimension = (d: number): string => {
    if (next >= shownCount) return "";
    let text = "";
    for (let i = 0; i < value.shape[d]!; i++) {
      if (d < last) {
        if (next < shownCount) text += `[${dimension(d + 1)}]`;
      } else if (next >= shownCount) {
        return d === 0 ? text : `${text}...`;
      } else {
        text += `${i > 0 ? " " : ""}${texts[next++]}`;
      }
    }
    return text;
  };
  const body = value.shape.length === 0 ? texts.join(" ") : dimension(0);
  return size > shownCount ? `${body}...` : body;
}

/** The entry of Assert. */
export const assertOps: readonly OpEntry[] = defineOps({
  Assert: {
    shape: (c) => {
      withRank(c.input(0), 0);
      return [];
    },
    hostInputs: [0, 1],
    gradient: null,
    host: (c) => {
      const condition = c.input(0);
      if (sizeOf(condition.shape) !== 1 || condition.shape.length > 1)
        c.fail("INVALID_ARGUMENT", `In[0] should be a scalar: [${condition.shape}]`);
      if ((condition.data as Uint8Array)[0]) return [];
      const limit = c.attrs.int("summarize");
      const parts = Array.from(
        { length: c.inputCount - 1 },
        (_, i) => `[${summarizeValue(c.input(i + 1), limit)}]`,
      );
      return c.fail("INVALID_ARGUMENT", `assertion failed: ${parts.join(" ")}`);
    },
  },
});
