// Functions of tf.* on the default graph itself: scopes, devices, collections, looking up. Source: python/framework/ops.py.
import type { ControlInput, DeviceOrFunction, Operation, Tensor } from "@org/graph";
import { getDefaultGraph } from "./default-graph.ts";

/** Runs `fn` in a name scope, made unique, and hands it "scope/". As `with tf.name_scope(name):`. Throws TfError INVALID_ARGUMENT for a name that is none. */
export function nameScope<R>(name: string | null, fn: (scope: string) => R): R {
  return getDefaultGraph().nameScope(name, fn);
}

/** Runs `fn` with ops on `device`. As `with tf.device(...):`. */
export function device<R>(name: DeviceOrFunction, fn: () => R): R {
  return getDefaultGraph().device(name, fn);
}

/** Runs `fn` with ops colocated with `op`. As `with tf.colocate_with(op):`. */
export function colocateWith<R>(
  op: Operation | Tensor | { readonly op: Operation },
  fn: () => R,
  options: { readonly ignoreExisting?: boolean } = {},
): R {
  return getDefaultGraph().colocateWith(op, fn, options);
}

/** Runs `fn` with ops that run after `inputs`. As `with tf.control_dependencies(inputs):`. */
export function controlDependencies<R>(inputs: readonly ControlInput[] | null, fn: () => R): R {
  return getDefaultGraph().controlDependencies(inputs, fn);
}

/** Appends to a collection of the default graph. */
export function addToCollection(name: string, value: unknown): void {
  getDefaultGraph().addToCollection(name, value);
}

/** Appends to several. */
export function addToCollections(names: readonly string[], value: unknown): void {
  getDefaultGraph().addToCollections(names, value);
}

// biome-ignore lint/suspicious/noExplicitAny: what was put in comes out, as in Python; the caller knows what it is.
type Item = any;

/** The items of a collection, in order, as a new array; with `scope`, those whose name matches it. Empty for a collection that is not there. */
export function getCollection<T = Item>(name: string, scope?: string): T[] {
  return getDefaultGraph().getCollection(name, scope) as T[];
}

/** The collection itself: changing it changes the graph's. */
export function getCollectionRef<T = Item>(name: string): T[] {
  return getDefaultGraph().getCollectionRef(name) as T[];
}
