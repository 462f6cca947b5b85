// Programs of the reference graphs, line by line: the same nodes as TensorFlow 1.15.5's Python builds.
import { Graph, type Tensor } from "@org/graph";
import { convertToNdArray, ndArray } from "@org/tensor";
import { type ResourceVariable, Variable } from "@org/variables";
import { describe, it } from "vitest";
import * as tf from "../src/index.ts";
import { expectNodes, expectShapes } from "./compare-nodes.ts";
import { shared, sharedReason } from "./shared.ts";

const { add, sub, mul, truediv, neg, gt, pow } = tf.operator;

function build(program: () => void): Graph {
  const graph = new Graph({ ops: tf.standardOps });
  graph.asDefault(program);
  return graph;
}

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

describe.skipIf(!shared)(`reference graphs${sharedReason}`, () => {
  it("grad_reduce_select", () => {
    const graph = build(() => {
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
      tf.gradients(loss, [x, u, s, r]);
    });
    expectNodes(graph, "grad_reduce_select");
    expectShapes(graph, "grad_reduce_select");
  });

  it("grad_shape_ops", () => {
    const graph = build(() => {
      const { getItem } = tf;
      const x = tf.placeholder("float32", [4, 6], { name: "x" });
      const u = tf.placeholder("float32", [null, 6], { name: "u" });
      const idx = tf.placeholder("int32", [3], { name: "idx" });
      const [a, b, c] = tf.split(x, 3, 1) as [Tensor, Tensor, Tensor];
      const [d, e] = tf.split(x, [1, 5], -1) as [Tensor, Tensor];
      const terms = [
        tf.concat([a, c, a], 0),
        tf.concat([u, x], 0),
        mul(e, d),
        tf.slice(x, [1, 2], [2, -1]),
        getItem(x, [{ start: 1 }, { step: -2 }]),
        getItem(x, ["...", null, 0]),
        getItem(u, 0),
        tf.pad(
          b,
          [
            [1, 1],
            [0, 2],
          ],
          { constantValues: 3 },
        ),
        tf.pad(
          x,
          [
            [2, 1],
            [1, 1],
          ],
          { mode: "REFLECT" },
        ),
        tf.pad(
          x,
          [
            [1, 0],
            [0, 1],
          ],
          { mode: "SYMMETRIC" },
        ),
        tf.transpose(x),
        tf.transpose(tf.reshape(x, [2, 2, 6]), [2, 0, 1]),
        tf.gather(x, idx),
        tf.gather(x, idx, { axis: 1 }),
        tf.gatherNd(x, [
          [0, 1],
          [2, 3],
        ]),
        tf.tile(x, [2, 1]),
        tf.stack([a, b], 2),
        tf.unstack(x, { axis: 1 })[2]!,
        tf.expandDims(x, -1),
        tf.squeeze(tf.reshape(x, [1, 4, 6, 1]), [0]),
        tf.reverse(x, [0]),
        tf.diagPart(getItem(x, [{}, { stop: 4 }])),
        tf.reverseSequence(x, [1, 2, 3, 6], { seqAxis: 1, batchAxis: 0 }),
        tf.matrixBandPart(x, 1, 0),
        tf.spaceToDepth(tf.reshape(x, [1, 4, 6, 1]), 2),
        tf.spaceToBatchNd(tf.reshape(x, [1, 4, 6]), [2], [[0, 0]]),
        tf.broadcastTo(x, [2, 4, 6]),
        tf.scatterNd([[1], [3]], getItem(x, [{ stop: 2 }]), [5, 6]),
        tf.identity(x),
        tf.roll(x, 1, 0),
        tf.cast(mul(tf.cast(x, "float64"), 2), "float32"),
        tf.segmentSum(x, [0, 0, 1, 2]),
        tf.unstack(u, 6, 1)[1]!,
        tf.unsortedSegmentSum(x, [1, 0, 1, 0], 2),
        tf.matrixDiag(getItem(x, 0)),
        tf.matrixSetDiag(x, getItem(x, [{}, 0])),
        tf.matrixDiagPart(x),
      ];
      const loss = tf.addN(
        terms.map((t) => tf.reduceSum(mul(t, t))),
        { name: "loss" },
      );
      tf.gradients(loss, [x, u], { name: "grads" });
    });
    expectNodes(graph, "grad_shape_ops");
    expectShapes(graph, "grad_shape_ops");
  });

  it("indexing_ops, up to Bincount", () => {
    const graph = build(() => {
      const { getItem } = tf;
      const x = tf.placeholder("float32", [4, 5], { name: "x" });
      const ids = tf.placeholder("int32", [null], { name: "ids" });
      tf.topK(x, 2, { sorted: false });
      tf.inTopK(x, [1, 2, 3, 4], 2);
      tf.argmax(x, 1);
      tf.argmin(x, { axis: -1, outputType: "int32", name: "least" });
      tf.oneHot(ids, 5, { onValue: 2, offValue: -1, axis: 0 });
      tf.oneHot([0, 2], 3, { dtype: "int64" });
      tf.uniqueWithCounts(ids);
      tf.unique(ids, { outIdx: "int64" });
      tf.gatherNd(x, tf.where(gt(x, 0.5)));
      const [odd, even] = tf.dynamicPartition(ids, tf.operator.mod(ids, 2), 2) as [Tensor, Tensor];
      tf.dynamicStitch([[0, 2], [1]], [getItem(x, [{ stop: 2 }]), getItem(x, [{ start: 2, stop: 3 }])]);
      tf.setdiff1d(odd, even);
      tf.booleanMask(x, gt(getItem(x, [{}, 0]), 0));
      tf.sequenceMask(ids, { maxlen: 6 });
      tf.sequenceMask([1, 3]);
      tf.range(3);
      tf.range(1, 2, 0.25);
      tf.linspace(0, 1, 5, { name: "line" });
      tf.meshgrid([tf.range(3), tf.range(tf.size(ids))], { indexing: "ij" });
      tf.invertPermutation([2, 0, 1]);
    });
    let reached = false;
    expectNodes(graph, "indexing_ops", (line) => {
      reached ||= line.startsWith("bincount/");
      return !reached;
    });
    expectShapes(graph, "indexing_ops");
  });

  it("operators", () => {
    const graph = build(() => {
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
    });
    expectNodes(graph, "operators", (line) => !line.startsWith("save/"));
    expectShapes(graph, "operators");
  });

  it("name_scopes", () => {
    const scaled = (x: Tensor | Variable, name?: string): Tensor => {
      const graph = x.graph;
      return tf.withScope(graph, name, "scaled", () => tf.multiply(x, 2));
    };
    const graph = build(() => {
      const a = tf.constant(1);
      const b = tf.constant([1, 2]);
      const g = a.graph;
      const int = (value: number, name: string) => tf.constant(value, "int32", { name });
      let s = "";
      g.nameScope("s", (scope) => {
        s = scope;
        tf.add(a, b);
        tf.add(a, b, { name: "add" });
        g.nameScope("s", () => {
          scaled(b);
          scaled(b, "mine");
        });
      });
      g.nameScope("s", () => {
        int(3, "c");
        g.nameScope(null, () => int(4, "c"));
      });
      g.nameScope(s, () => {
        int(5, "c");
        int(6, "c");
      });
      int(7, "S/c");
      int(8, "s_2/");
      int(9, g.uniqueName("u"));
      int(10, g.uniqueName("u", false));
      tf.variableScope("v", () => {
        tf.getVariable("x", [], { initializer: tf.zerosInitializer() });
        scaled(a);
      });
      tf.variableScope("v", () => scaled(tf.getVariable("x", []) as Variable), { reuse: true });
      tf.reduceMean(tf.softmax(tf.expandDims(b, 0)), { name: "end" });
      tf.moments(b, [0]);
    });
    expectNodes(graph, "name_scopes");
    expectShapes(graph, "name_scopes");
  });
});

/** `x @ y`. */
function product(x: tf.TensorLike, y: tf.TensorLike): Tensor {
  const { graph } = [x, y].find((value) => typeof value === "object" && "graph" in value) as Tensor;
  return tf.withScope(graph, undefined, "matmul", (scope) => {
    const [a, b] = [tf.convertToTensor(x, { name: "x", graph }), tf.convertToTensor(y, { name: "y", graph })];
    return tf.matmul(a, b, { name: scope });
  });
}

function clipByValueReversed(x: Tensor, s: Tensor): Tensor {
  const low = neg(s);
  return clipByValue(x, low, s);
}
