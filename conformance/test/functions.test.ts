// A graph with functions that was built here, in TensorFlow: calls by name, calls within calls, captured tensors, conditionals and loops over
// functions, stateful functions, a stated gradient; the same values as here.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeNpy } from "@org/tensor";
import * as tf from "@org/tf";
import { describe, it } from "vitest";
import { missing, runModel, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";
import { expectClose, runHere } from "./run-here.ts";

const { add, mul, sub, lt, mod } = tf.operator;

/** Builds the graph; gives the Saver of its variables. */
function build(graph: tf.Graph): tf.train.Saver {
  const x = tf.placeholder("float32", [2], { name: "x" });
  const n = tf.placeholder("int32", [], { name: "n" });
  const w = tf.getVariable("w", [2], { initializer: tf.constantInitializer(3) });
  const count = tf.getVariable("count", [], {
    initializer: tf.zerosInitializer(),
    useResource: true,
  }) as tf.ResourceVariable;
  const one = () => tf.constant(1, "int32");
  const affine = tf.defun({ a: "float32" }, (a) => add(mul(a, w), 1), { funcName: "Affine" });
  const twice = tf.defun({ a: "float32" }, (a) => [affine(affine(a)), tf.shape(a)] as const, {
    funcName: "Twice",
  });
  const grown = tf.defun({ a: "float32" }, (a) => sub(mul(a, 3), 1), { funcName: "Grown" });
  const [y, shape] = twice(x, { name: "twice" });
  tf.identity(y, { name: "y" });
  tf.identity(shape, { name: "shape" });
  const grad = tf.defun(
    { a: "float32", b: "float32", dy: "float32" },
    (a, b, dy) => [mul(dy, b), add(mul(dy, a), 1)] as const,
    { funcName: "ProductGrad" },
  );
  const product = tf.defun({ a: "float32", b: "float32" }, (a, b) => mul(a, b), {
    funcName: "Product",
    gradFunc: grad,
  });
  const grads = tf.gradients(tf.reduceSum(product(x, mul(x, 2))), [x]);
  tf.identity(grads[0] as tf.Tensor, { name: "gradient" });
  const over = (
    type: string,
    name: string,
    inputs: readonly (tf.Tensor | readonly tf.Tensor[])[],
    functions: object,
    attrs: object,
  ): void => {
    const all = Object.entries(functions).map(([key, fn]: [string, tf.DefinedFunction]) => {
      fn.addToGraph(graph);
      return [key, { func: fn.funcName }] as const;
    });
    graph.createOp(type, inputs, { name, attrs: { ...Object.fromEntries(all), ...attrs } });
  };
  const counting = tf.defun(
    { a: "float32", h: "resource" },
    (a, h) => {
      const adding = a.graph.createOp("AssignAddVariableOp", [h, tf.constant(1)]);
      return a.graph.controlDependencies([adding], () => mul(a, 10));
    },
    { funcName: "Counting" },
  );
  const plain = tf.defun({ a: "float32", h: "resource" }, (a) => sub(0, a), { funcName: "Plain" });
  over(
    "If",
    "if",
    [lt(n, 3), [x, count.handle]],
    { then_branch: counting, else_branch: plain },
    { Tout: ["float32"] },
  );
  tf.identity(graph.getTensorByName("if:0"), { name: "branch" });
  graph.controlDependencies([graph.getOperationByName("if")], () =>
    tf.identity(count.readValue(), { name: "counted" }),
  );
  const types = { i: "int32", limit: "int32", a: "float32" } as const;
  const below = tf.defun(types, (i, limit) => lt(i, limit), { funcName: "Below" });
  const step = tf.defun(
    types,
    (i, limit, a) => {
      const odd = tf.equal(mod(i, tf.constant(2, "int32")), one());
      return [add(i, one()), limit, tf.where(tf.fill(tf.shape(a), odd), grown(a), mul(a, 2))] as const;
    },
    { funcName: "Step" },
  );
  over("While", "while", [[tf.constant(0, "int32"), n, x]], { cond: below, body: step }, {});
  tf.identity(graph.getTensorByName("while:2"), { name: "looped" });
  over(
    "StatefulPartitionedCall",
    "call",
    [[x, n]],
    { f: tf.defun({ a: "float32", i: "int32" }, (a, i) => [i, grown(a)] as const, { funcName: "Swap" }) },
    { Tout: ["int32", "float32"] },
  );
  tf.identity(graph.getTensorByName("call:1"), { name: "called" });
  return new tf.train.Saver();
}

describe.each(["1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(missing(version))("runs functions that were built here as we do", async () => {
    const folder = scratch();
    const prefix = join(folder, "model");
    tf.resetDefaultGraph();
    const graph = tf.getDefaultGraph() as tf.Graph;
    const saver = graph.asDefault(() => build(graph));
    const session = new tf.Session({ graph, backends: ["cpu"] });
    await session.run(graph.asDefault(() => tf.globalVariablesInitializer()));
    await saver.save(session, prefix);
    await session.close();
    const steps = [2, 5, 0].map((n, i) => {
      const at = (name: string) => join(folder, `${name}-${i}.npy`);
      writeFileSync(at("x"), writeNpy({ dtype: "float32", shape: [2], data: Float32Array.of(1.5, -2) }));
      writeFileSync(at("n"), writeNpy({ dtype: "int32", shape: [], data: Int32Array.of(n) }));
      const fetch = ["y:0", "shape:0", "gradient:0", "branch:0", "counted:0", "looped:0", "called:0"];
      return { feed: { "x:0": at("x"), "n:0": at("n") }, fetch };
    });
    const model = { meta: `${prefix}.meta`, prefix, steps };
    expectClose(await runHere(model), runModel(version, model));
  });
});
