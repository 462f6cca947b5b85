// jax-js 0.1 on its WebAssembly backend, compiled with jit.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np } from "@jax-js/jax";
import { initialParameters } from "../model.ts";

export { blockUntilReady, jit, nn, np };

/** An array of jax-js. */
export type A = ReturnType<typeof np.array>;

/** Makes it ready. Fails under Node 20, which lacks what it needs. */
export async function startJax(): Promise<void> {
  await init();
  defaultDevice("wasm");
}

export const array = (data: Float32Array, shape: number[]): A => np.array(data).reshape(shape);

/** The how-to's parameters. */
export const parameters = (): A[] => initialParameters().map(({ data, shape }) => array(data, shape));

/** The how-to's network. */
export function network([w1, b1, w2, b2, w3, b3]: A[], x: A): A {
  const h1 = nn.relu(np.add(np.matmul(x, w1!), b1!));
  const h2 = nn.relu(np.add(np.matmul(h1, w2!), b2!));
  return np.add(np.matmul(h2, w3!), b3!);
}

/** Work that replaces an array by what `next` makes of it: nothing leaves the library. */
export function update(data: Float32Array, shape: number[], next: (x: A) => A): () => Promise<unknown> {
  const step = jit(next);
  let x = array(data, shape);
  return () => {
    x = step(x) as A;
    return x.blockUntilReady();
  };
}
