// Functions that build summaries: summary.scalar, histogram, image, audio, text, tensorSummary, merge, mergeAll, and the old scalarSummary.
// Source: python/summary/summary.py, python/ops/summary_op_util.py; python/ops/logging_ops.py of 0.12 for the old one.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, type Tensor } from "@org/graph";
import { encode, type ISummaryMetadata, SummaryMetadata } from "@org/proto";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { stringArray } from "./text.ts";

export interface SummaryOptions {
  /** Collections that get the summary. Default: summaries. */
  readonly collections?: readonly string[] | undefined;
  /** Stands before the tag; TensorBoard groups by it. */
  readonly family?: string | undefined;
}

/** A tag as a node name: characters that names cannot have become "_", slashes in front go. */
function cleanTag(name: string): string {
  return name.replace(/[^-/\w.]/gu, "_").replace(/^\/+/, "");
}

function collect(value: Tensor, collections: readonly string[]): Tensor {
  for (const key of collections) value.graph.addToCollection(key, value);
  return value;
}

function tagged(
  name: string,
  value: TensorLike,
  options: SummaryOptions,
  build: (tag: string, scope: string) => Tensor,
): Tensor {
  const { collections = [GraphKeys.SUMMARIES] } = options;
  const clean = cleanTag(name);
  const family = options.family === undefined ? undefined : cleanTag(options.family);
  const base = family === undefined ? clean : `${family}/${clean}`;
  return withScope(resolveGraph([value]), base, base, (scope) => {
    const path = scope.replace(/\/+$/, "");
    return collect(build(family === undefined ? path : `${family}/${path}`, scope), collections);
  });
}

/** tf.summary.scalar: one number; `name` is the tag and the node's name. */
function scalar(name: string, tensor: TensorLike, options: SummaryOptions = {}): Tensor {
  return tagged(name, tensor, options, (tag, scope) =>
    applyOne("ScalarSummary", [tag, tensor], { name: scope }),
  );
}

/** tf.summary.histogram: how the numbers of a tensor are spread. */
function histogram(name: string, values: TensorLike, options: SummaryOptions = {}): Tensor {
  return tagged(name, values, options, (tag, scope) =>
    applyOne("HistogramSummary", [tag, values], { name: scope }),
  );
}

export interface MediaOptions extends SummaryOptions {
  /** How many of the batch are shown; 3 unless given. */
  readonly maxOutputs?: number | undefined;
}

/** tf.summary.image: the first images of a batch [n, height, width, channels] (1, 3 or 4 of them), floats scaled to what can be shown. */
function image(name: string, tensor: TensorLike, options: MediaOptions = {}): Tensor {
  const { maxOutputs = 3 } = options;
  return tagged(name, tensor, options, (tag, scope) =>
    applyOne("ImageSummary", [tag, tensor], { name: scope, attrs: { max_images: maxOutputs } }),
  );
}

/** tf.summary.audio: the first clips of a batch [n, frames] or [n, frames, channels], from -1 to 1, `sampleRate` frames a second. */
function audio(name: string, tensor: TensorLike, sampleRate: TensorLike, options: MediaOptions = {}): Tensor {
  const { maxOutputs = 3 } = options;
  return tagged(name, tensor, options, (tag, scope) => {
    const rate = convertToTensor(sampleRate, { dtype: "float32", name: "sample_rate" });
    const attrs = { max_outputs: maxOutputs };
    return applyOne("AudioSummaryV2", [tag, tensor, rate], { name: scope, attrs });
  });
}

export interface TensorSummaryOptions extends SummaryOptions {
  readonly summaryDescription?: string | undefined;
  readonly displayName?: string | undefined;
  /** What a plugin of TensorBoard is told. */
  readonly summaryMetadata?: ISummaryMetadata | undefined;
}

/** tf.summary.tensor_summary: the tensor itself. */
function tensorSummary(name: string, tensor: TensorLike, options: TensorSummaryOptions = {}): Tensor {
  const { summaryDescription, displayName, summaryMetadata } = options;
  const metadata = encode(SummaryMetadata, {
    ...summaryMetadata,
    ...(displayName === undefined ? {} : { displayName }),
    ...(summaryDescription === undefined ? {} : { summaryDescription }),
  });
  return tagged(name, tensor, options, (tag, scope) =>
    applyOne("TensorSummaryV2", [tag, tensor, stringArray([], [metadata])], { name: scope }),
  );
}

/** tf.summary.text: strings, which TensorBoard shows as Markdown. Throws TfError INVALID_ARGUMENT where the tensor holds none. */
function text(name: string, tensor: Tensor, options: Pick<SummaryOptions, "collections"> = {}): Tensor {
  if (tensor.dtype !== "string")
    throw new TfError(
      "INVALID_ARGUMENT",
      `Expected tensor ${tensor.name} to have dtype string, got ${tensor.dtype}`,
      { node: tensor.op.name },
    );
  return tensorSummary(name, tensor, { ...options, summaryMetadata: { pluginData: { pluginName: "text" } } });
}

/** tf.summary.merge: several summaries in one. */
function merge(
  inputs: readonly TensorLike[],
  options: NameOption & { readonly collections?: readonly string[] | undefined } = {},
): Tensor {
  const name = options.name === undefined ? undefined : cleanTag(options.name);
  return withScope(resolveGraph(inputs), name, "Merge", () =>
    collect(applyOne("MergeSummary", [inputs], { name }), options.collections ?? []),
  );
}

/** tf.summary.merge_all: every summary of the collection `key` in one; undefined where there are none. */
function mergeAll(
  options: NameOption & { readonly key?: string; readonly scope?: string; readonly graph?: Graph } = {},
): Tensor | undefined {
  const { key = GraphKeys.SUMMARIES, scope, name } = options;
  const graph = options.graph ?? currentGraph();
  if (!graph) throw new TypeError("mergeAll: give a graph, or call it inside graph.asDefault(() => ...)");
  const found = graph.getCollection(key, scope) as Tensor[];
  return found.length === 0 ? undefined : merge(found, { name });
}

/** tf.summary.*: builders of serialized Summary messages. */
export const summary: {
  readonly audio: typeof audio;
  readonly histogram: typeof histogram;
  readonly image: typeof image;
  readonly scalar: typeof scalar;
  readonly tensorSummary: typeof tensorSummary;
  readonly text: typeof text;
  readonly merge: typeof merge;
  readonly mergeAll: typeof mergeAll;
} = { audio, histogram, image, scalar, tensorSummary, text, merge, mergeAll };

/**
 * tf.scalar_summary: a summary with tags of one's own, which need be no node names.
 * @deprecated TensorFlow removed it in 1.0; use summary.scalar.
 * @tfExport scalarSummary
 */
export function scalarSummary(
  tags: TensorLike,
  values: TensorLike,
  options: NameOption & { readonly collections?: readonly string[] | undefined } = {},
): Tensor {
  const { name, collections = [GraphKeys.SUMMARIES] } = options;
  return withScope(resolveGraph([tags, values]), name, "ScalarSummary", (scope) =>
    collect(applyOne("ScalarSummary", [tags, values], { name: scope }), collections),
  );
}
