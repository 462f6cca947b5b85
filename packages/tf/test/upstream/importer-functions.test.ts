// Ported by understanding from TensorFlow's importer_test.py: the cases in which functions are imported.
import { operator } from "@org/ops";
import { decode, encode, GraphDef } from "@org/proto";
import { beforeEach, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const { add, sub } = operator;

beforeEach(() => tf.resetDefaultGraph());

/** What a graph is once it has gone over the wire. */
const wire = (graph: { asGraphDef(): object }): GraphDef =>
  decode(GraphDef, encode(GraphDef, graph.asGraphDef()));
const session = (graph = tf.getDefaultGraph()) => new tf.Session({ graph, backends: ["evaluator"] });

test("[importer_test/ImportGraphDefTest.testFunctions] functions with gradients, captures and functions within run after an import, and after another", async () => {
  const float4 = { x: "float32", y: "float32", dout1: "float32", dout2: "float32" } as const;
  const grad = tf.defun(float4, function Grad(x, y) {
    return [x, y] as const;
  });
  const withGrad = tf.defun(
    { x: "float32", y: "float32" },
    function FuncWithGrad(x, y) {
      return [add(x, y), sub(x, y)] as const;
    },
    { gradFunc: grad },
  );
  let c: tf.Tensor | undefined;
  const external = tf.defun({ x: "int32" }, function ExternalTensorFunc(x) {
    return add(x, c!);
  });
  const outer = tf.defun({ x: "int32", y: "int32" }, function OuterFunc(x, y) {
    const inner = tf.defun({ x: "int32" }, function InnerFunc(x) {
      return add(x, x);
    });
    return add(inner(x), y);
  });
  const first = new tf.Graph();
  first.asDefault(() => {
    const p1 = tf.placeholder("float32", null, { name: "p1" });
    const p2 = tf.placeholder("float32", null, { name: "p2" });
    withGrad(p1, p2, { name: "f" });
    c = tf.constant(10, "int32");
    external(1, { name: "external" });
    outer(10, 1, { name: "outer" });
  });
  let def = wire(first);
  // As TensorFlow calls them: with the hashes of their bodies.
  expect(def.library!.function.length).toBe(5);
  expect(def.library!.gradient).toEqual([
    expect.objectContaining({
      functionName: "FuncWithGrad_Grad_ML5Njp0tuZI_1NrutUhsCMc",
      gradientFunc: "Grad_ML5Njp0tuZI",
    }),
  ]);
  for (const graph of [new tf.Graph(), new tf.Graph()]) {
    const [p1, p2, a, b] = tf.importGraphDef(def, {
      graph,
      name: "",
      returnElements: ["p1:0", "p2:0", "f:0", "f:1"],
    }).returned as tf.Tensor[];
    const grads = graph.asDefault(() => tf.gradients([a!], [p1!, p2!])) as tf.Tensor[];
    const sess = session(graph);
    const values = await sess.run([a!, b!, ...grads], {
      feeds: [
        [p1!, 1],
        [p2!, 2],
      ],
    });
    // Grad gives back the arguments.
    expect(values.map((value) => tf.toArray(value as never))).toEqual([3, -1, 1, 2]);
    expect(tf.toArray(await sess.run("external:0"))).toBe(11);
    expect(tf.toArray(await sess.run("outer:0"))).toBe(21);
    await sess.close();
    def = wire(graph);
  }
});

const add2 = () =>
  tf.defun(
    function Add2(x, y) {
      return tf.add(x!, y!);
    },
    { argNames: ["x", "y"] },
  );

test("[importer_test/ImportGraphDefTest.testImportInsideDefun] a graph is imported into the body of a function", async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => add2()(tf.constant(3), tf.constant(-5), { name: "z" }));
  const def = wire(graph);
  const testFunc = tf.defun([], function TestFunc() {
    return tf.importGraphDef(def, { graph: tf.getDefaultGraph(), returnElements: ["z:0"] })
      .returned![0] as tf.Tensor;
  });
  expect(testFunc.funcName).toBe("TestFunc_AbEy6VIuDEQ");
  const z = testFunc();
  expect(tf.toArray(await session().run(z))).toBe(-2);
});

test("[importer_test/ImportGraphDefTest.testImportGraphWithFunctionTwice] a graph with a function is imported twice", async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const x = tf.placeholder("float32", null, { name: "x" });
    const y = tf.placeholder("float32", null, { name: "y" });
    add2()(x, y, { name: "z" });
  });
  const def = wire(graph);
  const inputMap = { "x:0": tf.randomUniform([]), "y:0": tf.randomUniform([]) };
  const [z1, z2] = ["first", "second"].map(
    (scope) =>
      tf
        .getDefaultGraph()
        .nameScope(scope, () =>
          tf.importGraphDef(def, { graph: tf.getDefaultGraph(), returnElements: ["z:0"], inputMap }),
        ).returned![0] as tf.Tensor,
  );
  expect([z1!.name, z2!.name]).toEqual(["first/import/z:0", "second/import/z:0"]);
  const [a, b] = await session().run([z1!, z2!]);
  expect(tf.toArray(a!)).toEqual(tf.toArray(b!));
  expect(tf.getDefaultGraph().library.names().length).toBe(1);
});
