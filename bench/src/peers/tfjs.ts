// TensorFlow.js 4.22 on its WebAssembly backend, one thread.
import "@tensorflow/tfjs-backend-wasm";
// By its path, so that it is bundled: Node cannot load it as it is published.
import "../../node_modules/@tensorflow/tfjs-core/dist/register_all_gradients.js";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { initialParameters } from "../model.ts";

export { tf };

/** Makes it ready. */
export async function startTfjs(): Promise<void> {
  setThreadsCount(1);
  await tf.setBackend("wasm");
  await tf.ready();
}

/** The how-to's parameters as variables. */
export const parameters = (): tf.Variable[] =>
  initialParameters().map(({ data, shape }) => tf.variable(tf.tensor(data, shape)));

/** The how-to's network. */
export function network(x: tf.Tensor2D, p: readonly tf.Tensor[]): tf.Tensor2D {
  const layer = (input: tf.Tensor, i: number): tf.Tensor => tf.add(tf.matMul(input, p[i]!), p[i + 1]!);
  return layer(tf.relu(layer(tf.relu(layer(x, 0)), 2)), 4) as tf.Tensor2D;
}

/** Work whose result is read and given up. */
export const reading = (make: () => tf.Tensor) => (): void => {
  const result = tf.tidy(make);
  result.dataSync();
  result.dispose();
};

/** Work that replaces a tensor by what `next` makes of it: nothing leaves the library. */
export function update(data: Float32Array, shape: number[], next: (x: tf.Tensor) => tf.Tensor): () => void {
  let x: tf.Tensor = tf.tensor(data, shape);
  return () => {
    const made = tf.tidy(() => next(x));
    x.dispose();
    x = made;
  };
}
