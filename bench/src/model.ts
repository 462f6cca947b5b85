// The how-to's network (784-128-32-10, relu, softmax cross entropy, SGD), its numbers the same for every contender.

export const layers = [784, 128, 32, 10] as const;
export const learningRate = 0.01;

/** Numbers in [-scale, scale), from a seed. */
export function numbers(count: number, scale: number, seed: number): Float32Array {
  let state = seed >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

/** weights, biases, weights, ... */
export function initialParameters(): { data: Float32Array; shape: number[] }[] {
  const parameters = [];
  for (let i = 0; i + 1 < layers.length; i++) {
    const [rows, columns] = [layers[i]!, layers[i + 1]!];
    parameters.push({ data: numbers(rows * columns, 1 / Math.sqrt(rows), i + 1), shape: [rows, columns] });
    parameters.push({ data: new Float32Array(columns), shape: [columns] });
  }
  return parameters;
}

export interface Batch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly oneHot: Float32Array;
}

export function makeBatch(size: number): Batch {
  const labels = Int32Array.from({ length: size }, (_, i) => i % 10);
  const oneHot = new Float32Array(size * 10);
  labels.forEach((label, i) => {
    oneHot[i * 10 + label] = 1;
  });
  return { images: numbers(size * 784, 1, 99), labels, oneHot };
}
