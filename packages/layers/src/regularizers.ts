// tf.keras.regularizers: losses that keep variables small. Source: python/keras/regularizers.py of TensorFlow 1.15.
import { abs, operator, reduceSum, square } from "@org/ops";
import type { Regularizer } from "./layer.ts";

const { add, mul } = operator;

/** l1 * sum |w| + l2 * sum w^2; a part of 0 is left out. */
export function l1L2(options: { readonly l1?: number; readonly l2?: number } = {}): Regularizer {
  const { l1 = 0.01, l2 = 0.01 } = options;
  return (variable) => {
    if (!l1 && !l2) return undefined;
    let loss: ReturnType<typeof add> | number = 0;
    if (l1) loss = add(loss, reduceSum(mul(l1, abs(variable))));
    if (l2) loss = add(loss, mul(l2, reduceSum(square(variable))));
    return loss as ReturnType<typeof add>;
  };
}

/** l * sum |w|; l is 0.01 unless given. */
export const l1 = (l = 0.01): Regularizer => l1L2({ l1: l, l2: 0 });

/** l * sum w^2; l is 0.01 unless given. */
export const l2 = (l = 0.01): Regularizer => l1L2({ l1: 0, l2: l });
