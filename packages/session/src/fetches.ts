// Fetches: anything nested of names, tensors, operations and what converts to a tensor, and the result of the same
// shape. Source: python/client/session.py (_FetchMapper).
import { TfError } from "@org/errors";
import {
  asTensor,
  type Graph,
  isOperation,
  isTensor,
  isTensorLike,
  type Operation,
  type Tensor,
  type TensorConvertible,
} from "@org/graph";
import type { NdArray } from "@org/tensor";
import { isVariable, type ResourceVariable } from "@org/variables";

/** What can be fetched: "a:0" or a tensor gives its value, "a" or an operation is run and gives null; arrays and records of these. */
export type Fetches =
  | string
  | Tensor
  | Operation
  | TensorConvertible
  | readonly Fetches[]
  | { readonly [key: string]: Fetches };

/** The result of fetching F. The result of a name is a value or null: write "a:0" for a value. */
export type Fetched<F> = F extends string
  ? F extends `${string}:${string}`
    ? NdArray
    : string extends F
      ? // A name that is only known in the run.
        NdArray
      : null
  : F extends Tensor | TensorConvertible
    ? NdArray
    : F extends Operation
      ? null
      : F extends readonly unknown[]
        ? { -readonly [K in keyof F]: Fetched<F[K]> }
        : F extends object
          ? { -readonly [K in keyof F]: Fetched<F[K]> }
          : never;

export interface ParsedFetches {
  readonly tensors: readonly Tensor[];
  readonly operations: readonly Operation[];
  /** The result, from the tensors' values in order. */
  readonly build: (values: readonly NdArray[]) => unknown;
}

/**
 * Resolves fetches in `graph`. Throws TfError NOT_FOUND or INVALID_ARGUMENT with TensorFlow's sentence where a name is not there,
 * a TypeError for what cannot be fetched.
 */
export function parseFetches(fetches: Fetches, graph: Graph): ParsedFetches {
  const tensors: Tensor[] = [];
  const operations: Operation[] = [];
  const at = new Map<Tensor, number>();
  type Build = (values: readonly NdArray[]) => unknown;
  const parse = (fetch: unknown): Build => {
    if (typeof fetch === "string" || isTensor(fetch) || isOperation(fetch) || isConvertible(fetch)) {
      const element = resolve(isConvertible(fetch) ? fetchedTensor(fetch) : fetch, graph);
      if (!isTensor(element)) {
        operations.push(element);
        return () => null;
      }
      let index = at.get(element);
      if (index === undefined) {
        index = tensors.push(element) - 1;
        at.set(element, index);
      }
      const found = index;
      return (values) => values[found];
    }
    if (Array.isArray(fetch)) {
      const items = fetch.map(parse);
      return (values) => items.map((build) => build(values));
    }
    if (typeof fetch === "object" && fetch !== null) {
      const items = Object.entries(fetch).map(([key, value]) => [key, parse(value)] as const);
      return (values) => Object.fromEntries(items.map(([key, build]) => [key, build(values)]));
    }
    const type = fetch === null ? "null" : typeof fetch;
    throw new TypeError(
      `Fetch argument ${String(fetch)} has invalid type ${type}, must be a string or Tensor. (Can not convert a ${type} into a Tensor or Operation.)`,
    );
  };
  const build = parse(fetches);
  return { tensors, operations, build };
}

/** A ref variable is fetched as its ref; a resource variable as the read that it was built with, so that a fetch builds nothing. */
function fetchedTensor(value: TensorConvertible): Tensor {
  return isVariable(value) && value.isResource
    ? (value as ResourceVariable).graphElement
    : asTensor(value, { asRef: true });
}

function isConvertible(value: unknown): value is TensorConvertible {
  return isTensorLike(value) && !isTensor(value);
}

function resolve(fetch: string | Tensor | Operation, graph: Graph): Tensor | Operation {
  try {
    return graph.asGraphElement(fetch);
  } catch (error) {
    if (!(error instanceof TfError)) throw error;
    const name = typeof fetch === "string" ? fetch : fetch.name;
    throw new TfError(
      error.code,
      // Python prints a KeyError's sentence in quotes, and a ValueError's without.
      `Fetch argument '${name}' cannot be interpreted as a Tensor. (${error.code === "NOT_FOUND" ? `"${error.sentence}"` : error.sentence})`,
      { ...error.place, ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error },
    );
  }
}
