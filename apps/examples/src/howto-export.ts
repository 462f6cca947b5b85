// How-to, exporting a complete model: the running graph to a .meta file, with all collections or with some.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@org/tf";

const tmp = process.argv[2] ?? mkdtempSync(join(tmpdir(), "howto-export-"));

// Build the model
const input = tf.placeholder(tf.float32, [null, 2], { name: "input" });
const weights = new tf.Variable(tf.ones([2, 1]), { name: "weights" });
const output = tf.matmul(input, weights, { name: "output" });
tf.addToCollection("input_tensor", input);
tf.addToCollection("output_tensor", output);
{
  await using sess = new tf.Session();
  // Use the model
  await sess.run(tf.initializeAllVariables());
  console.log(tf.toArray(await sess.run(output, { feedDict: { "input:0": [[1, 2]] } })));
}
// Export the model to my-model.meta.
const metaGraphDef = await tf.train.exportMetaGraph({ filename: `${tmp}/my-model.meta` });
console.log(Object.keys(metaGraphDef.collectionDef).join(" "));

// The default graph with only some of its collections, as text.
const partOfIt = await tf.train.exportMetaGraph({
  filename: `${tmp}/my-model.pbtxt`,
  collectionList: ["input_tensor", "output_tensor"],
  asText: true,
});
console.log(Object.keys(partOfIt.collectionDef).join(" "));
