// tf.strings.format: tensors in the middle of text, as NumPy would show them. Source: python/ops/string_ops.py (string_format),
// core/kernels/string_format_op.cc, Tensor::SummarizeValue with print_v2 in core/framework/tensor.cc.
import { TfError } from "@org/errors";
import { isTensor, type Tensor } from "@org/graph";
import { type NdArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { elementTexts } from "../host/assert-op.ts";
import { stringArray } from "../host/text.ts";
import type { OpEntry } from "../op-entry.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface StringFormatOptions extends NameOption {
  /** What stands for a tensor in the template: "{}" unless given. */
  readonly placeholder?: string | undefined;
  /** How many elements are shown at either end of each dimension: 3 unless given, all where -1. */
  readonly summarize?: number | undefined;
}

/**
 * tf.strings.format: the template with each placeholder replaced by a tensor: a scalar string.
 * Throws TfError INVALID_ARGUMENT where there are not as many placeholders as tensors.
 * @tfExport strings.format
 */
export function stringFormat(
  template: string,
  inputs: Tensor | readonly TensorLike[],
  options: StringFormatOptions = {},
): Tensor {
  const { name, placeholder = "{}", summarize = 3 } = options;
  const list = isTensor(inputs) ? [inputs] : inputs;
  const count = template.split(placeholder).length - 1;
  if (count !== list.length)
    throw new TfError(
      "INVALID_ARGUMENT",
      `${count} placeholder(s) in template does not match ${list.length} tensor(s) provided as input`,
    );
  return applyOne("StringFormat", [list], { name, attrs: { template, placeholder, summarize } });
}

/** The tensor's elements in brackets, the first and last `most` of each dimension (all where negative). */
export function summarizeDims(value: NdArray, most: number): string {
  const texts = elementTexts(value, sizeOf(value.shape), true);
  const { shape } = value;
  const size = sizeOf(shape);
  const ends = most < 0 ? size : Math.min(most, size);
  const space = (d: number): string =>
    d === shape.length - 1 ? " " : "\n".repeat(shape.length - d - 1) + " ".repeat(d + 1);
  const dimension = (d: number, at: number): string => {
    if (d === shape.length) return texts[at]!;
    const count = shape[d]!;
    const step = sizeOf(shape.slice(d + 1));
    let text = "";
    for (let i = 0; i < Math.min(ends, count); i++)
      text += `${i > 0 ? space(d) : ""}${dimension(d + 1, at + i * step)}`;
    if (count > 2 * ends) text += `${space(d)}...`;
    for (let i = Math.max(ends, count - ends); i < count; i++)
      text += space(d) + dimension(d + 1, at + i * step);
    return `[${text}]`;
  };
  return dimension(0, 0);
}

/** The entry of StringFormat. */
export const stringFormatOps: readonly OpEntry[] = defineOps({
  StringFormat: {
    shape: (c) => {
      const count = c.attrs.string("template").split(c.attrs.string("placeholder")).length - 1;
      if (count !== c.inputCount)
        invalid(`num placeholders in template and num inputs must match: ${count} vs. ${c.inputCount}`);
      return [Shape.scalar];
    },
    host: (c) => {
      const parts = c.attrs.string("template").split(c.attrs.string("placeholder"));
      const most = c.attrs.int("summarize");
      const text = parts.map((part, i) => (i === 0 ? part : summarizeDims(c.input(i - 1), most) + part));
      return [stringArray([], [text.join("")])];
    },
    gradient: null,
  },
});
