// Feeds: values for tensors, by name, as a Map, or as pairs. Any tensor may be fed.
// Source: python/client/session.py (BaseSession._run).
import { TfError } from "@org/errors";
import {
  asTensor,
  type Graph,
  isTensor,
  isTensorLike,
  type Tensor,
  type TensorConvertible,
} from "@org/graph";
import { convertToNdArray, type NdArray, type TensorLike } from "@org/tensor";

export type FeedKey = string | Tensor | TensorConvertible;
/** An NdArray, or what becomes one of the tensor's type: numbers, strings, nested arrays, typed arrays. */
export type FeedValue = TensorLike;

/** Values by tensor name, in a Map, or as pairs. */
export type Feeds =
  | Readonly<Record<string, FeedValue>>
  | ReadonlyMap<FeedKey, FeedValue>
  | readonly (readonly [FeedKey, FeedValue])[];

export interface ParsedFeeds {
  readonly tensors: readonly Tensor[];
  readonly values: readonly NdArray[];
}

/**
 * Resolves feeds in `graph`, in the order of the tensors' names.
 * Throws a TypeError for a value that does not fit the tensor's type, TfError NOT_FOUND for a name that is not there,
 * INVALID_ARGUMENT for one whose shape does not fit or that is fed twice.
 */
export function parseFeeds(feeds: Feeds | undefined, graph: Graph): ParsedFeeds {
  if (feeds === undefined) return { tensors: [], values: [] };
  const pairs: Iterable<readonly [FeedKey, FeedValue]> =
    feeds instanceof Map || Array.isArray(feeds)
      ? (feeds as Iterable<readonly [FeedKey, FeedValue]>)
      : Object.entries(feeds as Readonly<Record<string, FeedValue>>);
  const found = new Map<Tensor, NdArray>();
  for (const [key, value] of pairs) {
    const tensor = resolve(key, graph);
    if (found.has(tensor))
      throw new TfError("INVALID_ARGUMENT", `Tensor ${tensor.name} is fed more than once`, {
        key: tensor.name,
      });
    found.set(tensor, feedValue(tensor, value));
  }
  return { tensors: [...found.keys()], values: [...found.values()] };
}

/** Resolves keys without values. Throws as `parseFeeds` does; `argument` is what sentences call them. */
export function feedTensors(keys: readonly FeedKey[], graph: Graph, argument = "feed_dict"): Tensor[] {
  return keys.map((key) => resolve(key, graph, argument));
}

function resolve(key: FeedKey, graph: Graph, argument = "feed_dict"): Tensor {
  const wanted = typeof key === "string" || isTensor(key) || !isTensorLike(key) ? key : asTensor(key);
  try {
    const element = graph.asGraphElement(wanted, { allowOperation: false });
    return element as Tensor;
  } catch (error) {
    const start = `Cannot interpret ${argument} key as Tensor: `;
    if (error instanceof TfError)
      throw new TfError(error.code, `${start}${error.sentence}`, {
        ...error.place,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    throw new TypeError(`${start}${(error as Error).message}`, { cause: error });
  }
}

/** `value` as an array of the tensor's type. Throws as `parseFeeds` does. */
export function feedValue(tensor: Tensor, value: FeedValue): NdArray {
  if (isTensor(value))
    throw new TypeError(
      "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, lists, numpy ndarrays, or TensorHandles.",
    );
  const array = convertToNdArray(value, tensor.dtype);
  const { dims } = tensor.shape;
  const fits =
    dims === null ||
    (dims.length === array.shape.length && dims.every((dim, i) => dim === null || dim === array.shape[i]));
  if (!fits)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Cannot feed value of shape ${tuple(array.shape)} for Tensor '${tensor.name}', which has shape '${tuple(dims)}'`,
      {
        node: tensor.op.name,
        op: tensor.op.type,
        hint: "Feed a value of that shape, where ? stands for any size; or build the placeholder with a shape that allows this one.",
      },
    );
  return array;
}

/** (3,) and (2, ?) as Python prints them. */
function tuple(dims: readonly (number | null)[]): string {
  return `(${dims.map((dim) => dim ?? "?").join(", ")}${dims.length === 1 ? "," : ""})`;
}
