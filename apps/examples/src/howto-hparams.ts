// How-to, hyper-parameters: they are read from the MetaGraph of the latest checkpoint.
import * as tf from "@org/tf";
import { saveDir as trainDir } from "./howto-train.ts"; // Trains and saves first.

tf.resetDefaultGraph(); // As in a new process.

const filename = [await tf.latestCheckpoint(trainDir), "meta"].join(".");
await tf.train.importMetaGraph(filename);
const hparams = tf.getCollection<string>("hparams");
console.log(hparams);
