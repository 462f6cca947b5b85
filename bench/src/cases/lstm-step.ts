// One step of an LSTM cell: 32 inputs of 128 numbers go in, 128 cells; its state stays with the library, the outputs leave it.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { numbers } from "../model.ts";
import * as jax from "../peers/jax-js.ts";
import { open, variable } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

const [batch, units] = [32, 128];
const weights = (): Float32Array => numbers(2 * units * 4 * units, 0.1, 5);
const inputs = (): Float32Array => numbers(batch * units, 1, 6);
const zeros = (): Float32Array => new Float32Array(batch * units);

export const lstmStep: Case = {
  name: "LSTM step, batch 32, 128 cells",
  async ours() {
    const { session, built } = await open(() => {
      const x = tf.placeholder("float32", [null, units]);
      const [w, b] = [
        variable(weights(), [2 * units, 4 * units]),
        variable(new Float32Array(4 * units), [4 * units]),
      ];
      const [c, h] = [variable(zeros(), [batch, units]), variable(zeros(), [batch, units])];
      const gates = tf.nn.biasAdd(tf.matmul(tf.concat([x, tf.identity(h)], 1), w), b);
      const [i, j, f, o] = tf.split(gates, 4, { axis: 1 }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const kept = tf.operator.mul(tf.identity(c), tf.sigmoid(tf.operator.add(f, 1)));
      const cell = tf.operator.add(kept, tf.operator.mul(tf.sigmoid(i), tf.tanh(j)));
      const output = tf.operator.mul(tf.tanh(cell), tf.sigmoid(o));
      return { x, output, next: tf.group([c.assign(cell), h.assign(output)]) };
    });
    const feeds = { [built.x.name]: tf.ndArray("float32", [batch, units], inputs()) };
    return () => session.run([built.output, built.next], { feeds });
  },
  tfjs() {
    const { tf: t } = tfjs;
    const data = inputs();
    const w = t.tensor2d(weights(), [2 * units, 4 * units]);
    const b = t.tensor1d(new Float32Array(4 * units));
    let [c, h]: [tfjs.tf.Tensor2D, tfjs.tf.Tensor2D] = [t.zeros([batch, units]), t.zeros([batch, units])];
    return () => {
      const [cell, output] = t.tidy(() =>
        t.basicLSTMCell(t.scalar(1), w, b, t.tensor2d(data, [batch, units]), c, h),
      );
      c.dispose();
      h.dispose();
      [c, h] = [cell, output];
      output.dataSync();
    };
  },
  jax() {
    const { np, nn } = jax;
    const data = inputs();
    const w = jax.array(weights(), [2 * units, 4 * units]);
    let [c, h] = [jax.array(zeros(), [batch, units]), jax.array(zeros(), [batch, units])];
    const step = jax.jit((x: jax.A, w: jax.A, c: jax.A, h: jax.A) => {
      const gates = np.matmul(np.concatenate([x, h], 1), w);
      const [i, j, f, o] = np.split(gates, 4, 1) as [jax.A, jax.A, jax.A, jax.A];
      const kept = np.multiply(c, nn.sigmoid(np.add(f, 1)));
      const cell = np.add(kept, np.multiply(nn.sigmoid(i), np.tanh(j)));
      return [cell.ref, np.multiply(np.tanh(cell), nn.sigmoid(o))];
    });
    return () => {
      [c, h] = step(jax.array(data, [batch, units]), w.ref, c, h) as [jax.A, jax.A];
      return h.ref.dataSync();
    };
  },
  tensorflow: ["lstm_step", units],
};
