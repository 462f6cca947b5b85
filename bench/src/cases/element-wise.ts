// One pass over a million numbers, which stay with the library: five multiply-adds, exp(tanh), softmax of 1,024 rows.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { numbers } from "../model.ts";
import * as jax from "../peers/jax-js.ts";
import { update } from "../peers/ours.ts";
import * as tfjs from "../peers/tfjs.ts";

const rows = 1024;
const shape = [rows, rows];

interface Functions {
  readonly ours: (x: tf.Tensor) => tf.Tensor;
  readonly tfjs: (x: tfjs.tf.Tensor) => tfjs.tf.Tensor;
  readonly jax: (x: jax.A) => jax.A;
}

const over = (name: string, builder: string, next: Functions): Case => ({
  name,
  shared: true,
  ours: (more) => update(numbers(rows * rows, 1, 3), shape, next.ours, more),
  tfjs: () => tfjs.update(numbers(rows * rows, 1, 3), shape, next.tfjs),
  jax: () => jax.update(numbers(rows * rows, 1, 3), shape, next.jax),
  tensorflow: [builder, rows],
});

/** `next` five times. */
const five = <T>(x: T, next: (x: T) => T): T => next(next(next(next(next(x)))));

export const elementWise: readonly Case[] = [
  over("five multiply-adds over 1M", "multiply_adds", {
    ours: (x) => five(x, (y) => tf.operator.add(tf.operator.mul(y, 0.5), 0.25)),
    tfjs: (x) => five(x, (y) => tfjs.tf.add(tfjs.tf.mul(y, 0.5), 0.25)),
    jax: (x) => five(x, (y) => jax.np.add(jax.np.multiply(y, 0.5), 0.25)),
  }),
  over("exp(tanh) over 1M", "exp_tanh", {
    ours: (x) => tf.exp(tf.tanh(x)),
    tfjs: (x) => tfjs.tf.exp(tfjs.tf.tanh(x)),
    jax: (x) => jax.np.exp(jax.np.tanh(x)),
  }),
  over("softmax of 1024 rows of 1024", "softmax", {
    ours: (x) => tf.nn.softmax(x),
    tfjs: (x) => tfjs.tf.softmax(x),
    jax: (x) => jax.nn.softmax(x, -1),
  }),
];
