// What a Saver saves of a lookup table that ops may change: its keys and values, as two tensors. The table may have been made here or
// imported: its handle is enough. Source: MutableHashTable._Saveable in python/ops/lookup_ops.py.
import type { Operation, Tensor } from "@org/graph";
import type { DType } from "@org/tensor";

const tables: ReadonlySet<string> = new Set(
  ["MutableHashTable", "MutableHashTableOfTensors", "MutableDenseHashTable"].flatMap((type) => [
    type,
    `${type}V2`,
  ]),
);

/** Whether `op` makes a table that ops may change. */
export function isTableOp(op: Operation): boolean {
  return tables.has(op.type);
}

/** A saveable in the sense of @org/saver: two tensors, and the op that puts them back. */
export interface TableSaveable {
  /** The op that made the table. */
  readonly op: Operation;
  readonly name: string;
  readonly specs: readonly {
    readonly tensor: Tensor;
    readonly sliceSpec: string;
    readonly name: string;
    readonly dtype: DType;
    readonly device: string;
  }[];
  restore(tensors: readonly Tensor[]): Operation;
}

/** Keys and values of the table behind `handle`, by a new export op in the current name scope. */
export function exportTable(handle: Tensor): readonly [keys: Tensor, values: Tensor] {
  const { op, graph } = handle;
  const exported = graph.createOp(ofVersion(handle, "LookupTableExport"), [handle], {
    attrs: { Tkeys: op.attrs.type("key_dtype"), Tvalues: op.attrs.type("value_dtype") },
  });
  return exported.outputs as unknown as readonly [Tensor, Tensor];
}

/**
 * Saves the table behind `handle` under `name-keys` and `name-values`. Takes the export op that is there, as in an imported graph,
 * and builds one where there is none.
 */
export function tableSaveable(handle: Tensor, name: string): TableSaveable {
  const { op, graph } = handle;
  const exported = handle
    .consumers()
    .find(
      (consumer) =>
        consumer.type === ofVersion(handle, "LookupTableExport") &&
        consumer.name.split("/").at(-2) === `${tableName(op)}_lookup_table_export_values`,
    );
  const tensors =
    exported?.outputs ??
    graph.nameScope(`${tableName(op)}_lookup_table_export_values`, () =>
      graph.colocateWith(op, () => exportTable(handle)),
    );
  const [keys, values] = tensors as unknown as readonly [Tensor, Tensor];
  const specs = ([["keys", keys] as const, ["values", values] as const] as const).map(([part, tensor]) => ({
    tensor,
    sliceSpec: "",
    name: `${name}-${part}`,
    dtype: tensor.dtype,
    device: tensor.device,
  }));
  return {
    op,
    name,
    specs,
    restore: (restored) =>
      graph.nameScope(`${name}_table_restore`, () =>
        graph.colocateWith(op, () =>
          graph.createOp(ofVersion(handle, "LookupTableImport"), [handle, restored[0]!, restored[1]!]),
        ),
      ),
  };
}

/** Ops on a handle that is a resource are of the second version. */
const ofVersion = (handle: Tensor, type: string): string =>
  handle.dtype === "resource" ? `${type}V2` : type;

const tableName = (op: Operation): string => op.name.slice(op.name.lastIndexOf("/") + 1);
