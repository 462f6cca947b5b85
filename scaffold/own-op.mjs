// An op from outside, with its gradient: Swish, x * sigmoid(x). Its value and its gradient are compared with numbers from JavaScript, on
// WebAssembly and on the evaluator. On public exports alone.
import assert from "node:assert/strict";
import { dense, single } from "@org/ops";
import * as tf from "@org/tf";

const swishOp = {
  origin: "scaffold",
  opDef: {
    name: "Swish",
    inputArg: [{ name: "features", typeAttr: "T" }],
    outputArg: [{ name: "activations", typeAttr: "T" }],
    attr: [{ name: "T", type: "type" }],
  },
  shape: (c) => [c.input(0)],
  lower: (c) => {
    const x = c.input(0);
    return c.builder.binary("multiply", x, c.builder.unary("logistic", x));
  },
  gradient: single(({ inputs: [x] }, grad) => {
    const s = tf.sigmoid(x);
    return tf.multiply(dense(grad), tf.add(s, tf.multiply(x, tf.multiply(s, tf.subtract(1, s)))));
  }),
};
const graph = new tf.Graph({ ops: tf.createOpRegistry(tf.standardOps(), [swishOp]) });

const at = [-3, -0.5, 0, 1, 4];
const { y, slope } = graph.asDefault(() => {
  const x = tf.constant(at);
  const y = graph.createOp("Swish", [x]).outputs[0];
  return { y, slope: tf.gradients(y, x)[0] };
});
assert.deepEqual(y.shape.toNumbers(), [5]);

const swish = (x) => x / (1 + Math.exp(-x));
const numeric = (x) => (swish(x + 1e-5) - swish(x - 1e-5)) / 2e-5;
const near = (got, want) =>
  tf.toNumbers(got).forEach((value, i) => {
    assert.ok(Math.abs(value - want[i]) < 1e-5, `${value} is not ${want[i]}`);
  });
for (const backends of [["cpu"], ["evaluator"]]) {
  const session = new tf.Session({ graph, backends, fallback: backends[0] === "evaluator" });
  const values = await session.run([y, slope]);
  near(values[0], at.map(swish));
  near(values[1], at.map(numeric));
  await session.close();
}
console.log("an op of one's own: its value and its gradient are the numeric ones");
