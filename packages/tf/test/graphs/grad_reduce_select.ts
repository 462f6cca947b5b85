// Gradients of reductions, select, maximum, minimum and broadcasting binary ops; unknown shapes take the dynamic path.
import type { Graph, Tensor } from "@org/graph";
import * as tf from "@org/ops";

const { add, sub, mul, truediv, neg, gt, pow } = tf.operator;

/** tf.norm for vectors, which is no op. */
function norm(x: Tensor, axis: number): Tensor {
  return tf.withScope(x.graph, undefined, "norm", () => {
    const root = tf.sqrt(tf.reduceSum(mul(x, x), [axis], { keepdims: true }));
    return tf.squeeze(root, axis);
  });
}

function clipByValue(x: Tensor, low: Tensor, high: Tensor): Tensor {
  return tf.withScope(x.graph, undefined, "clip_by_value", (scope) =>
    tf.maximum(tf.minimum(x, high), low, { name: scope }),
  );
}

function clipByValueReversed(x: Tensor, s: Tensor): Tensor {
  const low = neg(s);
  return clipByValue(x, low, s);
}

export function build(graph: Graph): void {
  const x = tf.placeholder("float32", [3, 4], { name: "x" });
  const u = tf.placeholder("float32", [null, 4], { name: "u" });
  const s = tf.placeholder("float32", [], { name: "s" });
  const r = tf.placeholder("float32", undefined, { name: "r" });
  const axis = tf.placeholder("int32", [], { name: "axis" });
  const reduced = [
    tf.reduceSum(x),
    tf.reduceSum(x, 0),
    tf.reduceSum(u, [0, -1], { keepdims: true }),
    tf.reduceSum(r, axis),
    tf.reduceMean(x, 1),
    tf.reduceMean(u, { axis: 0 }),
    tf.reduceMean(r),
    tf.reduceMax(x, 1),
    tf.reduceMin(u),
    tf.reduceProd(x, 0),
    tf.reduceLogsumexp(x, 1),
    tf.reduceEuclideanNorm(x),
    norm(u, 1),
    tf.cumsum(x, 1, { exclusive: true }),
    tf.cumprod(x, { reverse: true }),
    tf.reduceStd(x),
    tf.reduceVariance(x, 1),
    tf.moments(u, [0]).variance,
    tf.addN([x, u, x]),
    tf.accumulateN([x, x]),
  ];
  const binary = [
    add(x, s),
    sub(x, tf.getItem(x, 0)),
    mul(s, u),
    truediv(x, add(s, 1)),
    tf.maximum(x, s),
    tf.minimum(u, 0.5),
    tf.squaredDifference(x, u),
    pow(x, 2),
    tf.pow(tf.abs(u), s),
    tf.where(gt(x, 0), x, neg(x)),
    tf.where(gt(tf.getItem(u, [{}, 0]), 0), u, mul(2, u)),
    tf.where(gt(s, 0), s, mul(s, s)),
    tf.floordiv(x, 2),
    tf.mod(x, s),
    tf.truediv(x, u),
    tf.realdiv(u, s),
    tf.divide(s, x),
    tf.atan2(x, u),
    mul(tf.relu(x), tf.sign(x)),
    tf.divNoNan(x, u),
    clipByValueReversed(x, s),
    mul(r, u),
    tf.xdivy(x, u),
  ];
  const loss = tf.addN(
    [...reduced, ...binary].map((t) => tf.reduceSum(t)),
    { name: "loss" },
  );
  for (const g of tf.gradients(loss, [x, u, s, r])) graph.addToCollection("gradients", g);
}
