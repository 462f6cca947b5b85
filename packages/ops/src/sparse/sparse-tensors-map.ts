// Sparse tensors that wait under a number, so that they can go through a queue: AddSparseToTensorsMap, AddManySparseToTensorsMap,
// TakeManySparseFromTensorsMap. The map lives as long as the session.
// Source: core/ops/sparse_ops.cc, core/kernels/sparse_tensors_map_ops.cc, python/ops/sparse_ops.py.
import type { Operation, Tensor } from "@org/graph";
import { concatenateRows, dtypeString, dtypes, type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, HostKernel, OpEntry, Resource } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import type { SparseTensor } from "./sparse-tensor.ts";

export interface SparseMapOptions extends NameOption {
  /** Where other ops find the map: the name of this one unless given. */
  readonly sharedName?: string | undefined;
}

/** Keeps a sparse tensor in a map of the session; its number there, an int64 scalar. As _add_sparse_to_tensors_map. */
export function addSparseToTensorsMap(input: SparseTensor, options: SparseMapOptions = {}): Tensor {
  return add("AddSparseToTensorsMap", input, options);
}

/** The same for each row of the first dimension: an int64 vector of numbers. As _add_many_sparse_to_tensors_map. */
export function addManySparseToTensorsMap(input: SparseTensor, options: SparseMapOptions = {}): Tensor {
  return add("AddManySparseToTensorsMap", input, options);
}

function add(type: string, input: SparseTensor, { name, sharedName }: SparseMapOptions): Tensor {
  const { indices, values, denseShape } = input;
  return applyOne(type, [indices, values, denseShape], { name, attrs: { shared_name: sharedName } });
}

/**
 * Takes the sparse tensors with the numbers `handles` (int64 [n]) out of the map that `mapOp` put them into, as one with a first dimension
 * more; `rank` is its rank, where known. Throws a TypeError where `mapOp` is no op that puts in. As _take_many_sparse_from_tensors_map.
 */
export function takeManySparseFromTensorsMap(
  mapOp: Operation,
  handles: Tensor,
  options: NameOption & { readonly rank?: number | null | undefined } = {},
): SparseTensor {
  if (!/^Add(Many)?SparseToTensorsMap$/.test(mapOp.type))
    throw new TypeError(
      `sparse_map_op must be one of AddSparseToTensorsMap or AddSparseToTensorsMap. Instead, found \`${mapOp.type}\`.`,
    );
  const { rank = null, name } = options;
  return handles.graph.colocateWith(mapOp, () => {
    const { outputs } = applyOp("TakeManySparseFromTensorsMap", [handles], {
      name,
      attrs: {
        dtype: mapOp.attrs.type("T"),
        container: mapOp.attrs.string("container"),
        shared_name: mapOp.attrs.string("shared_name") || mapOp.name,
      },
    });
    const [indices, values, denseShape] = outputs as readonly [Tensor, Tensor, Tensor];
    indices.setShape([null, rank]);
    denseShape.setShape([rank]);
    return { indices, values, denseShape };
  });
}

/** A sparse tensor's value. */
interface Sparse {
  readonly indices: NdArray<"int64">;
  readonly values: NdArray;
  readonly shape: readonly bigint[];
}

class SparseTensorsMap implements Resource {
  readonly kind = "sparse tensors map";
  readonly name: string;
  readonly #kept = new Map<bigint, Sparse>();
  #next = 0n;

  constructor(name: string) {
    this.name = name;
  }

  add(tensor: Sparse): bigint {
    this.#kept.set(this.#next, tensor);
    return this.#next++;
  }

  take(handle: bigint): Sparse | undefined {
    const found = this.#kept.get(handle);
    this.#kept.delete(handle);
    return found;
  }

  close(): void {
    this.#kept.clear();
  }
}

function mapOf(c: HostContext): SparseTensorsMap {
  const name = c.attrs.string("shared_name") || c.node;
  const container = c.attrs.string("container");
  const key = container === "" ? name : `${container}/${name}`;
  return c.resource("sparse tensors map", key, () => new SparseTensorsMap(name));
}

const shown = ({ shape }: NdArray): string => `${new Shape(shape)}`;

function sparseInput(c: HostContext): Sparse {
  const [indices, values, shape] = [c.input(0), c.input(1), c.input(2)];
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (indices.shape.length !== 2)
    fail(`Input indices should be a matrix but received shape ${shown(indices)}`);
  if (values.shape.length !== 1) fail(`Input values should be a vector but received shape ${shown(values)}`);
  if (shape.shape.length !== 1) fail(`Input shape should be a vector but received shape ${shown(shape)}`);
  const [rows, rank] = indices.shape;
  if (rows !== values.shape[0])
    fail(
      `indices and values rows (indexing dimension) must match. (indices = ${rows}, values = ${values.shape[0]})`,
    );
  if (rank !== shape.shape[0]) fail("Shape rank must be SparseTensor rank.");
  const dims = Array.from(shape.data as BigInt64Array);
  const negative = dims.find((dim) => dim < 0n);
  if (negative !== undefined) fail(`Dimension ${negative} must be >= 0`);
  return { indices: indices as NdArray<"int64">, values, shape: dims };
}

/** Throws where an index lies outside, repeats the one before it, or comes before it. */
function checkIndices(c: HostContext, { indices, shape }: Sparse): void {
  const rank = shape.length;
  const { data } = indices;
  for (let at = 0; at < data.length; at += rank) {
    const index = data.subarray(at, at + rank);
    const outside = index.some((i, d) => i < 0n || i >= shape[d]!);
    const before = at === 0 ? undefined : data.subarray(at - rank, at);
    const change =
      before === undefined ? 1n : (index.map((i, d) => i - before[d]!).find((d) => d !== 0n) ?? 0n);
    const problem = outside
      ? `is out of bounds: need 0 <= index < [${shape.join(",")}]`
      : change < 0n
        ? "is out of order"
        : change === 0n
          ? "is repeated"
          : undefined;
    if (problem)
      c.fail("INVALID_ARGUMENT", `indices[${at / rank}] = [${Array.from(index).join(",")}] ${problem}`);
  }
}

const addOne: HostKernel = (c) => [ndArray("int64", [], BigInt64Array.of(mapOf(c).add(sparseInput(c))))];

/** Most rows that one op may make. */
const rowLimit = 2n ** 26n;

const addMany: HostKernel = (c) => {
  const whole = sparseInput(c);
  const { indices, values, shape } = whole;
  const rank = shape.length;
  if (rank <= 1)
    c.fail("INVALID_ARGUMENT", `Rank of input SparseTensor should be > 1, but saw rank: ${rank}`);
  if (shape[0]! >= rowLimit)
    c.fail("RESOURCE_EXHAUSTED", `AddManySparseToTensorsMap: ${shape[0]} rows are more than can be kept`);
  checkIndices(c, whole);
  const map = mapOf(c);
  const handles = new BigInt64Array(Number(shape[0])).fill(-1n);
  const { width } = dtypes[values.dtype];
  const count = values.shape[0]!;
  const keep = (row: bigint, from: number, to: number): void => {
    const own = new BigInt64Array((to - from) * (rank - 1));
    for (let i = from; i < to; i++)
      own.set(indices.data.subarray(i * rank + 1, (i + 1) * rank), (i - from) * (rank - 1));
    const data = values.data.slice(from * width, to * width);
    handles[Number(row)] = map.add({
      indices: ndArray("int64", [to - from, rank - 1], own),
      values: { dtype: values.dtype, shape: [to - from], data } as NdArray,
      shape: shape.slice(1),
    });
  };
  for (let from = 0; from < count; ) {
    const row = indices.data[from * rank]!;
    let to = from;
    while (to < count && indices.data[to * rank] === row) to++;
    keep(row, from, to);
    from = to;
  }
  for (const [row, handle] of handles.entries()) if (handle < 0n) keep(BigInt(row), 0, 0);
  return [ndArray("int64", [handles.length], handles)];
};

const takeMany: HostKernel = (c) => {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const handles = c.input(0);
  if (handles.shape.length !== 1)
    fail(`sparse_handles should be a vector but received shape ${shown(handles)}`);
  const count = handles.shape[0]!;
  if (count === 0) fail("Must have at least 1 serialized SparseTensor, but input matrix has 0 rows");
  const map = mapOf(c);
  const dtype = c.attrs.type("dtype");
  const parts = Array.from(handles.data as BigInt64Array, (handle, i) => {
    const part = map.take(handle) ?? fail(`Unable to find SparseTensor: ${handle} in map: ${map.name}`);
    if (part.values.dtype !== dtype)
      fail(
        `Requested SparseTensor of type ${dtypeString(dtype)} but SparseTensor[${i}].values.dtype() == ${dtypeString(part.values.dtype)}`,
      );
    return part;
  });
  const inner = parts[0]!.shape.length;
  for (const [i, { shape }] of parts.entries())
    if (shape.length !== inner)
      fail(
        `Inconsistent rank across SparseTensors: rank prior to SparseTensor[${i}] was: ${inner + 1} but rank of SparseTensor[${i}] is: ${shape.length + 1}`,
      );
  const rank = inner + 1;
  const values = concatenateRows(parts.map((part) => part.values));
  const indices = new BigInt64Array(values.shape[0]! * rank);
  let row = 0;
  for (const [i, part] of parts.entries())
    for (let at = 0; at < part.values.shape[0]!; at++, row++) {
      indices[row * rank] = BigInt(i);
      indices.set(part.indices.data.subarray(at * inner, (at + 1) * inner), row * rank + 1);
    }
  const dims = [...parts[0]!.shape];
  for (const { shape } of parts) for (const [d, dim] of shape.entries()) if (dim > dims[d]!) dims[d] = dim;
  return [
    ndArray("int64", [row, rank], indices),
    values,
    ndArray("int64", [rank], BigInt64Array.from([BigInt(count), ...dims])),
  ];
};

/** Entries of the ops that keep sparse tensors in maps and take them out. */
export const sparseTensorsMapOps: readonly OpEntry[] = defineOps({
  AddSparseToTensorsMap: {
    shape: (c) => {
      withRank(c.input(0), 2);
      withRank(c.input(1), 1);
      withRank(c.input(2), 1);
      return [Shape.scalar];
    },
    host: addOne,
    gradient: null,
  },
  AddManySparseToTensorsMap: {
    shape: (c) => {
      withRank(c.input(0), 2);
      withRank(c.input(1), 1);
      withRank(c.input(2), 1);
      return [Shape.ofRank(1)];
    },
    host: addMany,
    gradient: null,
  },
  TakeManySparseFromTensorsMap: {
    shape: (c) => {
      withRank(c.input(0), 1);
      return [Shape.ofRank(2), Shape.ofRank(1), Shape.ofRank(1)];
    },
    host: takeMany,
    gradient: null,
  },
});
