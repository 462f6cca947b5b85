// How-to, importing: training goes on from the saved MetaGraph, without building the model from scratch.
import * as tf from "@org/tf";
import { rounded, saveDir } from "./howto-train.ts"; // Trains and saves first.

tf.resetDefaultGraph(); // As in a new process.

{
  await using sess = new tf.Session();
  const newSaver = await tf.train.importMetaGraph(`${saveDir}/my-model-10000.meta`);
  await newSaver!.restore(sess, `${saveDir}/my-model-10000`);
  // tf.getCollection() returns a list. In this example we only want the first one.
  const trainOp = tf.getCollection<tf.Operation>("train_op")[0]!;
  for (let step = 0; step < 10000; step++) {
    await sess.run(trainOp);
  }
  console.log("after 10000 more: ", rounded(await sess.run({ slope: "slope:0", loss: "loss:0" })));
}
