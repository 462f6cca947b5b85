// A model out of files that a page was given. The files are copied into memory, where a Saver can write beside them.
import { memoryFileSystem } from "@org/io";
import * as tf from "@org/tf";
import { extendForTraining } from "../lib/training-graph.ts";

export interface Model {
  readonly def: tf.protos.MetaGraphDef;
  /** Path of the checkpoint, without its suffixes. */
  readonly prefix: string;
  readonly fs: ReturnType<typeof memoryFileSystem>;
}

/** A session in which the model is restored and can be trained. */
export interface Training {
  readonly session: tf.Session;
  readonly logits: tf.Tensor;
  readonly loss: tf.Tensor;
  readonly trainOp: tf.Operation;
  readonly saver: tf.train.Saver;
}

/** The model in `files`, by their names. Throws an Error that says which file is missing. */
export async function readModel(files: Readonly<Record<string, Blob>>): Promise<Model> {
  const names = Object.keys(files);
  const meta = names.find((name) => name.endsWith(".meta"));
  if (meta === undefined) throw new Error(`There is no .meta file among ${names.join(", ") || "the files"}.`);
  const prefix = meta.slice(0, -".meta".length);
  if (!names.includes(`${prefix}.index`))
    throw new Error(`${prefix}.index is missing: drop it and ${prefix}.data-* together with ${meta}.`);
  const bytes = await Promise.all(
    Object.entries(files).map(
      async ([name, blob]) => [`/${name}`, new Uint8Array(await blob.arrayBuffer())] as const,
    ),
  );
  const fs = memoryFileSystem(Object.fromEntries(bytes));
  const def = await tf.train.readMetaGraph(`/${meta}`, { fs });
  return { def, prefix: `/${prefix}`, fs };
}

/**
 * Imports the model into a fresh graph and restores it. A training graph goes on with what it has; the how-to's inference graph is extended into one.
 * Throws an Error for a model of another kind.
 */
export async function openTraining(
  { def, prefix, fs }: Model,
  rate: number,
  options: tf.SessionOptions,
): Promise<Training> {
  tf.resetDefaultGraph();
  const restorer = await tf.train.importMetaGraph(def);
  const logits = tf.getCollection<tf.Tensor>("logits")[0];
  if (restorer === undefined || logits === undefined)
    throw new Error('This page trains models with the collection "logits", as the how-to leaves it.');
  const session = new tf.Session({ ...options, fs });
  try {
    await restorer.restore(session, prefix);
    const trainOp = tf.getCollection<tf.Operation>("train_op")[0];
    if (trainOp !== undefined) {
      const loss = session.graph.getTensorByName("xentropy_mean:0");
      return { session, logits, loss, trainOp, saver: restorer };
    }
    const added = extendForTraining(logits, rate);
    await session.run(added.globalStep.initializer);
    return { session, logits, loss: added.loss, trainOp: added.trainOp, saver: new tf.train.Saver() };
  } catch (error) {
    await session.close();
    throw error;
  }
}
