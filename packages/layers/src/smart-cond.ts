// A conditional on what may be known already. Source: python/framework/smart_cond.py of TensorFlow 1.15.
import { constantValue, isTensor, type Tensor } from "@org/graph";
import { cond } from "@org/ops";

/** Whether something is done: known when the graph is built, or a bool scalar. */
export type Switchable = boolean | Tensor;

/** What of it is known. */
export function knownValue(value: Switchable): boolean | undefined {
  if (!isTensor(value)) return value as boolean;
  const known = constantValue(value);
  return known && Boolean((known.data as Uint8Array)[0]);
}

/** `whenTrue()` or `whenFalse()` where it is known which, else a conditional of both. */
export function smartCond<T>(value: Switchable, whenTrue: () => T, whenFalse: () => T): T {
  const known = knownValue(value);
  if (known !== undefined) return known ? whenTrue() : whenFalse();
  return cond(value as Tensor, whenTrue, whenFalse) as T;
}
