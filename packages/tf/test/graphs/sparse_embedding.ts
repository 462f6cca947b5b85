// SparseTensor ops, embeddingLookupSparse with weights, partitioned tables with mod and div, gradients into them.
import * as tf from "../../src/index.ts";

export function build(): unknown {
  tf.setRandomSeed(43);
  const sp = tf.sparsePlaceholder("float32", [4, 10], { name: "sp" });
  const places = [
    [0, 0],
    [0, 2],
    [3, 1],
  ];
  const ids = new tf.SparseTensor(places, tf.constant([1, 5, 8], "int64"), [4, 3]);
  const shards = [0, 1, 2].map((i) =>
    tf.getVariable(`shard_${i}`, { shape: [4, 2], initializer: tf.randomNormalInitializer() }),
  ) as tf.Variable[];
  const table = tf.getVariable("table", {
    shape: [11, 2],
    partitioner: tf.fixedSizePartitioner(2),
    useResource: true,
  });
  const mod = tf.nn.embeddingLookup(shards, [0, 4, 7], { partitionStrategy: "mod", name: "mod" });
  const div = tf.nn.embeddingLookup(table, ids.values, { partitionStrategy: "div", maxNorm: 1 });
  const mean = tf.nn.embeddingLookupSparse(table, ids, null, { partitionStrategy: "div", combiner: "mean" });
  const weights = new tf.SparseTensor(ids.indices, [0.5, 1, 2], ids.denseShape);
  const sqrtn = tf.nn.embeddingLookupSparse(shards, ids, weights, { combiner: "sqrtn", name: "sqrtn" });
  const safe = tf.nn.safeEmbeddingLookupSparse([shards[0]!], tf.sparseReorder(ids), { combiner: "sum" });
  const dense = tf.getVariable("dense", { shape: [10, 2], initializer: tf.onesInitializer() }) as tf.Variable;
  const product = tf.sparseTensorDenseMatmul(sp, dense);
  const scaled = tf.sparseSoftmax(tf.sparseDenseMultiply(sp, tf.ones([4, 10])));
  const joined = tf.sparseConcat(1, [sp, scaled]);
  const total = tf.sparseReduceSum(tf.sparseAdd(sp, sp), { axis: 1 });
  tf.sparseRetain(ids, tf.greater(ids.values, 2));
  tf.sparseToIndicator(ids, 9);
  tf.sparseSlice(sp, [0, 0], [2, 5]);
  tf.sparseResetShape(sp);
  tf.sparseFillEmptyRows(ids, 0);
  tf.sparseTensorToDense(tf.sparseTranspose(sp), { name: "flipped" });
  const parts = [mod, div, mean, sqrtn, safe, product, total, joined.values];
  const loss = tf.addN(
    parts.map((part) => tf.reduceSum(part)),
    { name: "loss" },
  );
  const trainOp = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
  tf.addToCollection("train_op", trainOp);
  return new tf.train.Saver();
}
