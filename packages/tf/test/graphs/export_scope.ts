// A graph of two towers of which one is exported: export_scope, clear_devices, strip_default_attrs, some collections.
import type { Tensor } from "@org/graph";
import { convertToNdArray } from "@org/tensor";
import * as tf from "../../src/index.ts";

const { add, sub, gt, lt } = tf.operator;
const zero = convertToNdArray(0, "int32");

export const exportOptions: NonNullable<Parameters<typeof tf.train.exportMetaGraph>[0]> = {
  exportScope: "tower_1",
  clearDevices: true,
  stripDefaultAttrs: true,
  collectionList: [
    "trainable_variables",
    "variables",
    "logits",
    "cond_context",
    "while_context",
    "hparams/size",
    "unbound_inputs",
  ],
};

function tower(i: number, input: Tensor): Tensor {
  return tf.nameScope(`tower_${i}`, () =>
    tf.device(`/gpu:${i}`, () => {
      const x = tf.identity(input, { name: "input" });
      const w = new tf.Variable(tf.truncatedNormal([4, 4]), { name: "w" });
      const either = tf.cond(
        gt(tf.reduceSum(w), 0),
        () => tf.matmul(x, w),
        () => tf.matmul(x, tf.transpose(w)),
      );
      const [, h] = tf.whileLoop(
        (n) => lt(n, 3),
        (n, value) => [add(n, 1), tf.nn.relu(sub(value, w))],
        [zero, either],
        { name: "repeat" },
      );
      const logits = tf.reduceSum(h, 1, { name: "logits" });
      tf.addToCollection("logits", logits);
      return logits;
    }),
  );
}

export function build(): void {
  tf.setRandomSeed(59);
  const x = tf.placeholder("float32", [4, 4], { name: "x" });
  const towers = [tower(0, x), tower(1, x)] as const;
  const loss = tf.reduceMean(towers[0], { name: "loss" });
  tf.addToCollection("train_op", new tf.train.GradientDescentOptimizer(0.1).minimize(loss));
  tf.addToCollection("hparams/size", 4);
  tf.addToCollection("hparams/left_out", 5);
}
