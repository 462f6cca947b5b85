// tf.lookup.StaticHashTable: a table in a graph that is filled once. What it holds lives in a session. Source: python/ops/lookup_ops.py.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { exportTable } from "@org/variables";
import { applyOne } from "../apply-op.ts";
import { group, noOp } from "../control/group.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import type { TableInitializer } from "./table-initializers.ts";

/** The last part of an op's name: what a table's own ops are named after. */
const tableName = (op: Operation): string => op.name.slice(op.name.lastIndexOf("/") + 1);

/** Throws a TypeError for keys of another type. */
function checkKeys(keys: Tensor, keyDType: DType): void {
  if (keys.dtype !== keyDType)
    throw new TypeError(`Signature mismatch. Keys must be dtype ${keyDType}, got ${keys.dtype}.`);
}

/** A table that is filled once, by its initializer, and read-only from then on. `tablesInitializer()` fills all of a graph. */
export class StaticHashTable {
  readonly keyDType: DType;
  readonly valueDType: DType;
  /** The table itself, a scalar resource. */
  readonly resourceHandle: Tensor;
  /** What keys that are not in it give; a scalar. */
  readonly defaultValue: Tensor;
  /** The op that fills it. */
  readonly initializer: Operation;
  readonly name: string;

  /** Throws a TypeError where the default value is not of the table's type, TfError INVALID_ARGUMENT where it is no scalar. */
  constructor(initializer: TableInitializer, defaultValue: TensorLike, options: NameOption = {}) {
    const graph = resolveGraph([defaultValue]);
    this.keyDType = initializer.keyDType;
    this.valueDType = initializer.valueDType;
    this.defaultValue = convertToTensor(defaultValue, { graph, dtype: this.valueDType });
    if (!this.defaultValue.shape.isCompatibleWith(Shape.scalar))
      throw new TfError("INVALID_ARGUMENT", `Shapes ${this.defaultValue.shape} and () are not compatible`);
    this.resourceHandle = applyOne("HashTableV2", [], {
      graph,
      name: options.name ?? "hash_table",
      attrs: {
        shared_name: initializer.sharedName || `hash_table_${globalThis.crypto.randomUUID()}`,
        key_dtype: this.keyDType,
        value_dtype: this.valueDType,
      },
    });
    this.name = tableName(this.resourceHandle.op);
    this.initializer = initializer.initialize(this.resourceHandle);
  }

  /** Values of `keys`, in their shape. Throws a TypeError for keys of another type. */
  lookup(keys: TensorLike, options: NameOption = {}): Tensor {
    const { graph } = this.resourceHandle;
    const given = convertToTensor(keys, { graph, preferredDType: this.keyDType });
    checkKeys(given, this.keyDType);
    const values = withScope(graph, options.name, `${this.name}_Lookup`, () =>
      applyOne("LookupTableFindV2", [this.resourceHandle, given, this.defaultValue]),
    );
    values.setShape(given.shape);
    return values;
  }

  /** Number of keys: a scalar int64. */
  size(options: NameOption = {}): Tensor {
    const { graph } = this.resourceHandle;
    return withScope(graph, options.name, `${this.name}_Size`, () =>
      applyOne("LookupTableSizeV2", [this.resourceHandle]),
    );
  }

  /** All keys and their values, in no order that can be relied on. */
  export(options: NameOption = {}): readonly [keys: Tensor, values: Tensor] {
    const { graph } = this.resourceHandle;
    const [keys, values] = withScope(graph, options.name, `${this.name}_Export`, () =>
      exportTable(this.resourceHandle),
    );
    values.setShape(keys.shape.concat(this.defaultValue.shape));
    return [keys, values];
  }
}

/** An op that fills all tables of the graph that are filled once; NoOp where there are none. As tf.tables_initializer. @tfExport tablesInitializer */
export function tablesInitializer(
  options: NameOption & { readonly graph?: Graph | undefined } = {},
): Operation {
  const graph = resolveGraph([], options.graph);
  const name = options.name ?? "init_all_tables";
  const initializers = graph.getCollection(GraphKeys.TABLE_INITIALIZERS) as Operation[];
  return graph.asDefault(() => (initializers.length > 0 ? group(initializers, { name }) : noOp({ name })));
}
