// 2,000 MNIST digits that lie in the repository: the first 1,500 to train on, the last 500 held back. Reading them: read-digits.ts in Node,
// page/main.ts in a page.
import * as tf from "@org/tf";

export interface Digits {
  /** Rows of 784 numbers from 0 to 1. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export const heldBack = { from: 1500, to: 2000 } as const;

/** Digits out of two .npy files. */
export function digitsOf(x: Uint8Array, y: Uint8Array): Digits {
  const bytes = (npy: Uint8Array): Uint8Array => tf.readNpy(npy).data as Uint8Array;
  return {
    images: Float32Array.from(bytes(x), (byte) => byte / 255),
    labels: Int32Array.from(bytes(y)),
  };
}

/** Digits [from, to) as feeds of shapes [n, 784] and [n]. */
export function batch(
  { images, labels }: Digits,
  from: number,
  to: number,
): { images: tf.NdArray; labels: tf.NdArray } {
  return {
    images: tf.ndArray("float32", [to - from, 784], images.subarray(from * 784, to * 784)),
    labels: tf.ndArray("int32", [to - from], labels.subarray(from, to)),
  };
}

/** `count` batches of `size` training digits, going round. */
export function* batches(digits: Digits, size: number, count: number): Generator<ReturnType<typeof batch>> {
  for (let i = 0; i < count; i++) {
    const from = (i * size) % heldBack.from;
    yield batch(digits, from, from + size);
  }
}

/** The share of held-back digits whose largest logit is the right one. */
export async function accuracy(
  session: tf.Session,
  logits: tf.Tensor,
  images: string,
  digits: Digits,
): Promise<number> {
  let right = 0;
  for (let from = heldBack.from; from < heldBack.to; from += 100) {
    const some = batch(digits, from, from + 100);
    const scores = tf.toNumbers(await session.run(logits, { feeds: { [images]: some.images } }));
    for (let i = 0; i < 100; i++) {
      const row = scores.slice(i * 10, i * 10 + 10);
      if (row.indexOf(Math.max(...row)) === digits.labels[from + i]) right++;
    }
  }
  return right / (heldBack.to - heldBack.from);
}
