// What a collection of objects needs to go into a file and come back: one type a key.
// Source: python/framework/ops.py (register_proto_function).
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import type { MessageType } from "@org/proto";

export interface ToProtoContext {
  /** Scope that is taken from the front of names; an object outside of it gives undefined. */
  readonly exportScope?: string | undefined;
}

export interface FromProtoContext {
  readonly graph: Graph;
  /** Scope that goes in front of names. */
  readonly importScope?: string | undefined;
  /** The collection that is being restored. */
  readonly key: string;
  /** Version of the TensorFlow that wrote the file; "" where it is not said. */
  readonly tensorflowVersion: string;
}

/** How items of collection `key` become messages, and messages items. */
export interface CollectionType<T = unknown, P extends object = object> {
  readonly key: string;
  readonly protoType: MessageType<P, P>;
  /** The item's message; undefined leaves the item out (it lies outside the export scope). */
  toProto(item: T, context: ToProtoContext): P | undefined;
  fromProto(proto: P, context: FromProtoContext): T;
  /** For old files that list names instead of messages: the item of a node. */
  fromNode?(node: Tensor | Operation, context: FromProtoContext): T | undefined;
  /** A scoped export may hold items that name nodes outside of the scope: on import they are left out, with a warning. */
  readonly mayNameOutside?: boolean;
  /** Types with the same `identity` make one object of equal bytes, in whichever collections they stand (a variable is in several). */
  readonly identity?: string;
  /** Who registers it, for the sentence of a double registration. */
  readonly origin?: string;
}

/** Any collection type: registries hold types of different items side by side. */
// biome-ignore lint/suspicious/noExplicitAny: items are opaque to a registry
export type AnyCollectionType = CollectionType<any, any>;

export interface CollectionRegistry {
  get(key: string): AnyCollectionType | undefined;
  /** Keys, sorted. */
  keys(): readonly string[];
}

const isRegistry = (part: object): part is CollectionRegistry =>
  typeof (part as CollectionRegistry).get === "function";

/**
 * A registry made of types, lists of types and other registries. The same type twice is one.
 * Throws TfError ALREADY_EXISTS where two types claim a key, a TypeError where a type lacks its functions.
 */
export function createCollectionRegistry(
  ...parts: readonly (AnyCollectionType | readonly AnyCollectionType[] | CollectionRegistry)[]
): CollectionRegistry {
  const types = new Map<string, AnyCollectionType>();
  const add = (type: AnyCollectionType): void => {
    if (typeof type.toProto !== "function") throw new TypeError("to_proto must be callable.");
    if (typeof type.fromProto !== "function") throw new TypeError("from_proto must be callable.");
    const have = types.get(type.key);
    if (have !== undefined && have !== type)
      throw new TfError(
        "ALREADY_EXISTS",
        `Registering two proto functions with name '${type.key}'! (Previous registration was in ${have.origin ?? "an earlier part"})`,
        { key: type.key, hint: `The second registration is ${type.origin ?? "a later part"}'s.` },
      );
    types.set(type.key, type);
  };
  for (const part of parts) {
    if (Array.isArray(part)) for (const type of part as readonly AnyCollectionType[]) add(type);
    else if (isRegistry(part)) for (const key of part.keys()) add(part.get(key)!);
    else add(part as AnyCollectionType);
  }
  const keys = [...types.keys()].sort();
  return { get: (key) => types.get(key), keys: () => keys };
}
