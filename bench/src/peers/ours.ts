// This repository: graphs built by @org/tf, run on the CPU backend alone.
import * as tf from "@org/tf";
import { initialParameters } from "../model.ts";

const options: tf.SessionOptions = { backends: ["cpu"], fallback: false };

/** Builds in a graph of its own and opens a session on it, variables initialised. */
export async function open<T>(
  build: () => T,
  more: tf.SessionOptions = {},
): Promise<{ session: tf.Session; built: T }> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ ...options, ...more, graph });
  const init = graph.asDefault(() => tf.globalVariablesInitializer());
  await session.run(init);
  return { session, built };
}

/** A variable of these numbers. */
export const variable = (data: Float32Array, shape: readonly number[]): tf.Variable =>
  new tf.Variable(tf.ndArray("float32", shape, data));

/** The how-to's network over `images` of unknown batch size. */
export function network(images: tf.Tensor): tf.Tensor {
  const p = initialParameters().map(({ data, shape }) => variable(data, shape));
  const layer = (x: tf.Tensor, i: number): tf.Tensor => tf.operator.add(tf.matmul(x, p[i]!), p[i + 1]!);
  return layer(tf.nn.relu(layer(tf.nn.relu(layer(images, 0)), 2)), 4);
}

/** Work that gives a variable of `data` the value that `next` makes of it: nothing leaves the library. */
export async function update(
  data: Float32Array,
  shape: readonly number[],
  next: (x: tf.Tensor) => tf.Tensor,
  more: tf.SessionOptions = {},
): Promise<() => unknown> {
  const { session, built } = await open(() => {
    const x = variable(data, shape);
    return x.assign(next(tf.identity(x))).op;
  }, more);
  return () => session.run(built);
}
