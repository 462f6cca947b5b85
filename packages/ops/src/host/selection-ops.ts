// Ops whose result's shape depends on data: Where, Unique, ListDiff. Host kernels, since shapes must be known before
// anything is planned. Source: tensorflow/core/kernels/{where_op,unique_op,listdiff_op}.cc.
import {
  allocateData,
  type DType,
  dtypes,
  fromBits,
  isNarrowFloat,
  type NdArray,
  type NumericData,
  ndArray,
  Shape,
  sizeOf,
} from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import { bytesKey } from "./text.ts";

export type Element = number | bigint | Uint8Array;

/** What two elements share where TensorFlow finds them equal: NaN equals nothing, 0 equals -0. */
export function keyOf(dtype: DType): (x: Element) => unknown {
  if (dtype === "string") return (x) => bytesKey(x as Uint8Array);
  const number = isNarrowFloat(dtype) ? (x: Element) => fromBits(dtype, Number(x)) : (x: Element) => x;
  return (x) => {
    const value = number(x);
    return typeof value === "number" && Number.isNaN(value) ? {} : value;
  };
}

const elements = (value: NdArray): ArrayLike<Element> => value.data as unknown as ArrayLike<Element>;

function vector(dtype: DType, values: readonly Element[]): NdArray {
  const data = allocateData(dtype, values.length) as unknown as Element[];
  for (let i = 0; i < values.length; i++) data[i] = values[i]!;
  return ndArray(dtype, [values.length], data as never);
}

/** int32 or int64, as the node's `out_idx` says. */
function indexVector(dtype: DType, values: readonly number[]): NdArray {
  return dtype === "int64"
    ? ndArray("int64", [values.length], BigInt64Array.from(values, BigInt))
    : ndArray("int32", [values.length], Int32Array.from(values));
}

function where(c: HostContext): NdArray {
  const value = c.input(0);
  const rank = value.shape.length;
  if (rank < 1 || rank > 8) c.fail("INVALID_ARGUMENT", `WhereOp : Unhandled input dimensions: ${rank}`);
  const data = value.data as NumericData;
  const { width } = dtypes[value.dtype];
  const decode = isNarrowFloat(value.dtype) ? 0x7fff : undefined;
  const found: number[] = [];
  for (let i = 0; i < data.length / width; i++) {
    let set = false;
    for (let j = 0; j < width; j++) {
      const x = data[i * width + j]!;
      // Minus zero of a 16-bit float is zero too.
      set ||= decode === undefined ? Boolean(x) || Number.isNaN(Number(x)) : (Number(x) & decode) !== 0;
    }
    if (set) found.push(i);
  }
  const out = new BigInt64Array(found.length * rank);
  found.forEach((flat, row) => {
    let rest = flat;
    for (let d = rank - 1; d >= 0; d--) {
      out[row * rank + d] = BigInt(rest % value.shape[d]!);
      rest = Math.floor(rest / value.shape[d]!);
    }
  });
  return ndArray("int64", [found.length, rank], out);
}

const unique = (counts: boolean): OpSpec => ({
  shape: (c) => {
    const length = withRank(c.input(0), 1);
    const some = Shape.ofRank(1);
    return counts ? [some, length, some] : [some, length];
  },
  gradient: null,
  host: (c) => {
    const value = c.input(0);
    if (value.shape.length !== 1) c.fail("INVALID_ARGUMENT", "unique expects a 1D vector.");
    const key = keyOf(value.dtype);
    const places = new Map<unknown, number>();
    const distinct: Element[] = [];
    const positions: number[] = [];
    const totals: number[] = [];
    const data = elements(value);
    for (let i = 0; i < data.length; i++) {
      const k = key(data[i]!);
      let at = places.get(k);
      if (at === undefined) {
        at = distinct.length;
        places.set(k, at);
        distinct.push(data[i]!);
        totals.push(0);
      }
      positions.push(at);
      totals[at]! += 1;
    }
    const dtype = c.outputDType(1);
    const outputs = [vector(value.dtype, distinct), indexVector(dtype, positions)];
    return counts ? [...outputs, indexVector(dtype, totals)] : outputs;
  },
});

/** Entries of ops with data-dependent shapes. */
export const selectionOps: readonly OpEntry[] = defineOps({
  Where: {
    shape: (c) => [new Shape([null, c.input(0).rank])],
    gradient: null,
    host: (c) => [where(c)],
  },
  Unique: unique(false),
  UniqueWithCounts: unique(true),
  ListDiff: {
    shape: (c) => {
      withRank(c.input(0), 1);
      withRank(c.input(1), 1);
      return [Shape.ofRank(1), Shape.ofRank(1)];
    },
    gradient: null,
    host: (c) => {
      const [x, y] = [c.input(0), c.input(1)];
      if (x.shape.length !== 1) c.fail("INVALID_ARGUMENT", "x should be a 1D vector.");
      if (y.shape.length !== 1) c.fail("INVALID_ARGUMENT", "y should be a 1D vector.");
      const key = keyOf(x.dtype);
      const without = new Set(Array.from(elements(y), key));
      const kept: number[] = [];
      const data = elements(x);
      for (let i = 0; i < sizeOf(x.shape); i++) if (!without.has(key(data[i]!))) kept.push(i);
      return [
        vector(
          x.dtype,
          kept.map((i) => data[i]!),
        ),
        indexVector(c.outputDType(1), kept),
      ];
    },
  },
});
