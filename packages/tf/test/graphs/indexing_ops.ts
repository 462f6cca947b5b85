// Indices: topK, argmax, oneHot, unique, where, dynamic partition and stitch, scatter updates, ranges, masks.
import * as tf from "../../src/index.ts";

export function build(): unknown {
  const x = tf.placeholder("float32", [4, 5], { name: "x" });
  const ids = tf.placeholder("int32", [null], { name: "ids" });
  const { values, indices } = tf.nn.topK(x, 2, { sorted: false });
  tf.nn.inTopK(x, [1, 2, 3, 4], 2);
  tf.argmax(x, 1);
  tf.argmin(x, -1, { outputType: "int32", name: "least" });
  tf.oneHot(ids, 5, { onValue: 2, offValue: -1, axis: 0 });
  tf.oneHot([0, 2], 3, { dtype: "int64" });
  const { y: unique, idx: positions, count: counts } = tf.uniqueWithCounts(ids);
  tf.unique(ids, { outIdx: "int64" });
  const where = tf.where(tf.greater(x, 0.5));
  tf.gatherNd(x, where);
  const [odd, even] = tf.dynamicPartition(ids, tf.operator.mod(ids, 2), 2) as [tf.Tensor, tf.Tensor];
  tf.dynamicStitch([[0, 2], [1]], [tf.getItem(x, { stop: 2 }), tf.getItem(x, { start: 2, stop: 3 })]);
  tf.setdiff1d(odd, even);
  tf.booleanMask(x, tf.greater(tf.getItem(x, [{}, 0]), 0));
  tf.sequenceMask(ids, { maxlen: 6 });
  tf.sequenceMask([1, 3]);
  tf.range(3);
  tf.range(1, 2, 0.25);
  tf.linspace(0, 1, 5, { name: "line" });
  tf.meshgrid([tf.range(3), tf.range(tf.size(ids))], { indexing: "ij" });
  tf.invertPermutation([2, 0, 1]);
  tf.bincount(ids, { minlength: 3 });
  tf.histogramFixedWidth(x, [0, 1], { nbins: 4 });
  tf.segmentMean(x, [0, 0, 1, 1]);
  tf.unsortedSegmentMax(x, [0, 1, 0, 1], 2);
  tf.confusionMatrix([0, 1], [1, 1], { numClasses: 2 });
  const one = (value: number): tf.SparseTensor => new tf.SparseTensor([[0, 0]], Int32Array.of(value), [1, 1]);
  tf.editDistance(one(1), one(2));
  const v = new tf.Variable(tf.zeros([5, 2]), { name: "v" });
  const r = tf.getVariable("r", {
    shape: [5],
    initializer: tf.zerosInitializer(),
    useResource: true,
  }) as tf.ResourceVariable;
  /** What Python collects of an update of a resource variable: the operation that its read waits for. */
  const updating = (read: tf.Tensor): tf.Operation => read.op.controlInputs[0]!;
  const updates = [
    tf.scatterUpdate(v, [0, 1], tf.ones([2, 2])),
    tf.scatterAdd(v, ids, tf.ones([tf.size(ids), 2])),
    tf.scatterNdUpdate(v, [[1, 1]], [3]),
    updating(tf.scatterSub(r, [2], [1])),
    tf.assignItem(v, { start: 1, stop: 3 }, () => tf.zeros([2, 2])),
    updating(tf.scatterMul(r, [0], 2)),
    tf.batchScatterUpdate(v, [0], [[1, 2]]),
    updating(tf.assignItem(r, 0, 4)),
  ];
  for (const t of [...updates, values, indices, unique, positions, counts]) tf.addToCollection("results", t);
  return new tf.train.Saver();
}
