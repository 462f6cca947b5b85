// tf.cond: captured tensors, constants and variables in branches, nested structures, gradients, a cond in a cond.
import type { Graph, Operation, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { GradientDescentOptimizer } from "@org/train";
import { Variable } from "@org/variables";

const { add, mul, sub, gt } = tf.operator;

export function build(graph: Graph): Saver {
  const x = tf.placeholder("float32", [2, 3], { name: "x" });
  const flag = tf.placeholder("bool", [], { name: "flag" });
  const v = new Variable(tf.ones([2, 3]), { name: "v" });
  const r = tf.getVariable("r", [2, 3], { initializer: tf.onesInitializer(), useResource: true });
  const inner = (): Tensor =>
    tf.cond(
      gt(tf.reduceSum(x), 0),
      () => mul(x, r),
      () => tf.zerosLike(x),
      { name: "inner" },
    );
  const [out, extra] = tf.cond(
    flag,
    () => [add(mul(v, x), 1), { scale: tf.constant(2) }] as const,
    () => [sub(inner(), v), { scale: tf.reduceMax(x) }] as const,
  );
  const loss = tf.reduceSum(mul(out, extra.scale), { name: "loss" });
  const grads = tf.gradients(loss, [v, r, x], { name: "grad" });
  const updated = tf.cond<Operation>(
    tf.logicalNot(flag),
    () => tf.assign(v, x).op,
    () => tf.noOp(),
    { name: "update" },
  );
  tf.cond(
    tf.equal(tf.rank(x), 2),
    () => tf.constant(1, "int32"),
    () => tf.constant(2, "int32"),
    { strict: true },
  );
  for (const g of grads) graph.addToCollection("gradients", g);
  graph.addToCollection("update", updated);
  graph.addToCollection("train_op", new GradientDescentOptimizer(0.5).minimize(loss));
  return new Saver();
}
