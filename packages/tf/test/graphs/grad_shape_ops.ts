// Gradients of shape and indexing ops: concat, split, slice, strided_slice, pad, transpose, gather, tile, stack ...
import type { Graph, Tensor } from "@org/graph";
import * as tf from "@org/ops";

const { mul } = tf.operator;

export function build(graph: Graph): void {
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
  for (const g of tf.gradients(loss, [x, u], { name: "grads" })) graph.addToCollection("gradients", g);
}
