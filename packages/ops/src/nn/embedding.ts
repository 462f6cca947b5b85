// embeddingLookup: rows of a table by id. One table (partitioned ones are refused). Source: python/ops/embedding_ops.py.
import { TfError } from "@org/errors";
import { isIndexedSlices, type Tensor } from "@org/graph";
import { isPartitionedVariable, isVariable } from "@org/variables";
import { identity } from "../array/constant.ts";
import { gather } from "../array/gather.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/**
 * tf.nn.embedding_lookup: for each id the row of `params`; a list of one table is that table.
 * Throws TfError UNIMPLEMENTED for several tables.
 */
export function embeddingLookup(
  params: TensorLike | readonly TensorLike[],
  ids: TensorLike,
  options: NameOption = {},
): Tensor {
  const tables = (Array.isArray(params) ? params : [params]) as readonly TensorLike[];
  const [table] = tables;
  if (table === undefined) throw new TypeError("Need at least one param");
  if (tables.length > 1 || isPartitionedVariable(table))
    throw new TfError("UNIMPLEMENTED", "embedding_lookup in several tables is not supported yet");
  const graph = resolveGraph([table, ids]);
  return withScope(graph, options.name, "embedding_lookup", (scope) => {
    // A resource variable is not read as a whole.
    const resource = isVariable(table) && table.isResource;
    const source =
      resource || isIndexedSlices(table) ? table : convertToTensor(table, { name: "params", graph });
    const indices = convertToTensor(ids, { name: "ids", graph });
    const place = isVariable(source) ? source.op : (source as Tensor).op;
    const rows = graph.colocateWith(place, () => gather(source as TensorLike, indices, { name: scope }));
    return identity(rows);
  });
}
