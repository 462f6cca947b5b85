// Numeric checks of gradients of what is read from variables: of references, and of resources.
import type { Tensor } from "@org/graph";
import { ResourceVariable, Variable } from "@org/variables";
import * as tf from "../../src/index.ts";

const { add, mul } = tf.operator;

export const kinds: readonly (typeof Variable | typeof ResourceVariable)[] = [Variable, ResourceVariable];

/** Losses of a float64 variable of shape [3, 2]. */
export const programs: Readonly<Record<string, (v: Variable | ResourceVariable) => Tensor>> = {
  read: (v) => tf.reduceSum(tf.square(v)),
  embeddingLookup: (v) => tf.reduceSum(tf.square(tf.embeddingLookup(v, tf.constant([2, 0, 2], "int32")))),
  dynamicPartition: (v) => {
    const [a, b] = tf.dynamicPartition(v, [1, 0, 1], 2) as [Tensor, Tensor];
    return add(tf.reduceSum(tf.square(a)), mul(tf.reduceSum(tf.square(b)), tf.constant(3, "float64")));
  },
};

/** A variable of that kind, as the programs take it. */
export function variableOf(Kind: (typeof kinds)[number]): Variable | ResourceVariable {
  return new Kind(
    tf.constant(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      "float64",
    ),
  );
}
