// 2,000 MNIST digits that lie in the repository: the first 1,500 to train on, the last 500 held back.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as tf from "@org/tf";

export interface Digits {
  /** Rows of 784 numbers from 0 to 1. */
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

export const heldBack = { from: 1500, to: 2000 } as const;

const folder = join(import.meta.dirname, "../data/digits");
const read = (name: string): Uint8Array =>
  tf.readNpy(gunzipSync(readFileSync(join(folder, name)))).data as Uint8Array;

export function readDigits(): Digits {
  return {
    images: Float32Array.from(read("x.npy.gz"), (byte) => byte / 255),
    labels: Int32Array.from(read("y.npy.gz")),
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
