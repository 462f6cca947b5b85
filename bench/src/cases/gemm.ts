// C = A B, [512, 512] float32: the operands stay with the library, the product leaves it.

import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { numbers } from "../model.ts";
import { type A, array, np } from "../peers/jax-js.ts";
import { open, variable } from "../peers/ours.ts";
import { reading, tf as tfjs } from "../peers/tfjs.ts";

const n = 512;
const operands = (): [Float32Array, Float32Array] => [numbers(n * n, 1, 1), numbers(n * n, 1, 2)];

export const gemm: Case = {
  name: `GEMM ${n}^3`,
  flops: 2 * n ** 3,
  shared: true,
  async ours(more) {
    const { session, built } = await open(() => {
      const [a, b] = operands().map((data) => variable(data, [n, n])) as [tf.Variable, tf.Variable];
      return tf.matmul(a, b);
    }, more);
    return () => session.run(built);
  },
  tfjs() {
    const [a, b] = operands().map((data) => tfjs.tensor2d(data, [n, n])) as [tfjs.Tensor2D, tfjs.Tensor2D];
    return reading(() => tfjs.matMul(a, b));
  },
  jax() {
    const [a, b] = operands().map((data) => array(data, [n, n])) as [A, A];
    return () => np.matmul(a.ref, b.ref).dataSync();
  },
  tensorflow: ["matmul", n],
};
