// One SGD step of the how-to's network: images and labels go in, the loss comes out. Once as it goes on; once the first of all, with
// compilation; and with a batch size that was never seen before.
import { valueAndGrad } from "@jax-js/jax";
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import type { Work } from "../measure.ts";
import { type Batch, learningRate, makeBatch } from "../model.ts";
import * as jax from "../peers/jax-js.ts";
import { network, open } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

type A = jax.A;

function build() {
  const x = tf.placeholder("float32", [null, 784]);
  const y = tf.placeholder("int32", [null]);
  const logits = network(x);
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
  return { x, y, loss, train: new tf.train.GradientDescentOptimizer(learningRate).minimize(loss) };
}

type Built = ReturnType<typeof build>;

/** Examples for batches of any size up to theirs. */
const examples = makeBatch(4000);

const firstOf = (batch: number): Batch => ({
  images: examples.images.subarray(0, batch * 784),
  labels: examples.labels.subarray(0, batch),
  oneHot: examples.oneHot.subarray(0, batch * 10),
});

const feedsOf = ({ x, y }: Built, batch: number): Record<string, tf.NdArray> => {
  const { images, labels } = firstOf(batch);
  return {
    [x.name]: tf.ndArray("float32", [batch, 784], images),
    [y.name]: tf.ndArray("int32", [batch], labels),
  };
};

/** A step of `size()` examples. */
async function ours(size: () => number, more: tf.SessionOptions = {}): Promise<Work> {
  const { session, built } = await open(build, more);
  return () => session.run([built.loss, built.train], { feeds: feedsOf(built, size()) });
}

function tfjsStep(size: () => number): Work {
  const p = tfjs.parameters();
  const sgd = tfjs.tf.train.sgd(learningRate);
  return () => {
    const batch = size();
    const { images, oneHot } = firstOf(batch);
    const loss = tfjs.tf.tidy(() => {
      const x = tfjs.tf.tensor2d(images, [batch, 784]);
      const y = tfjs.tf.tensor2d(oneHot, [batch, 10]);
      return sgd.minimize(
        () => tfjs.tf.losses.softmaxCrossEntropy(y, tfjs.network(x, p)) as tfjs.tf.Scalar,
        true,
        p,
      )!;
    });
    loss.dataSync();
    loss.dispose();
  };
}

const loss = (p: A[], x: A, y: A): A =>
  jax.np.negative(jax.np.mean(jax.np.sum(jax.np.multiply(jax.nn.logSoftmax(jax.network(p, x)), y), 1)));

function jaxStep(size: () => number): Work {
  const { np } = jax;
  let p = jax.parameters();
  const step = jax.jit((params: A[], x: A, y: A) => {
    const [value, gradients] = valueAndGrad(loss)(
      params.map((t) => t.ref),
      x,
      y,
    );
    return [value, params.map((t, i) => np.subtract(t, np.multiply((gradients as A[])[i]!, learningRate)))];
  });
  return () => {
    const batch = size();
    const { images, oneHot } = firstOf(batch);
    const [value, next] = step(p, jax.array(images, [batch, 784]), jax.array(oneHot, [batch, 10])) as [
      A,
      A[],
    ];
    p = next;
    value.dataSync();
  };
}

const always = (batch: number) => (): number => batch;

/** Sizes from 100 on, each once. */
const growing = (): (() => number) => {
  let next = 100;
  return () => next++;
};

export const trainingStep: Case = {
  name: "training step, batch 100",
  shared: true,
  ours: (more) => ours(always(100), more),
  tfjs: () => tfjsStep(always(100)),
  jax: () => jaxStep(always(100)),
  tensorflow: ["train_step", 100],
};

export const newBatchSize: Case = {
  name: "training step, a batch size never seen before",
  ours: () => ours(growing()),
  tfjs: () => tfjsStep(growing()),
  jax: () => jaxStep(growing()),
  tensorflow: ["new_batch_size", 100],
  // Few calls: who is quick would get to larger batches.
  measure: { rounds: 5, roundMs: 30 },
};

export const firstRun: Case = {
  name: "first training step, batch 100: session, compilation, initial values",
  ours() {
    const graph = new tf.Graph();
    const { built, init } = graph.asDefault(() => {
      const made = build();
      return { built: made, init: tf.globalVariablesInitializer() };
    });
    const feeds = feedsOf(built, 100);
    return async () => {
      const session = new tf.Session({ graph, backends: ["cpu"], fallback: false });
      await session.run(init);
      await session.run([built.loss, built.train], { feeds });
      await session.close();
    };
  },
  tfjs: () => () => tfjsStep(always(100))(),
  jax: () => () => jaxStep(always(100))(),
  tensorflow: ["first_run", 100],
  measure: { rounds: 5 },
};
