// Conditionals and loops, and gradients through them: node for node as TensorFlow 1.15.5's Python builds them.
import { Graph, type Operation, type Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { convertToNdArray } from "@org/tensor";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { addQueueRunner, GradientDescentOptimizer, QueueRunner } from "../src/index.ts";
import { differences, noGoldens } from "./golden-graph.ts";

const { add, mul, sub, lt, gt } = tf.operator;

/** An integer: a bare number would be a float. */
const zero = convertToNdArray(0, "int32");

const programs: Record<string, (graph: Graph) => Saver> = {
  cond_grad(graph) {
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
  },

  while_grad(graph) {
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
  },

  tensor_array(graph) {
    const x = tf.placeholder("float32", [5, 3], { name: "x" });
    const w = tf.getVariable("w", [3], { initializer: tf.onesInitializer() });
    const ta = new tf.TensorArray("float32", {
      size: 5,
      clearAfterRead: false,
      elementShape: [3],
      name: "inputs",
    }).unstack(x);
    const out = new tf.TensorArray("float32", { size: 0, dynamicSize: true, inferShape: true });
    const [, last, written] = tf.whileLoop(
      (i) => lt(i, ta.size()),
      (i, previous, array) => {
        const value = add(mul(ta.read(i), w), previous);
        const next = add(i, 1);
        return [next, value, array.write(i, value)];
      },
      [zero, tf.zeros([3]), out],
    );
    const stacked = written.stack({ name: "stacked" });
    const parts = new tf.TensorArray("float32", { size: 2, inferShape: false }).split(x, [2, 3]);
    const joined = parts.concat();
    const some = ta.gather([4, 0]);
    const mapped = tf.mapFn((row) => tf.reduceSum(mul(row, w)), x);
    const pairs = tf.mapFn((t) => [add(t[0], t[1]), t[0]], [x, x], {
      dtype: ["float32", "float32"],
      parallelIterations: 3,
    });
    const folded = tf.foldl((a, b) => add(a, mul(b, w)), x, { initializer: tf.zeros([3]), name: "fold" });
    let loss = tf.reduceSum(stacked);
    loss = add(loss, tf.reduceSum(last));
    loss = add(loss, tf.reduceSum(mul(joined, w)));
    loss = add(loss, tf.reduceSum(some));
    loss = add(loss, tf.reduceSum(mapped));
    loss = add(loss, tf.reduceSum(pairs[0]!));
    loss = add(loss, tf.reduceSum(folded));
    graph.addToCollection("gradients", tf.gradients(loss, w)[0]);
    graph.addToCollection("logits", stacked);
    return new Saver();
  },

  queue_fifo(graph) {
    tf.setRandomSeed(13);
    const image = tf.placeholder("float32", [4], { name: "image" });
    const label = tf.placeholder("int32", [], { name: "label" });
    const queue = new tf.FIFOQueue(32, ["float32", "int32"], {
      shapes: [[4], []],
      names: ["image", "label"],
      name: "examples",
    });
    const enqueue = queue.enqueue({ image, label });
    const many = queue.enqueueMany({ image: tf.zeros([3, 4]), label: [1, 2, 3] }, { name: "fill" });
    addQueueRunner(new QueueRunner(queue, [enqueue, many]));
    const batch = queue.dequeueMany(8, { name: "batch" });
    queue.dequeueUpTo(2);
    const shuffled = new tf.RandomShuffleQueue(100, 10, "float32", { shapes: [4], seed: 6 });
    const put = shuffled.enqueueMany(batch.image!);
    const runner = new QueueRunner(shuffled, [put, put], {
      queueClosedExceptionTypes: ["OUT_OF_RANGE", "CANCELLED"],
    });
    addQueueRunner(runner, "other_runners");
    const padded = new tf.PaddingFIFOQueue(5, ["int64"], { shapes: [[null, 2]], sharedName: "padded" });
    padded.enqueue(tf.ones([3, 2], "int64"));
    const ragged = padded.dequeueMany(2);
    const ordered = new tf.PriorityQueue(10, ["string"], { shapes: [[]] });
    ordered.enqueue([tf.constant(3, "int64"), "three"]);
    const [priority, text] = ordered.dequeue();
    const picked = tf.QueueBase.fromList(tf.constant(0, "int32"), [queue, queue]);
    tf.summary.scalar("fraction", mul(tf.cast(queue.size(), "float32"), 1 / 32));
    const w = new Variable(tf.zeros([4, 1]), { name: "w" });
    tf.matmul(shuffled.dequeueMany(2), w, { name: "out" });
    for (const t of [batch.label, ragged, priority, text, picked.queueRef])
      graph.addToCollection("dequeued", t);
    graph.addToCollection("close", queue.close({ cancelPendingEnqueues: true }));
    return new Saver();
  },
};

describe.skipIf(noGoldens)(`graphs with control flow ${noGoldens ?? ""}`, () => {
  for (const [name, program] of Object.entries(programs))
    it(name, () => {
      const graph = new Graph({ ops: tf.standardOps });
      const saver = graph.asDefault(() => program(graph));
      expect(differences(saver.exportMetaGraph({ graph }), name).join("\n")).toBe("");
    });
});
