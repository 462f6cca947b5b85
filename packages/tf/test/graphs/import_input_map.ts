// The how-to's inference graph imported twice, under scopes: plain, and with another input through input_map; then trained.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import { referenceMeta } from "../reference-graph.ts";

export async function build(): Promise<tf.train.Saver> {
  const images = tf.placeholder("float32", [null, 28], { name: "images" });
  const meta = referenceMeta("howto_inference");
  const saver = await tf.train.importMetaGraph(meta, {
    importScope: "copy",
    inputMap: { "Const:0": images },
  });
  const softmax = tf.getDefaultGraph().getTensorByName("copy/softmax_linear/add:0");
  await tf.train.importMetaGraph(meta, { importScope: "frozen", clearDevices: true });
  const frozen = tf.getCollection<Tensor>("logits").at(-1)!;
  const first = (x: Tensor): Tensor => tf.getItem(x, [{ stop: 1 }]);
  const loss = tf.losses.meanSquaredError(first(tf.stopGradient(frozen)), first(softmax));
  const varList = tf.getCollection(tf.GraphKeys.TRAINABLE_VARIABLES, "copy/");
  const trainOp = new tf.train.AdamOptimizer(1e-4, { name: "Fit" }).minimize(loss, { varList });
  tf.addToCollection("train_op", trainOp);
  return saver!;
}
