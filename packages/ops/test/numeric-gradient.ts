// Gradients against numeric ones: central differences in double precision of a weighted sum of the outputs.
import { Graph, isIndexedSlices, type Tensor } from "@org/graph";
import { type NdArray, ndArray, sizeOf } from "@org/tensor";
import { expect } from "vitest";
import * as tf from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

const { add, mul } = tf.operator;

type F = (...xs: Tensor[]) => Tensor | readonly Tensor[];

/** A function of float64 tensors and where it is looked at. */
export interface NumericCheck {
  readonly name: string;
  readonly f: F;
  /** Shapes of the arguments. */
  readonly shapes: readonly (readonly number[])[];
  /** Where the arguments lie: [-2, 2] away from 0 unless given. */
  readonly range?: readonly [number, number];
  /** Placeholders whose shapes are not known: the dynamic forms of gradients. */
  readonly dynamic?: boolean;
  /** How far to either side: 1e-5 unless given. */
  readonly step?: number;
  /** 1e-5 unless given: more where float32 is in between. */
  readonly tolerance?: number;
}

/** Numbers in a range, from a simple generator, so that a failure comes back. */
function numbers(seed: number, count: number, [low, high]: readonly [number, number]): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    const x = low + ((high - low) * state) / 2147483648;
    return low < 0 && Math.abs(x) < 0.1 ? x + 0.2 : x;
  });
}

/** Its gradients are the slopes of a weighted sum of what comes out. */
export async function checkGradients({
  f,
  shapes,
  range = [-2, 2],
  dynamic = false,
  step = 1e-5,
  tolerance = 1e-5,
}: NumericCheck): Promise<void> {
  const graph = new Graph({ ops: tf.standardOps });
  const values = shapes.map((shape, i) => ndArray("float64", shape, numbers(17 + i, sizeOf(shape), range)));
  const { xs, loss, grads } = graph.asDefault(() => {
    const xs = shapes.map((shape) => tf.placeholder("float64", dynamic ? shape.map(() => null) : shape));
    const made = f(...xs);
    const ys = (Array.isArray(made) ? made : [made]) as Tensor[];
    const terms = ys.map((y, i) => {
      const weights = tf.cast(tf.range(tf.size(y)), "float64");
      const wave = tf.sin(add(mul(weights, 1.7), 0.3 + i));
      return tf.reduceSum(mul(tf.reshape(y, [-1]), wave));
    });
    const loss = tf.addN(terms);
    const grads = tf.gradients(loss, xs).map((grad) => {
      if (grad === undefined) throw new TypeError("no gradient");
      return isIndexedSlices(grad) ? tf.convertToTensor(grad) : (grad as Tensor);
    });
    return { xs, loss, grads };
  });
  const session = new MiniSession(graph);
  const feeds = (arrays: readonly NdArray[]) => new Map(xs.map((x, i) => [x, arrays[i]!]));
  const symbolic = await session.run(grads, feeds(values));
  for (const [i, value] of values.entries()) {
    expect(symbolic[i]!.shape).toEqual(value.shape);
    for (let at = 0; at < value.data.length; at++) {
      const nudged = async (by: number): Promise<number> => {
        const data = value.data.slice();
        data[at]! += by;
        const arrays = values.map((other, j) => (j === i ? ndArray("float64", value.shape, data) : other));
        return Number((await session.fetch(loss, feeds(arrays))).data[0]);
      };
      const numeric = ((await nudged(step)) - (await nudged(-step))) / (2 * step);
      const exact = Number(symbolic[i]!.data[at]);
      if (!(Math.abs(numeric - exact) <= tolerance * Math.max(1, Math.abs(numeric)))) {
        expect(`argument ${i}, element ${at}: ${exact}`).toBe(`argument ${i}, element ${at}: ${numeric}`);
      }
    }
  }
}
