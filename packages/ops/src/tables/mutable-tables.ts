// tf.lookup's tables that ops insert into and remove from: MutableHashTable, DenseHashTable. What they hold lives in a session, and in
// checkpoints. Source: python/ops/lookup_ops.py.
import { GraphKeys } from "@org/collections";
import type { Operation, Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { exportTable, tableSaveable } from "@org/variables";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface MutableHashTableOptions extends NameOption {
  /** Whether Savers save it: true unless given. */
  readonly checkpoint?: boolean | undefined;
}

/** What both kinds do alike. */
abstract class MutableTable {
  readonly keyDType: DType;
  readonly valueDType: DType;
  /** The table itself, a scalar resource. */
  readonly resourceHandle: Tensor;
  /** What keys that are not in it give. */
  readonly defaultValue: Tensor;
  readonly name: string;

  protected constructor(
    resourceHandle: Tensor,
    keyDType: DType,
    defaultValue: Tensor,
    saveAs: string | undefined,
  ) {
    this.resourceHandle = resourceHandle;
    this.keyDType = keyDType;
    this.valueDType = defaultValue.dtype;
    this.defaultValue = defaultValue;
    const { op, graph } = resourceHandle;
    this.name = op.name.slice(op.name.lastIndexOf("/") + 1);
    if (saveAs !== undefined)
      graph.addToCollection(GraphKeys.SAVEABLE_OBJECTS, tableSaveable(resourceHandle, saveAs));
  }

  /** Runs `body` in a scope named after the table, colocated with it where `here` says so. */
  #scoped<R>(suffix: string, options: NameOption, body: () => R, here = true): R {
    const { graph, op } = this.resourceHandle;
    return withScope(graph, options.name, this.name + suffix, () =>
      here ? graph.colocateWith(op, body) : body(),
    );
  }

  #convert(value: TensorLike, dtype: DType, name: string): Tensor {
    return convertToTensor(value, { graph: this.resourceHandle.graph, dtype, name });
  }

  /** Number of keys: a scalar int64. */
  size(options: NameOption = {}): Tensor {
    return this.#scoped("_Size", options, () => applyOne("LookupTableSizeV2", [this.resourceHandle]));
  }

  /** Removes keys, a tensor of at least one dimension; those that are not there do not matter. Throws a TypeError for keys of another type. */
  remove(keys: TensorLike, options: NameOption = {}): Operation {
    const given = convertToTensor(keys, {
      graph: this.resourceHandle.graph,
      preferredDType: this.keyDType,
    });
    if (given.dtype !== this.keyDType)
      throw new TypeError(`Signature mismatch. Keys must be dtype ${this.keyDType}, got ${given.dtype}.`);
    const body = (): Operation => applyOp("LookupTableRemoveV2", [this.resourceHandle, given]);
    return this.#scoped("_lookup_table_remove", options, body, false);
  }

  /** Values of `keys`: shape [...keys.shape, ...value's shape]. Throws a TypeError for keys of another type. */
  lookup(keys: TensorLike, options: NameOption = {}): Tensor {
    const { graph, op } = this.resourceHandle;
    return withScope(graph, options.name, `${this.name}_lookup_table_find`, () => {
      const given = this.#convert(keys, this.keyDType, "keys");
      return graph.colocateWith(op, () =>
        applyOne("LookupTableFindV2", [this.resourceHandle, given, this.defaultValue]),
      );
    });
  }

  /** Gives keys values, new keys or old ones. Throws a TypeError where types differ from the table's. */
  insert(keys: TensorLike, values: TensorLike, options: NameOption = {}): Operation {
    const { graph, op } = this.resourceHandle;
    return withScope(graph, options.name, `${this.name}_lookup_table_insert`, () => {
      const given = this.#convert(keys, this.keyDType, "keys");
      const inserted = this.#convert(values, this.valueDType, "values");
      return graph.colocateWith(op, () =>
        applyOp("LookupTableInsertV2", [this.resourceHandle, given, inserted]),
      );
    });
  }

  /** All keys and their values, in no order that can be relied on. */
  export(options: NameOption = {}): readonly [keys: Tensor, values: Tensor] {
    return this.#scoped("_lookup_table_export_values", options, () => exportTable(this.resourceHandle));
  }
}

/** A table that ops insert into and remove from. A default value that is a vector makes all values vectors of that length. */
export class MutableHashTable extends MutableTable {
  /** Throws a TypeError where the default value is not of `valueDType`. */
  constructor(
    keyDType: DType,
    valueDType: DType,
    defaultValue: TensorLike,
    options: MutableHashTableOptions = {},
  ) {
    const { name = "MutableHashTable", checkpoint = true } = options;
    const graph = resolveGraph([defaultValue]);
    const fallback = convertToTensor(defaultValue, { graph, dtype: valueDType });
    const attrs = { use_node_name_sharing: checkpoint, key_dtype: keyDType, value_dtype: valueDType };
    const { shape } = fallback;
    const handle =
      shape.rank === 0
        ? applyOne("MutableHashTableV2", [], { graph, name, attrs })
        : applyOne("MutableHashTableOfTensorsV2", [], {
            graph,
            name,
            attrs: { ...attrs, value_shape: shape },
          });
    super(handle, keyDType, fallback, checkpoint ? name : undefined);
  }
}

export interface DenseHashTableOptions extends MutableHashTableOptions {
  /** A key that is never inserted: it marks free buckets. */
  readonly emptyKey: TensorLike;
  /** Another one: it marks buckets of removed keys. */
  readonly deletedKey: TensorLike;
  /** A power of 2, at least 4: 131072 unless given. */
  readonly initialNumBuckets?: number | undefined;
}

/** tf.lookup.experimental.DenseHashTable: as MutableHashTable, with keys that may be vectors; checkpoints hold all its buckets. */
export class DenseHashTable extends MutableTable {
  /** Throws a TypeError where keys or the default value are not of the types given. */
  constructor(keyDType: DType, valueDType: DType, defaultValue: TensorLike, options: DenseHashTableOptions) {
    const { name = "MutableDenseHashTable", checkpoint = true, initialNumBuckets } = options;
    const graph = resolveGraph([defaultValue, options.emptyKey, options.deletedKey]);
    const fallback = convertToTensor(defaultValue, { graph, dtype: valueDType, name: "default_value" });
    const emptyKey = convertToTensor(options.emptyKey, { graph, dtype: keyDType, name: "empty_key" });
    const deletedKey = convertToTensor(options.deletedKey, { graph, dtype: keyDType, name: "deleted_key" });
    const handle = applyOne("MutableDenseHashTableV2", [emptyKey, deletedKey], {
      graph,
      name,
      attrs: {
        use_node_name_sharing: checkpoint,
        value_dtype: valueDType,
        value_shape: fallback.shape,
        initial_num_buckets: initialNumBuckets,
      },
    });
    super(handle, keyDType, fallback, checkpoint ? name : undefined);
  }
}
