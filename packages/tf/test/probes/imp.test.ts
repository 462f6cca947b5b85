// importGraphDef, on ops that TensorFlow has.
import { GraphDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import * as tf from "../../src/index.ts";
import { type Probe, probes } from "./probes.ts";

/** An import of a text GraphDef under "import". */
const load =
  (text: string, options: (() => object) | object = {}): Probe =>
  () => {
    tf.importGraphDef(fromText(GraphDef, text), {
      graph: tf.getDefaultGraph(),
      strict: true,
      ...(typeof options === "function" ? options() : options),
    });
  };
const float = "attr { key: 'dtype' value { type: DT_FLOAT } }";
const T = "attr { key: 'T' value { type: DT_FLOAT } }";
const five =
  "attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape { } int_val: 5 } } } attr { key: 'dtype' value { type: DT_INT32 } }";

probes(["imp"], {
  "imp.notgd": () => tf.importGraphDef("" as never, { graph: tf.getDefaultGraph() }),
  "imp.inputmap_type": load("", () => ({ inputMap: [tf.constant(5)] })),
  "imp.ret_type": load("", { returnElements: [7] }),
  "imp.ret_op": load("node { name: 'A' op: 'NoOp' }", { returnElements: ["B"] }),
  "imp.ret_tensor": load("node { name: 'A' op: 'NoOp' }", { returnElements: ["A:1"] }),
  "imp.ret_fmt": load("node { name: 'A' op: 'NoOp' }", { returnElements: ["A:B:0"] }),
  "imp.unused_map": load("node { name: 'A' op: 'NoOp' }", () => ({ inputMap: { "B:0": tf.constant(5) } })),
  "imp.too_many_inputs": load(
    `node { name: 'A' op: 'Placeholder' ${float} } node { name: 'B' op: 'NoOp' input: 'A:0' }`,
  ),
  "imp.few_inputs": load(`node { name: 'B' op: 'Identity' ${T} }`),
  "imp.missing_ctrl": load("node { name: 'B' op: 'NoOp' input: '^A' }"),
  "imp.bad_name": load(`node { name: 'B' op: 'Identity' input: 'A:B:0' ${T} }`),
  "imp.bad_nodename": load("node { name: '_B!' op: 'NoOp' }"),
  "imp.bad_dtype": load(
    `node { name: 'A' op: 'Const' ${five} } node { name: 'B' op: 'Identity' input: 'A:0' ${T} }`,
  ),
  "imp.colocate_missing": load(
    "node { name: 'B' op: 'NoOp' attr { key: '_class' value { list { s: 'loc:@A' } } } }",
  ),
  "imp.cycle": load(
    `node { name: 'A' op: 'Identity' input: 'B' ${T} } node { name: 'B' op: 'Identity' input: 'A' ${T} }`,
  ),
  "imp.fwdref": {
    run: load(
      `node { name: 'B' op: 'Identity' input: 'A' ${T} } node { name: 'A' op: 'Placeholder' ${float} }`,
    ),
    gives: undefined,
  },
  "imp.attr_badtype": load("node { name: 'A' op: 'Placeholder' attr { key: 'dtype' value { i: 0 } } }"),
  "imp.attr_notallowed": load(
    `node { name: 'S' op: 'Placeholder' attr { key: 'dtype' value { type: DT_STRING } } }
     node { name: 'A' op: 'MatMul' input: 'S' input: 'S' attr { key: 'T' value { type: DT_STRING } } }`,
  ),
  "imp.output_shapes_bad": load(
    `node { name: 'A' op: 'Const' ${five} attr { key: '_output_shapes' value { list { shape { dim { size: 43 } } } } } }`,
  ),
});
