// Sparse tensors on their way through a queue: each waits in a map of the session, and its number goes through the queue.
// Source: _store_sparse_tensors and _restore_sparse_tensors in python/training/input.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, type Operation, type Tensor } from "@org/graph";
import * as tf from "@org/ops";
import { ndArray } from "@org/tensor";

/** What may be batched, as it is after conversion. */
export type Batched = Tensor | tf.SparseTensor;

/** How a component went into the queue: the op whose map keeps it and its rank, where it was sparse. */
export interface SparseInfo {
  readonly mapOp: Operation | undefined;
  readonly rank: number | null;
}

/** utils.smart_cond: one branch where the value of `pred` is known. */
export function smartCond<T>(pred: Tensor, whenTrue: () => T, whenFalse: () => T): T {
  const known = constantValue(pred);
  if (known) return (known.data as Uint8Array)[0] ? whenTrue() : whenFalse();
  return tf.cond(pred, whenTrue, whenFalse) as T;
}

const int64 = (value: bigint): Tensor => tf.constant(ndArray("int64", [], BigInt64Array.of(value)));

function storeOne(sparse: tf.SparseTensor, keep: Tensor, sharedName: string | undefined): Tensor {
  return smartCond(
    keep,
    () => tf.addSparseToTensorsMap(sparse, { sharedName }),
    () => int64(-1n),
  );
}

/** -1 for each row. */
function noHandles({ denseShape }: tf.SparseTensor): Tensor {
  const dims = denseShape.graph.nameScope("Shape", () => tf.cast(denseShape, "int32"));
  const rows = tf.getItem(dims, [{ start: 0, stop: 1 }]);
  return tf.operator.mul(-1, tf.ones(rows, "int64"));
}

function storeRows(sparse: tf.SparseTensor, keep: Tensor, sharedName: string | undefined): Tensor {
  const handles = smartCond(
    keep,
    () => tf.addManySparseToTensorsMap(sparse, { sharedName }),
    () => noHandles(sparse),
  );
  handles.setShape([null]);
  return handles;
}

function store(
  sparse: tf.SparseTensor,
  enqueueMany: boolean,
  keep: Tensor,
  sharedName: string | undefined,
): Tensor {
  if (keep.shape.rank === 1) {
    const rows = tf.getItem(sparse.indices, [{}, 0]);
    const kept = tf.sparseRetain(sparse, tf.gather(keep, rows));
    return tf.addManySparseToTensorsMap(kept, { sharedName });
  }
  return (enqueueMany ? storeRows : storeOne)(sparse, keep, sharedName);
}

/** The op that has put it into a map: its own, or the one behind a conditional's merge. */
function storingOp({ op }: Tensor): Operation {
  const isStore = ({ op }: Tensor): boolean => /^Add(Many)?SparseToTensorsMap$/.test(op.type);
  return op.inputs.find(isStore)?.op ?? op;
}

/** The rank of a sparse tensor that goes into the queue, or of a row of it. */
function storedRank({ denseShape }: tf.SparseTensor, enqueueMany: boolean): number | null {
  const rank = denseShape.shape.dims?.[0] ?? null;
  return rank !== null && enqueueMany ? rank - 1 : rank;
}

/** Components with numbers in place of sparse tensors; `shared`: the maps that others of the same queue use. */
export function storeSparseTensors(
  components: readonly Batched[],
  enqueueMany: boolean,
  keep: Tensor,
  shared: readonly (SparseInfo | undefined)[] = [],
): { readonly stored: readonly Tensor[]; readonly infos: readonly (SparseInfo | undefined)[] } {
  const handles = components.map((component, i) =>
    tf.isSparseTensor(component) ? store(component, enqueueMany, keep, shared[i]?.mapOp?.name) : component,
  );
  const infos = components.map((component, i): SparseInfo | undefined => {
    if (!tf.isSparseTensor(component)) return undefined;
    return {
      mapOp: shared[i]?.mapOp ?? storingOp(handles[i]!),
      rank: storedRank(component, enqueueMany),
    };
  });
  const column = ndArray("int32", [1], Int32Array.of(-1));
  const stored = handles.map((handle, i) => (infos[i] ? tf.expandDims(handle, column) : handle));
  return { stored, infos };
}

/** The same for several lists of components that go into one queue. Throws TfError INVALID_ARGUMENT where not the same ones are sparse. */
export function storeSparseTensorsJoin(
  lists: readonly (readonly Batched[])[],
  enqueueMany: boolean,
  keep: Tensor,
): {
  readonly stored: readonly (readonly Tensor[])[];
  readonly infos: readonly (SparseInfo | undefined)[];
} {
  const first = storeSparseTensors(lists[0]!, enqueueMany, keep);
  const stored = [first.stored];
  let { infos } = first;
  for (const list of lists.slice(1)) {
    const next = storeSparseTensors(list, enqueueMany, keep, infos);
    infos = infos.map((info, i) => {
      const other = next.infos[i];
      const [a, b] = [info?.rank ?? null, other?.rank ?? null];
      if (Boolean(info) !== Boolean(other) || (a !== null && b !== null && a !== b))
        throw new TfError("INVALID_ARGUMENT", "Inconsistent SparseTensors list", {
          hint: `Component ${i} must be sparse, and of one rank, in all lists or in none.`,
        });
      return info && { ...info, rank: a ?? b };
    });
    stored.push(next.stored);
  }
  return { stored, infos };
}

/** What came out of the queue with sparse tensors in place of their numbers; nothing is there before all are restored. */
export function restoreSparseTensors(
  dequeued: readonly Tensor[],
  infos: readonly (SparseInfo | undefined)[],
): readonly Batched[] {
  const restored = dequeued.map((tensor, i): Batched => {
    const info = infos[i];
    if (!info) return tensor;
    const rank = info.rank === null ? null : info.rank + 1;
    return tf.takeManySparseFromTensorsMap(info.mapOp!, tf.squeeze(tensor, [1]), { rank });
  });
  if (!restored.some(tf.isSparseTensor)) return restored;
  const all = restored.map((one) => (tf.isSparseTensor(one) ? one.values : one));
  const waiting = (tensor: Tensor): Tensor => tf.withDependencies(all, tensor);
  return restored.map((one) =>
    tf.isSparseTensor(one)
      ? {
          indices: waiting(one.indices),
          values: waiting(one.values),
          denseShape: waiting(one.denseShape),
        }
      : waiting(one),
  );
}
