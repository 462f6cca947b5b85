// tf.while_loop: shape invariants, parallel_iterations, loop invariants, gradients through it with stacks, maximum_iterations.
import type { Graph } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { convertToNdArray } from "@org/tensor";

const { add, mul, lt } = tf.operator;

/** An integer: a bare number would be a float. */
const zero = convertToNdArray(0, "int32");

export function build(graph: Graph): Saver {
  tf.setRandomSeed(8);
  const n = tf.placeholder("int32", [], { name: "n" });
  const x = tf.placeholder("float32", [4, 4], { name: "x" });
  const w = tf.getVariable("w", [4, 4], { initializer: tf.randomNormalInitializer() });
  const [i, h, acc] = tf.whileLoop(
    (i, h) => tf.logicalAnd(lt(i, n), tf.reduceAll(lt(h, 10))),
    (i, h, acc) => {
      const next = tf.tanh(mul(tf.matmul(h, w), tf.cast(add(i, 1), "float32")));
      return [add(i, 1), next, tf.concat([acc, tf.reduceSum(next, 0, { keepdims: true })], 0)];
    },
    [zero, x, tf.zeros([1, 4])],
    { shapeInvariants: [[], x.shape, [null, 4]], parallelIterations: 4, name: "loop" },
  );
  const limited = tf.whileLoop(
    (v) => lt(v, 100),
    (v) => mul(v, v),
    [tf.reduceMax(h)],
    { maximumIterations: 5 },
  );
  const free = tf.whileLoop(
    (k) => lt(k, 3),
    (k, s) => [add(k, 1), add(s, tf.stopGradient(s))],
    [zero, h],
    { backProp: false, swapMemory: true },
  );
  const loss = add(add(add(tf.reduceSum(h), tf.reduceMean(acc)), tf.reduceSum(free[1])), limited);
  const grads = tf.gradients(loss, [w, x]);
  for (const g of grads) graph.addToCollection("gradients", g);
  graph.addToCollection("steps", i);
  return new Saver();
}
