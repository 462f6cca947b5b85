// jax-js 0.1 on its WebAssembly backend, compiled with jit.
import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { initialParameters, learningRate, makeBatch, numbers } from "../model.ts";
import type { Contender } from "./contender.ts";

type A = ReturnType<typeof np.array>;

const array = (data: Float32Array, shape: number[]): A => np.array(data).reshape(shape);

function network([w1, b1, w2, b2, w3, b3]: A[], x: A): A {
  const h1 = nn.relu(np.add(np.matmul(x, w1!), b1!));
  const h2 = nn.relu(np.add(np.matmul(h1, w2!), b2!));
  return np.add(np.matmul(h2, w3!), b3!);
}

const loss = (p: A[], x: A, y: A): A =>
  np.negative(np.mean(np.sum(np.multiply(nn.logSoftmax(network(p, x)), y), 1)));

export async function jaxJs(): Promise<Contender> {
  await init();
  defaultDevice("wasm");
  const parameters = (): A[] => initialParameters().map(({ data, shape }) => array(data, shape));
  return {
    name: "jax-js",
    matmul(n) {
      const [a, b] = [array(numbers(n * n, 1, 1), [n, n]), array(numbers(n * n, 1, 2), [n, n])];
      return () => np.matmul(a.ref, b.ref).dataSync();
    },
    trainStep(batch) {
      let p = parameters();
      const { images, oneHot } = makeBatch(batch);
      const step = jit((params: A[], x: A, y: A) => {
        const [value, gradients] = valueAndGrad(loss)(
          params.map((t) => t.ref),
          x,
          y,
        );
        return [
          value,
          params.map((t, i) => np.subtract(t, np.multiply((gradients as A[])[i]!, learningRate))),
        ];
      });
      return () => {
        const [value, next] = step(p, array(images, [batch, 784]), array(oneHot, [batch, 10])) as [A, A[]];
        p = next;
        value.dataSync();
      };
    },
    infer(batch) {
      const p = parameters();
      const { images } = makeBatch(batch);
      const forward = jit((params: A[], x: A) => network(params, x));
      return () =>
        (
          forward(
            p.map((t) => t.ref),
            array(images, [batch, 784]),
          ) as A
        ).dataSync();
    },
    scalarAdds(count) {
      // Compiled a hundred at a time: its simplifier overflows the stack on a thousand.
      const adds = jit((x: A) => {
        let sum = x;
        for (let i = 0; i < 100; i++) sum = np.add(sum, 1);
        return sum;
      });
      return () => {
        let x: A = np.array(0.5);
        for (let i = 0; i < count; i += 100) x = adds(x) as A;
        return x.dataSync();
      };
    },
  };
}
