// A step of Adam over ten million parameters with given gradients: everything stays with the library.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { numbers } from "../model.ts";
import * as jax from "../peers/jax-js.ts";
import { open, variable } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

const count = 10_000_000;
const [rate, beta1, beta2, epsilon] = [0.001, 0.9, 0.999, 1e-8];
const parameters = (): Float32Array => numbers(count, 1, 7);
const gradients = (): Float32Array => numbers(count, 0.1, 8);

export const adamStep: Case = {
  name: "Adam step, 10M parameters",
  measure: { rounds: 5, roundMs: 300 },
  async ours() {
    const { session, built } = await open(() => {
      const w = variable(parameters(), [count]);
      const g = tf.identity(
        new tf.Variable(tf.ndArray("float32", [count], gradients()), { trainable: false }),
      );
      return new tf.train.AdamOptimizer(rate).applyGradients([[g, w]]);
    });
    return () => session.run(built);
  },
  tfjs() {
    const w = tfjs.tf.variable(tfjs.tf.tensor1d(parameters()), true, "adam_parameters");
    const g = tfjs.tf.tensor1d(gradients());
    const adam = tfjs.tf.train.adam(rate);
    return () => adam.applyGradients({ [w.name]: g });
  },
  jax() {
    const { np } = jax;
    const g = jax.array(gradients(), [count]);
    const zero = (): jax.A => jax.array(new Float32Array(count), [count]);
    let [w, m, v] = [jax.array(parameters(), [count]), zero(), zero()];
    const step = jax.jit((w: jax.A, m: jax.A, v: jax.A, g: jax.A, scale: jax.A) => {
      const nextM = np.add(np.multiply(m, beta1), np.multiply(g.ref, 1 - beta1));
      const nextV = np.add(np.multiply(v, beta2), np.multiply(np.square(g), 1 - beta2));
      const change = np.trueDivide(np.multiply(nextM.ref, scale), np.add(np.sqrt(nextV.ref), epsilon));
      return [np.subtract(w, change), nextM, nextV];
    });
    let turn = 0;
    return () => {
      turn++;
      const scale = (rate * Math.sqrt(1 - beta2 ** turn)) / (1 - beta1 ** turn);
      [w, m, v] = step(w, m, v, g.ref, np.array(scale)) as [jax.A, jax.A, jax.A];
      return w.blockUntilReady();
    };
  },
  tensorflow: ["adam_step", count],
};
