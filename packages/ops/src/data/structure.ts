// The form of elements: tensors, tuples (arrays) and records of such, nested. Source: python/data/util/{nest,structure}.py of TensorFlow 1.15.
import { isTensorLike, type Tensor } from "@org/graph";
import { type DType, isNdArray, type NdArray, type NumericData, type Shape } from "@org/tensor";
import { flatten, packAs } from "../control/nest.ts";
import { convertToTensor } from "../convert.ts";
import type { TensorConvertible, TensorLike, ValueLike } from "../tensor-like.ts";

/** What elements are made of. */
export type ElementLike = Tensor | readonly ElementLike[] | { readonly [key: string]: ElementLike };

type Leaf =
  | TensorConvertible
  | NdArray
  | NumericData
  | number
  | bigint
  | boolean
  | string
  | readonly (number | bigint | boolean | string)[];

/** The element that values become: a tensor each; an array that holds tensors or other arrays of such is a tuple, any other one a tensor. */
export type ElementOf<V> = V extends Tensor | Leaf
  ? Tensor
  : V extends readonly ValueLike[]
    ? Tensor
    : V extends readonly unknown[]
      ? { readonly [K in keyof V]: ElementOf<V[K]> }
      : V extends object
        ? { readonly [K in keyof V]: ElementOf<V[K]> }
        : Tensor;

/** How a function gets an element: the parts of a tuple one by one. */
export type Arguments<E> = E extends readonly unknown[] ? [...E] : [E];

/** Element type and shape of a component. */
export interface ComponentSpec {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** The form of an element, with its components' specs as leaves of `form`. */
export interface Structure {
  readonly form: unknown;
  readonly components: readonly ComponentSpec[];
}

/** An array of values alone is one tensor; one that holds a tensor, an array of numbers with a type or a record is a tuple. */
function isValue(value: unknown): boolean {
  if (!Array.isArray(value))
    return typeof value !== "object" || value === null || value instanceof Uint8Array;
  return value.every(isValue);
}

class Boxed {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || isNdArray(value) || isTensorLike(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** The same with each leaf in a box, so that arrays of values are not taken apart. */
function boxed(value: unknown): unknown {
  if (Array.isArray(value) && !isValue(value)) return value.map(boxed);
  if (!isRecord(value)) return new Boxed(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, boxed(part)]));
}

/** Values as an element: their leaves, and the form to put tensors into. */
export function leavesIn(value: unknown): { readonly form: unknown; readonly leaves: readonly unknown[] } {
  const form = boxed(value);
  return { form, leaves: (flatten(form) as Boxed[]).map(({ value }) => value) };
}

export const specOf = ({ dtype, shape }: Tensor): ComponentSpec => ({ dtype, shape });

/** Values as tensors in scope "normalize_element". Source: structure.normalize_element. */
export function normalizeElement(
  value: unknown,
  nameScope: <R>(name: string, body: () => R) => R,
): { readonly form: unknown; readonly tensors: readonly Tensor[] } {
  const { form, leaves } = leavesIn(value);
  const tensors = nameScope("normalize_element", () =>
    leaves.map((leaf, i) => convertToTensor(leaf as TensorLike, { name: `component_${i}` })),
  );
  return { form, tensors };
}

/** Tensors as an element of that form. */
export const packed = (form: unknown, tensors: readonly unknown[]): unknown => packAs(form, tensors);
