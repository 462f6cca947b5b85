// graphUtil: freezing, subgraphs.
import * as tf from "../../src/index.ts";
import { probes } from "./probes.ts";

probes(["freeze", "extract"], {
  "freeze.uninit": async () => {
    tf.identity(new tf.Variable(1, { name: "u" }), { name: "out" });
    const session = new tf.Session();
    return tf.graphUtil.convertVariablesToConstants(session, session.graph.asGraphDef(), ["out"]);
  },
  "freeze.missing": async () => {
    tf.constant(1, { name: "g" });
    const session = new tf.Session();
    return tf.graphUtil.convertVariablesToConstants(session, session.graph.asGraphDef(), ["ghost"]);
  },
  "extract.missing": () => {
    tf.constant(1, { name: "g" });
    return tf.graphUtil.extractSubGraph(tf.getDefaultGraph().asGraphDef(), ["ghost"]);
  },
  "extract.str": () => {
    tf.constant(1, { name: "g" });
    return tf.graphUtil.extractSubGraph(tf.getDefaultGraph().asGraphDef(), "g");
  },
  "extract.notgd": () => tf.graphUtil.extractSubGraph("x" as never, ["g"]),
});
