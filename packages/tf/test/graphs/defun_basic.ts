// Functions from framework.function: declared types, a function that calls another, captured inputs, several calls, gradients of calls.
import type { Graph } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";

const { add, mul } = tf.operator;

const affine = () =>
  tf.defun({ x: "float32", y: "float32" }, (x, y) => add(mul(2, x), y), { funcName: "Affine" });

export function build(graph: Graph): Saver {
  const call = affine();
  const twice = tf.defun({ x: "float32" }, function twice(x) {
    return [call(call(x, x), x), tf.shape(x)] as const;
  });
  const x = tf.placeholder("float32", [2, 2], { name: "x" });
  const w = tf.getVariable("w", [2, 2], { initializer: tf.onesInitializer() });
  const outside = tf.constant(5, { name: "outside" });
  const capturing = tf.defun({ v: "float32" }, (v) => add(tf.matmul(v, w), outside), {
    funcName: "Capturing",
    noinline: true,
    outNames: ["result"],
  });
  const [out, shape] = graph.nameScope("calls", () => {
    const y = call(x, w);
    const [z, dims] = twice(y, { name: "named" });
    return [capturing(z), dims] as const;
  });
  out.setShape([2, 2]);
  const [gradient] = tf.gradients(tf.reduceSum(call(out, x)), [x]);
  graph.addToCollection("out", out);
  graph.addToCollection("out", shape);
  graph.addToCollection("gradients", gradient);
  return new Saver();
}
