// tf.sets of dense tensors: the last dimension holds sets, one for each of the others. Not of sparse tensors.
// Source: core/ops/set_ops.cc, core/kernels/set_kernels.cc, python/ops/sets_impl.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { allocateData, type DType, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { defineOps } from "../define.ts";
import { bytesKey } from "../host/text.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, subshape, withRank, withRankAtLeast } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

const types: readonly DType[] = ["int8", "int16", "int32", "int64", "uint8", "uint16", "string"];

export interface SetOptions {
  /** Attribute of the op; dense inputs need no checks. Default true. */
  readonly validateIndices?: boolean | undefined;
}

type Combination = "a-b" | "b-a" | "intersection" | "union";

function combined(a: TensorLike, b: TensorLike, how: Combination, options: SetOptions): SparseTensor {
  const graph = resolveGraph([a, b]);
  return graph.asDefault(() => {
    const x = convertToTensor(a, { name: "a", graph });
    const y = convertToTensor(b, { name: "b", graph });
    if (!types.includes(x.dtype)) throw new TypeError(`'a' invalid dtype ${x.dtype}.`);
    if (y.dtype !== x.dtype) throw new TypeError(`Types don't match, ${x.dtype} vs ${y.dtype}.`);
    const attrs = { set_operation: how, validate_indices: options.validateIndices ?? true };
    const [indices, values, denseShape] = applyOp("DenseToDenseSetOperation", [x, y], { attrs })
      .outputs as readonly Tensor[] as [Tensor, Tensor, Tensor];
    return sparseTensor(indices, values, denseShape);
  });
}

export interface SetDifferenceOptions extends SetOptions {
  /** false: b - a. Default true. */
  readonly aminusb?: boolean | undefined;
}

/** tf.sets.difference: what is in a's sets and not in b's, sorted. Throws a TypeError for types that are no integers or strings. */
export function setDifference(
  a: TensorLike,
  b: TensorLike,
  options: SetDifferenceOptions = {},
): SparseTensor {
  return combined(a, b, options.aminusb === false ? "b-a" : "a-b", options);
}
/** tf.sets.intersection: what is in both. */
export function setIntersection(a: TensorLike, b: TensorLike, options: SetOptions = {}): SparseTensor {
  return combined(a, b, "intersection", options);
}
/** tf.sets.union: what is in either. */
export function setUnion(a: TensorLike, b: TensorLike, options: SetOptions = {}): SparseTensor {
  return combined(a, b, "union", options);
}

type Element = number | bigint | Uint8Array;
type Key = number | bigint | string;

const keyOf = (value: Element): Key => (value instanceof Uint8Array ? bytesKey(value) : value);

/** The set of `count` elements from `from` on, by key. */
function setAt(value: NdArray, from: number, count: number): Map<Key, Element> {
  const data = value.data as ArrayLike<Element>;
  const found = new Map<Key, Element>();
  for (let i = from; i < from + count; i++) found.set(keyOf(data[i]!), data[i]!);
  return found;
}

function combine(a: Map<Key, Element>, b: Map<Key, Element>, how: Combination): Map<Key, Element> {
  const without = (x: Map<Key, Element>, y: Map<Key, Element>): Map<Key, Element> =>
    new Map([...x].filter(([key]) => !y.has(key)));
  if (how === "a-b") return without(a, b);
  if (how === "b-a") return without(b, a);
  if (how === "union") return new Map([...a, ...b]);
  return new Map([...a].filter(([key]) => b.has(key)));
}

function kernel(c: HostContext): readonly NdArray[] {
  const [a, b] = [c.input(0), c.input(1)];
  const rank = a.shape.length;
  if (rank < 2) c.fail("INVALID_ARGUMENT", `Invalid dims ${rank}.`);
  const groups = a.shape.slice(0, -1);
  if (`${groups}` !== `${b.shape.slice(0, -1)}` || b.shape.length !== rank)
    c.fail(
      "INVALID_ARGUMENT",
      `Shapes [${a.shape}] and [${b.shape}] differ in more than their last dimension`,
    );
  const how = c.attrs.string("set_operation").toLowerCase() as Combination;
  if (!["a-b", "b-a", "intersection", "union"].includes(how))
    c.fail("INVALID_ARGUMENT", `Invalid set_operation ${c.attrs.string("set_operation")}.`);
  const [m, n] = [a.shape.at(-1)!, b.shape.at(-1)!];
  const indices: bigint[] = [];
  const values: Element[] = [];
  let widest = 0;
  for (let g = 0; g < sizeOf(groups); g++) {
    const found = [...combine(setAt(a, g * m, m), setAt(b, g * n, n), how)].sort(([x], [y]) =>
      x < y ? -1 : x > y ? 1 : 0,
    );
    widest = Math.max(widest, found.length);
    const at: number[] = [];
    let rest = g;
    for (let d = groups.length - 1; d >= 0; d--) {
      at.unshift(rest % groups[d]!);
      rest = Math.floor(rest / groups[d]!);
    }
    for (const [i, [, value]] of found.entries()) {
      indices.push(...at.map(BigInt), BigInt(i));
      values.push(value);
    }
  }
  const flat = allocateData(a.dtype, values.length) as Element[];
  for (const [i, value] of values.entries()) flat[i] = value;
  return [
    ndArray("int64", [values.length, rank], BigInt64Array.from(indices)),
    ndArray(a.dtype, [values.length], flat as never),
    ndArray("int64", [rank], BigInt64Array.from([...groups, widest].map(BigInt))),
  ];
}

/** DenseToDenseSetOperation. */
export const setOps: readonly OpEntry[] = defineOps({
  DenseToDenseSetOperation: {
    gradient: null,
    shape: (c) => {
      const a = withRankAtLeast(c.input(0), 2);
      const b = a.rank === null ? withRankAtLeast(c.input(1), 2) : withRank(c.input(1), a.rank);
      if (a.rank !== null) mergeShapes(subshape(a, 0, a.rank - 1), subshape(b, 0, a.rank - 1));
      const rank = a.rank ?? b.rank;
      return [new Shape([null, rank]), new Shape([null]), new Shape([rank])];
    },
    host: kernel,
  },
});
