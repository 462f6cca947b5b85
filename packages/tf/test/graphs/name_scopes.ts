// Names: nesting, uniquifying, re-entered scopes, the empty scope, scopes of composite functions, case clashes.
import type { Graph, Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";

const int = (value: number, name: string): Tensor => tf.constant(value, "int32", { name });

export function build(graph: Graph): void {
  const scaled = (x: unknown, name?: string): Tensor =>
    tf.nameScope(name ?? "scaled", () => tf.multiply(x as Tensor, 2));
  const a = tf.constant(1);
  const b = tf.constant([1, 2]);
  const s = tf.nameScope("s", (scope) => {
    tf.add(a, b);
    tf.add(a, b, { name: "add" });
    tf.nameScope("s", () => {
      scaled(b);
      scaled(b, "mine");
    });
    return scope;
  });
  tf.nameScope("s", () => {
    int(3, "c");
    tf.nameScope(null, () => int(4, "c"));
  });
  tf.nameScope(s, () => {
    int(5, "c");
    int(6, "c");
  });
  int(7, "S/c");
  int(8, "s_2/");
  int(9, graph.uniqueName("u"));
  int(10, graph.uniqueName("u", false));
  tf.variableScope("v", () => {
    tf.getVariable("x", [], { initializer: tf.zerosInitializer() });
    scaled(a);
  });
  tf.variableScope("v", () => scaled(tf.getVariable("x", [])), { reuse: true });
  tf.reduceMean(tf.nn.softmax(tf.expandDims(b, 0)), { name: "end" });
  tf.nn.moments(b, [0]);
  tf.addToCollection("hparams", 3);
  tf.addToCollection("hparams", 4);
}
