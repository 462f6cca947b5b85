// Names looked up in a graph; a graph that is finished.
import * as tf from "../../src/index.ts";
import { type Probe, probes } from "./probes.ts";

/** A lookup in a graph with a constant "c". */
const look =
  (find: (graph: tf.Graph) => unknown): Probe =>
  () => {
    tf.constant(1, { name: "c" });
    return find(tf.getDefaultGraph());
  };

probes(["graph"], {
  "graph.op_missing": look((graph) => graph.getOperationByName("zz")),
  "graph.tensor_missing": look((graph) => graph.getTensorByName("zz:0")),
  "graph.tensor_badidx": look((graph) => graph.getTensorByName("c:3")),
  "graph.tensor_noidx": look((graph) => graph.getTensorByName("c")),
  "graph.op_with_idx": look((graph) => graph.getOperationByName("c:0")),
  "graph.finalized": look((graph) => {
    graph.finalize();
    tf.constant(2);
  }),
});
