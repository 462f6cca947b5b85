// This repository: graphs built by @org/tf, run on the CPU backend alone.
import { readFileSync, writeFileSync } from "node:fs";
import * as tf from "@org/tf";
import { initialParameters, learningRate, makeBatch, numbers } from "../model.ts";
import type { Contender } from "./contender.ts";

const options: tf.SessionOptions = { backends: ["cpu"], fallback: false };

/** The how-to's network over `images` of unknown batch size. */
function network(images: tf.Tensor): { logits: tf.Tensor; initial: tf.Variable[] } {
  const p = initialParameters().map(({ data, shape }) => new tf.Variable(tf.ndArray("float32", shape, data)));
  const layer = (x: tf.Tensor, i: number): tf.Tensor => tf.operator.add(tf.matmul(x, p[i]!), p[i + 1]!);
  return { logits: layer(tf.nn.relu(layer(tf.nn.relu(layer(images, 0)), 2)), 4), initial: p };
}

/** Builds in a graph of its own and opens a session on it, variables initialised. */
async function open<T>(build: () => T): Promise<{ session: tf.Session; built: T }> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ ...options, graph });
  const init = graph.asDefault(() => tf.globalVariablesInitializer());
  await session.run(init);
  return { session, built };
}

export async function ours(): Promise<Contender> {
  return {
    name: "ours",
    async matmul(n) {
      const { session, built } = await open(() => {
        const [a, b] = [1, 2].map(
          (seed) => new tf.Variable(tf.ndArray("float32", [n, n], numbers(n * n, 1, seed))),
        );
        return tf.matmul(a!, b!);
      });
      return () => session.run(built);
    },
    async trainStep(batch) {
      const { images, labels } = makeBatch(batch);
      const { session, built } = await open(() => {
        const x = tf.placeholder("float32", [null, 784]);
        const y = tf.placeholder("int32", [null]);
        const { logits } = network(x);
        const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
        return { x, y, loss, train: new tf.train.GradientDescentOptimizer(learningRate).minimize(loss) };
      });
      const feeds = {
        [built.x.name]: tf.ndArray("float32", [batch, 784], images),
        [built.y.name]: tf.ndArray("int32", [batch], labels),
      };
      return () => session.run([built.loss, built.train], { feeds });
    },
    async infer(batch) {
      const { images } = makeBatch(batch);
      const { session, built } = await open(() => {
        const x = tf.placeholder("float32", [null, 784]);
        return { x, logits: network(x).logits };
      });
      const feeds = { [built.x.name]: tf.ndArray("float32", [batch, 784], images) };
      return () => session.run(built.logits, { feeds });
    },
    async scalarAdds(count) {
      const { session, built } = await open(() => {
        const x = tf.placeholder("float32", []);
        let sum: tf.Tensor = x;
        for (let i = 0; i < count; i++) sum = tf.operator.add(sum, 1);
        return { x, sum };
      });
      const feeds = { [built.x.name]: tf.ndArray("float32", [], Float32Array.of(0.5)) };
      return () => session.run(built.sum, { feeds });
    },
    importMeta(path) {
      const bytes = readFileSync(path);
      return () => {
        const graph = new tf.Graph();
        return tf.train.importMetaGraph(bytes, { graph });
      };
    },
  };
}

/** Writes a .meta of about `nodes` nodes: layers of variables, products and sums, with a Saver. */
export async function writeLargeMeta(path: string, nodes: number): Promise<void> {
  const graph = new tf.Graph();
  const def = await graph.asDefault(() => {
    let x: tf.Tensor = tf.placeholder("float32", [null, 8]);
    const layer = (i: number): void => {
      tf.nameScope(`layer_${i}`, () => {
        const weights = new tf.Variable(tf.zeros([8, 8]), { name: "weights" });
        const biases = new tf.Variable(tf.zeros([8]), { name: "biases" });
        x = tf.nn.relu(tf.operator.add(tf.matmul(x, weights), biases));
      });
    };
    for (let i = 0; graph.getOperations().length < nodes * 0.88; i++) layer(i);
    const saver = new tf.train.Saver();
    return tf.train.exportMetaGraph({ saverDef: saver.asSaverDef() });
  });
  writeFileSync(path, tf.protos.encode(tf.protos.MetaGraphDef, def));
}
