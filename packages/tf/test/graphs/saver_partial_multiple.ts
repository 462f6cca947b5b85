// Several Savers in one graph: all variables, a renamed subset, a list; their SaverDefs in the SAVERS collection.
import * as tf from "../../src/index.ts";

const { add } = tf.operator;

export function build(): tf.train.Saver {
  tf.setRandomSeed(47);
  const [kernel, bias] = tf.variableScope(
    "encoder",
    () =>
      [
        tf.getVariable("kernel", [3, 4]),
        tf.getVariable("bias", [4], { initializer: tf.zerosInitializer() }),
      ] as const,
  );
  const [out, parts] = tf.variableScope(
    "decoder",
    () =>
      [
        tf.getVariable("kernel", [4, 3], { useResource: true }),
        tf.getVariable("parts", [6, 2], { partitioner: tf.fixedSizePartitioner(3) }),
      ] as const,
  );
  const step = new tf.Variable(0, { trainable: false, name: "step", dtype: "int64" });
  const whole = new tf.train.Saver(undefined, { maxToKeep: 10, name: "whole" });
  const encoder = new tf.train.Saver(
    { "pretrained/w": kernel, "pretrained/b": bias },
    { keepCheckpointEveryNHours: 0.5 },
  );
  const decoder = new tf.train.Saver([out, step], {
    maxToKeep: 0,
    padStepNumber: true,
    name: "decoder/saver",
  });
  const table = new tf.train.Saver({ table: [...parts] }, { name: "table", restoreSequentially: true });
  for (const saver of [whole, encoder, decoder, table]) tf.addToCollection(tf.GraphKeys.SAVERS, saver);
  tf.matmul(add(tf.matmul(tf.ones([2, 3]), kernel), bias), out, { name: "logits" });
  tf.convertToTensor(parts, { name: "table_value" });
  tf.addToCollection("step", step);
  tf.addToCollection("restore_names", "pretrained/w");
  tf.addToCollection("restore_names", new TextEncoder().encode("pretrained/b"));
  return whole;
}
