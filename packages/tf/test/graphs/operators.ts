// Python operators on tensors and variables: arithmetic with reflection, comparison, logic, slicing, conversion of constants.
import type { Graph, Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { convertToNdArray, ndArray } from "@org/tensor";
import { type ResourceVariable, Variable } from "@org/variables";

/** `x @ y`. */
function product(x: tf.TensorLike, y: tf.TensorLike): Tensor {
  const { graph } = [x, y].find((value) => typeof value === "object" && "graph" in value) as Tensor;
  return tf.withScope(graph, undefined, "matmul", (scope) => {
    const [a, b] = [tf.convertToTensor(x, { name: "x", graph }), tf.convertToTensor(y, { name: "y", graph })];
    return tf.matmul(a, b, { name: scope });
  });
}

export function build(graph: Graph): Saver {
  const { add, sub, mul, truediv, floordiv, mod, pow, neg, abs, lt, le, gt, ge, invert, and, or, xor } =
    tf.operator;
  const { getItem } = tf;
  const a = tf.placeholder("float32", [2, 3, 4], { name: "a" });
  const i = tf.placeholder("int32", [4], { name: "i" });
  const p = tf.placeholder("bool", [4], { name: "p" });
  const v = new Variable(tf.zeros([4]), { name: "v" });
  const r = tf.getVariable("r", [4], {
    initializer: tf.onesInitializer(),
    useResource: true,
  }) as ResourceVariable;
  for (const [f, x] of [
    [add, 1],
    [sub, 2],
    [mul, 3],
    [truediv, 4],
    [floordiv, 2],
    [mod, 3],
    [pow, 2],
  ] as const) {
    f(a, x);
    f(x, a);
  }
  neg(a);
  abs(a);
  add(i, 1);
  sub(i, [1, 2, 3, 4]);
  mul(i, i);
  truediv(i, 2);
  truediv(7, i);
  floordiv(i, 2);
  mod(i, 2);
  floordiv(9, i);
  mod(9, i);
  pow(i, 2);
  neg(i);
  abs(i);
  for (const f of [lt, le, gt, ge]) f(a, 1);
  lt(i, i);
  gt(i, 2);
  invert(p);
  and(p, true);
  or(true, p);
  xor(p, p);
  tf.bitwiseAnd(i, 3);
  tf.invert(i);
  add(v, a);
  add(a, v);
  mul(v, r);
  sub(r, v);
  neg(v);
  pow(v, r);
  floordiv(v, 2);
  mod(r, 2);
  lt(v, r);
  truediv(2, r);
  abs(v);
  getItem(v, [{ start: 1, stop: 3 }]);
  getItem(r, 0);
  add(r, Float32Array.of(2)[0]!);
  const m = tf.matmul(getItem(a, 0), tf.transpose(getItem(a, 1)), { name: "matmul" });
  const eye = convertToNdArray([1, 0, 0, 0, 1, 0, 0, 0, 1], "float32");
  const square = (data: readonly number[]) => ndArray("float32", [3, 3], Float32Array.from(data));
  product(m, square(eye.data as unknown as number[]));
  product(square(new Array<number>(9).fill(1)), m);
  getItem(a, 1);
  getItem(a, [-1, 0]);
  getItem(a, [{}, 1]);
  getItem(a, [{ start: 0, stop: 1 }, "...", -1]);
  getItem(a, ["...", null]);
  getItem(a, [null, {}, null]);
  getItem(a, [{ step: 2 }, { step: -1 }, { start: 1, stop: -1, step: 2 }]);
  getItem(a, getItem(i, 0));
  const ends = { start: getItem(i, 0), stop: getItem(i, 1) };
  getItem(a, [ends, tf.constant(1, "int32")]);
  getItem(a, [{}]);
  getItem(getItem(getItem(a, 0), 1), 2);
  tf.booleanMask(i, p);
  tf.booleanMask(a, [true, false]);
  getItem(a, [{}, { stop: sub(tf.size(i), 2) }]);
  tf.convertToTensor([getItem(a, [0, 0, 0]), 1, 2]);
  tf.stack([i, i]);
  tf.add([1, 2], getItem(i, [{ stop: 2 }]));
  tf.equal(i, 3);
  tf.notEqual(a, 0);
  tf.constant(ndArray("int64", [2, 3], BigInt64Array.from([0n, 1n, 2n, 3n, 4n, 5n])), { name: "longs" });
  tf.constant([[true, false]], { name: "bools" });
  tf.constant(ndArray("string", [2], [new TextEncoder().encode("x"), Uint8Array.of(255, 0)]), {
    name: "bytes",
  });
  tf.constant({ re: 1, im: 2 }, "complex128", { name: "complex" });
  tf.constant(3, "float16", { shape: [5], name: "halves" });
  tf.constant([], { name: "nothing" });
  graph.addToCollection("logits", m);
  graph.addToCollection("hparams/ints", 1n << 40n);
  return new Saver([v, r]);
}
