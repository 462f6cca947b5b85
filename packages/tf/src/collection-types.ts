// The collection types of this program: the built-in ones, and what registerProtoFunction adds. Only this package has a registry that grows.
// Source: register_proto_function in python/framework/ops.py.
import { type CollectionRegistry, type CollectionType, createCollectionRegistry } from "@org/collections";
import { TfError } from "@org/errors";
import { standardCollections } from "@org/saver";

let registry: CollectionRegistry | undefined;

/** What exports and imports of this package know of collections. */
export function collectionTypes(): CollectionRegistry {
  return registry ?? standardCollections;
}

/**
 * Says how items of the collection `name` become messages and back. As ops.register_proto_function.
 * Throws TfError ALREADY_EXISTS "Registering two proto functions with name 'x'! ..."; a TypeError where a function is none.
 */
export function registerProtoFunction<T, P extends object>(
  name: string,
  type: Omit<CollectionType<T, P>, "key">,
): void {
  if (typeof type.toProto !== "function") throw new TypeError("to_proto must be callable.");
  if (typeof type.fromProto !== "function") throw new TypeError("from_proto must be callable.");
  const known = collectionTypes();
  const first = known.get(name);
  if (first)
    throw new TfError(
      "ALREADY_EXISTS",
      `Registering two proto functions with name '${name}'! (Previous registration was in ${first.origin})`,
      {
        key: name,
        hint: "A registry of its own, createCollectionRegistry(...), holds another type for one import or export.",
      },
    );
  registry = createCollectionRegistry(known, {
    origin: "a call of registerProtoFunction",
    key: name,
    ...type,
  });
}
