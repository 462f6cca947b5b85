// A collection as a CollectionDef: the kind follows from the first item, and one item that does not fit leaves the whole
// collection out, with a warning. Source: python/framework/meta_graph.py (add_collection_def, _get_kind_name).
import { stripNameScope } from "@org/graph";
import { Any, encode, type IAny, type ICollectionDef } from "@org/proto";
import type { CollectionRegistry } from "./collection-type.ts";
import { isFloatList, markFloatList } from "./number-kinds.ts";
import type { OnCollectionWarning } from "./warnings.ts";

export interface ToCollectionDefOptions {
  readonly collections?: CollectionRegistry;
  readonly exportScope?: string | undefined;
  /** Names of nodes that the export leaves out. */
  readonly excludeNodes?: ReadonlySet<string> | undefined;
  readonly onWarning?: OnCollectionWarning | undefined;
}

const utf8 = new TextEncoder();

/** Prefix of inputs that lie outside of an exported scope. */
export const unboundPrefix = "$unbound_inputs_";

function isAny(item: unknown): item is IAny {
  if (item instanceof Any) return true;
  return typeof item === "object" && item !== null && "typeUrl" in item && "value" in item;
}

function nameOf(item: unknown): string | undefined {
  if ((typeof item !== "object" && typeof item !== "function") || item === null) return undefined;
  const { name } = item as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

/** Whether an item or node of this name goes into the export. Source: meta_graph.py (_should_include_node): a plain prefix test. */
export function shouldInclude(
  item: unknown,
  exportScope: string | undefined,
  excludeNodes: ReadonlySet<string> | undefined,
): boolean {
  const name = typeof item === "string" ? item : nameOf(item);
  if (name === undefined) return true;
  if (excludeNodes?.has(name)) return false;
  return name.startsWith(unboundPrefix) || !exportScope || name.startsWith(exportScope);
}

function encodeItems(
  key: string,
  items: readonly unknown[],
  options: ToCollectionDefOptions,
): ICollectionDef {
  const { exportScope } = options;
  const type = options.collections?.get(key);
  if (type !== undefined) {
    const value: Uint8Array[] = [];
    for (const item of items) {
      const proto: object | undefined = type.toProto(item, { exportScope });
      if (proto !== undefined) value.push(encode(type.protoType, proto));
    }
    return { bytesList: { value } };
  }
  const [first] = items;
  if (typeof first === "string" || first instanceof Uint8Array) {
    const value = items.map((item) => {
      if (typeof item === "string") return utf8.encode(item);
      if (item instanceof Uint8Array) return item;
      throw new TypeError(`Expected binary or unicode string, got ${String(item)}`);
    });
    return { bytesList: { value } };
  }
  if (typeof first === "number" || typeof first === "bigint" || typeof first === "boolean") {
    // JavaScript has one number type: numbers are int64 if all of them are whole, else float.
    const whole = items.every((item) => typeof item !== "number" || Number.isSafeInteger(item));
    if (whole && !isFloatList(items)) {
      return {
        int64List: {
          value: items.map((item) => {
            if (typeof item === "number" || typeof item === "bigint" || typeof item === "boolean")
              return BigInt(item);
            throw new TypeError(`${String(item)} has type ${typeof item}, but expected one of: int`);
          }),
        },
      };
    }
    return {
      floatList: {
        value: items.map((item) => {
          if (typeof item === "number") return Math.fround(item);
          throw new TypeError(`${String(item)} has type ${typeof item}, but expected one of: float`);
        }),
      },
    };
  }
  if (isAny(first)) {
    return {
      anyList: {
        value: items.map((item) => {
          if (isAny(item)) return item;
          throw new TypeError(`${String(item)} is no Any`);
        }),
      },
    };
  }
  const value: string[] = [];
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined) throw new TypeError(`${String(item)} has no attribute 'name'`);
    if (!exportScope || name.startsWith(exportScope)) value.push(stripNameScope(name, exportScope));
  }
  return { nodeList: { value } };
}

/**
 * The message of a collection's items; undefined where nothing is left to write, or where the key is no string or an item could not be
 * written: `onWarning` then has TensorFlow's sentence.
 */
export function toCollectionDef(
  key: string,
  items: readonly unknown[],
  options: ToCollectionDefOptions = {},
): ICollectionDef | undefined {
  const { exportScope, excludeNodes } = options;
  if (typeof key !== "string") {
    const message = `Only collections with string type keys will be serialized. This key has ${typeof key}`;
    options.onWarning?.({ key: String(key), message });
    return undefined;
  }
  const included =
    exportScope || excludeNodes
      ? items.filter((item) => shouldInclude(item, exportScope, excludeNodes))
      : items;
  if (included.length === 0) return undefined;
  if (isFloatList(items)) markFloatList(included);
  try {
    return encodeItems(key, included, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    options.onWarning?.({
      key,
      message: `Issue encountered when serializing ${key}.\nType is unsupported, or the types of the items don't match field type in CollectionDef. Note this is a warning and probably safe to ignore.\n${reason}`,
      cause,
    });
    return undefined;
  }
}
