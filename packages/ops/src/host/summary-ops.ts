// Ops that make summaries for TensorBoard: a serialized Summary in a string scalar. Not files: see @org/summary.
// Source: tensorflow/core/kernels/summary_op.cc, core/lib/histogram/histogram.cc.
import { decode, encode, type IHistogramProto, type ISummary, Summary } from "@org/proto";
import { fromBits, isNarrowFloat, type NdArray, type NumericData, sizeOf } from "@org/tensor";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { scalarShape } from "../shape-rules.ts";
import { stringArray, stringsOf } from "./text.ts";

const largest = Number.MAX_VALUE;
let limits: Float64Array | undefined;

/** Bucket limits that grow by a tenth, to both sides of zero. */
function bucketLimits(): Float64Array {
  if (limits) return limits;
  const positive: number[] = [];
  for (let limit = 1.0e-12; limit < 1.0e20; limit *= 1.1) positive.push(limit);
  positive.push(largest);
  limits = Float64Array.from([...positive.map((x) => -x).reverse(), 0, ...positive]);
  return limits;
}

/** The first bucket whose limit is above `value`. */
function bucketOf(value: number, sorted: Float64Array): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A histogram of finite numbers, runs of empty buckets joined. */
export function histogramOf(values: Iterable<number>): IHistogramProto {
  const sorted = bucketLimits();
  const counts = new Float64Array(sorted.length);
  let [min, max, num, sum, sumSquares] = [largest, -largest, 0, 0, 0];
  for (const value of values) {
    // The largest double itself is in no bucket below a limit; TensorFlow would write past the end.
    const bucket = Math.min(bucketOf(value, sorted), sorted.length - 1);
    counts[bucket] = counts[bucket]! + 1;
    min = Math.min(min, value);
    max = Math.max(max, value);
    num++;
    sum += value;
    sumSquares += value * value;
  }
  const bucketLimit: number[] = [];
  const bucket: number[] = [];
  for (let i = 0; i < counts.length; ) {
    let end = sorted[i]!;
    let count = counts[i]!;
    i++;
    if (count <= 0)
      while (i < counts.length && counts[i]! <= 0) {
        end = sorted[i]!;
        count = counts[i]!;
        i++;
      }
    bucketLimit.push(end);
    bucket.push(count);
  }
  return { min, max, num, sum, sumSquares, bucketLimit, bucket };
}

const scalarLike = (shape: readonly number[]): boolean =>
  shape.length === 0 || (shape.length === 1 && shape[0] === 1);

function numbers(value: NdArray): number[] {
  const { dtype } = value;
  return Array.from(value.data as NumericData as ArrayLike<number | bigint>, (x) =>
    isNarrowFloat(dtype) ? fromBits(dtype, Number(x)) : Number(x),
  );
}

const serialized = (summary: ISummary): NdArray => stringArray([], [encode(Summary, summary)]);

function merge(c: HostContext): NdArray {
  const value: Summary.IValue[] = [];
  const tags = new Set<string>();
  for (let i = 0; i < c.inputCount; i++)
    for (const bytes of c.input(i).data as Uint8Array[]) {
      let summary: Summary;
      try {
        summary = decode(Summary, bytes);
      } catch {
        return c.fail("INVALID_ARGUMENT", "Could not parse one of the summary inputs");
      }
      for (const one of summary.value) {
        if (one.tag !== "" && tags.has(one.tag))
          c.fail("INVALID_ARGUMENT", `Duplicate tag ${one.tag} found in summary inputs`);
        tags.add(one.tag);
        value.push(one);
      }
    }
  return serialized({ value });
}

/** Entries of summary ops. */
export const summaryOps: readonly OpEntry[] = defineOps({
  ScalarSummary: {
    shape: scalarShape,
    gradient: null,
    host: (c) => {
      const [tags, values] = [c.input(0), c.input(1)];
      const names = stringsOf(tags);
      if (`${tags.shape}` !== `${values.shape}` && !(scalarLike(tags.shape) && scalarLike(values.shape)))
        c.fail(
          "INVALID_ARGUMENT",
          `tags and values not the same shape: [${tags.shape}] != [${values.shape}]${names.length === 1 ? ` (tag '${names[0]}')` : ""}`,
        );
      const simple = numbers(values);
      return [serialized({ value: names.map((tag, i) => ({ tag, simpleValue: simple[i]! })) })];
    },
  },
  HistogramSummary: {
    shape: scalarShape,
    gradient: null,
    host: (c) => {
      const [tag, values] = [c.input(0), c.input(1)];
      if (sizeOf(tag.shape) !== 1) c.fail("INVALID_ARGUMENT", "tags must be scalar");
      const all = numbers(values);
      for (const x of all)
        if (!Number.isFinite(x))
          c.fail(
            "INVALID_ARGUMENT",
            `${Number.isNaN(x) ? "Nan" : "Infinity"} in summary histogram for: ${c.node}`,
          );
      return [serialized({ value: [{ tag: stringsOf(tag)[0]!, histo: histogramOf(all) }] })];
    },
  },
  MergeSummary: { shape: scalarShape, gradient: null, host: (c) => [merge(c)] },
});
