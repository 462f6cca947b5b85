// Programs of reference graphs as far as they are built: the same nodes as TensorFlow 1.15.5's Python builds. Whole ones: packages/tf/test/graphs.
import { Graph, type Tensor } from "@org/graph";
import { describe, it } from "vitest";
import * as tf from "../src/index.ts";
import { expectNodes, expectShapes } from "./compare-nodes.ts";
import { shared, sharedReason } from "./shared.ts";

const { gt } = tf.operator;

function build(program: () => void): Graph {
  const graph = new Graph({ ops: tf.standardOps });
  graph.asDefault(program);
  return graph;
}

describe.skipIf(!shared)(`reference graphs${sharedReason}`, () => {
  it("indexing_ops, up to Bincount", () => {
    const graph = build(() => {
      const { getItem } = tf;
      const x = tf.placeholder("float32", [4, 5], { name: "x" });
      const ids = tf.placeholder("int32", [null], { name: "ids" });
      tf.topK(x, 2, { sorted: false });
      tf.inTopK(x, [1, 2, 3, 4], 2);
      tf.argmax(x, 1);
      tf.argmin(x, { axis: -1, outputType: "int32", name: "least" });
      tf.oneHot(ids, 5, { onValue: 2, offValue: -1, axis: 0 });
      tf.oneHot([0, 2], 3, { dtype: "int64" });
      tf.uniqueWithCounts(ids);
      tf.unique(ids, { outIdx: "int64" });
      tf.gatherNd(x, tf.where(gt(x, 0.5)));
      const [odd, even] = tf.dynamicPartition(ids, tf.operator.mod(ids, 2), 2) as [Tensor, Tensor];
      tf.dynamicStitch([[0, 2], [1]], [getItem(x, [{ stop: 2 }]), getItem(x, [{ start: 2, stop: 3 }])]);
      tf.setdiff1d(odd, even);
      tf.booleanMask(x, gt(getItem(x, [{}, 0]), 0));
      tf.sequenceMask(ids, { maxlen: 6 });
      tf.sequenceMask([1, 3]);
      tf.range(3);
      tf.range(1, 2, 0.25);
      tf.linspace(0, 1, 5, { name: "line" });
      tf.meshgrid([tf.range(3), tf.range(tf.size(ids))], { indexing: "ij" });
      tf.invertPermutation([2, 0, 1]);
    });
    let reached = false;
    expectNodes(graph, "indexing_ops", (line) => {
      reached ||= line.startsWith("bincount/");
      return !reached;
    });
    expectShapes(graph, "indexing_ops");
  });
});
