// The how-to's network: images go in, logits come out.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { makeBatch } from "../model.ts";
import * as jax from "../peers/jax-js.ts";
import { network, open } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

const inference = (batch: number): Case => {
  const { images } = makeBatch(batch);
  return {
    name: `inference, batch ${batch}`,
    ...(batch > 1 ? { shared: true } : {}),
    async ours(more) {
      const { session, built } = await open(() => {
        const x = tf.placeholder("float32", [null, 784]);
        return { x, logits: network(x) };
      }, more);
      const feeds = { [built.x.name]: tf.ndArray("float32", [batch, 784], images) };
      return () => session.run(built.logits, { feeds });
    },
    tfjs() {
      const p = tfjs.parameters();
      return tfjs.reading(() => tfjs.network(tfjs.tf.tensor2d(images, [batch, 784]), p));
    },
    jax() {
      const p = jax.parameters();
      const forward = jax.jit((params: jax.A[], x: jax.A) => jax.network(params, x));
      const copies = (): jax.A[] => p.map((t) => t.ref);
      return () => (forward(copies(), jax.array(images, [batch, 784])) as jax.A).dataSync();
    },
    tensorflow: ["infer", batch],
  };
};

export const inferences: readonly Case[] = [inference(1), inference(100)];
