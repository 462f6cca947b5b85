// tf.summary: summary ops in the default graph, and the writer of event files.
import type { Graph } from "@org/graph";
import { exportMetaGraph } from "@org/metagraph";
import { summary } from "@org/ops";
import * as events from "@org/summary";
import { collectionTypes } from "./collection-types.ts";
import { lift } from "./default-graph.ts";
import { warnOnce } from "./warn-once.ts";

export const audio: typeof summary.audio = /* @__PURE__ */ lift(summary.audio);
export const image: typeof summary.image = /* @__PURE__ */ lift(summary.image);
export const tensorSummary: typeof summary.tensorSummary = /* @__PURE__ */ lift(summary.tensorSummary);
export const text: typeof summary.text = /* @__PURE__ */ lift(summary.text);
export const scalar: typeof summary.scalar = /* @__PURE__ */ lift(summary.scalar);
export const histogram: typeof summary.histogram = /* @__PURE__ */ lift(summary.histogram);
export const merge: typeof summary.merge = /* @__PURE__ */ lift(summary.merge);
export const mergeAll: typeof summary.mergeAll = /* @__PURE__ */ lift(summary.mergeAll);

/**
 * tf.summary.FileWriter: `new tf.summary.FileWriter("runs/1", sess.graph)`, then `writer.addSummary(await sess.run(summaries), step)`.
 * The graph is written with its collections. Throws as FileWriter of @org/summary does.
 */
export class FileWriter extends events.FileWriter {
  constructor(
    logdir: string,
    graph?: events.GraphLike | null,
    options: Omit<events.FileWriterOptions, "graph" | "exportMetaGraph"> = {},
  ) {
    super(logdir, {
      onWarning: warnOnce,
      ...options,
      ...(graph ? { graph } : {}),
      exportMetaGraph: (given, graphDef) =>
        "asGraphDef" in given
          ? exportMetaGraph(given as Graph, { collections: collectionTypes(), onWarning: warnOnce })
          : { graphDef },
    });
  }

  /** Adds a Summary: what `sess.run` of a summary op gave, the message, or its bytes. */
  override addSummary(
    summary: Parameters<events.FileWriter["addSummary"]>[0] | SummaryValue,
    globalStep?: events.GlobalStep,
  ): Promise<void> {
    return super.addSummary(bytesOf(summary) as Uint8Array, globalStep);
  }
}

/** A string scalar that a session fetched. */
interface SummaryValue {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: unknown;
}

const bytesOf = (summary: object): object =>
  "dtype" in summary && "data" in summary ? (summary.data as readonly Uint8Array[])[0]! : summary;
