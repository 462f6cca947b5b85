// string_input_producer, TFRecordReader, parse_example with every kind of feature, tf.train.batch.
import type { Graph } from "@org/graph";
import * as tf from "@org/ops";
import { Saver } from "@org/saver";
import { batch, stringInputProducer } from "@org/train";
import { Variable } from "@org/variables";

const { mul, sub } = tf.operator;

export function build(graph: Graph): Saver {
  tf.setRandomSeed(17);
  const files = stringInputProducer(["train-0.tfrecords", "train-1.tfrecords"], {
    numEpochs: 2,
    seed: 4,
    capacity: 16,
  });
  const reader = new tf.TFRecordReader({ compression: "GZIP" });
  const [key, record] = reader.read(files);
  const [keys, records] = batch([key, record], 32, {
    numThreads: 2,
    capacity: 96,
    allowSmallerFinalBatch: true,
    name: "batch",
  });
  const features = tf.parseExample(
    records,
    {
      image_raw: new tf.FixedLenFeature([], "string"),
      height: new tf.FixedLenFeature([1], "int64", 28),
      weights: new tf.FixedLenFeature([2, 3], "float32"),
      words: new tf.VarLenFeature("string"),
      steps: new tf.FixedLenSequenceFeature([2], "float32", { allowMissing: true }),
      crossed: new tf.SparseFeature("crossed_index", "crossed_value", "float32", 100, {
        alreadySorted: true,
      }),
    },
    { name: "parse" },
  );
  const pixels = tf.decodeRaw(features.image_raw, "uint8");
  const image = sub(mul(tf.cast(tf.reshape(pixels, [-1, 784]), "float32"), 1 / 255), 0.5);
  const [, sequence] = tf.parseSingleSequenceExample(record, {
    contextFeatures: { length: new tf.FixedLenFeature([], "int64") },
    sequenceFeatures: { tokens: new tf.FixedLenSequenceFeature([], "int64") },
  });
  const w = new Variable(tf.truncatedNormal([784, 10]), { name: "w" });
  const logits = tf.matmul(image, w, { name: "logits" });
  graph.addToCollection("logits", logits);
  graph.addToCollection("keys", keys);
  graph.addToCollection("words", features.words.values);
  graph.addToCollection("crossed", tf.sparseTensorToDense(features.crossed));
  graph.addToCollection("tokens", sequence.tokens);
  graph.addToCollection("done", reader.numRecordsProduced());
  return new Saver([w]);
}
