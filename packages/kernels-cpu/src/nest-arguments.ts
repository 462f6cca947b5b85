// The argument block of a loop-nest kernel. A kernel finds everything that may change between launches there: extents,
// strides, addresses, literals. In 32-bit words, from the block's start:
//
//   extents[rank]
//   for each load:  address, strides[rank]   (bytes)
//   for each index: offset, strides[rank]    (elements)
//   for each store: address, strides[rank]   (bytes)
//   for each literal: two words (32-bit types use the first)
//   for each value that is kept between passes: address
import type { HloDType, LoopNest } from "@org/hlo";
import { elementBytes, isSingle, isWide } from "./lanes.ts";
import { productParameter } from "./nest-walk.ts";
import { keptBytes, passPlan } from "./pass-plan.ts";

/** Where each thing lies, in bytes from the block's start. */
export interface NestLayout {
  readonly extent: (dimension: number) => number;
  readonly loadAddress: (load: number) => number;
  readonly loadStride: (load: number, dimension: number) => number;
  readonly indexOffset: (index: number) => number;
  readonly indexStride: (index: number, dimension: number) => number;
  readonly storeAddress: (store: number) => number;
  readonly storeStride: (store: number, dimension: number) => number;
  readonly literal: (literal: number) => number;
  readonly kept: (value: number) => number;
  readonly words: number;
}

/** The layout that a nest's structure has. */
export function nestLayout(nest: LoopNest): NestLayout {
  const rank = nest.extents.length;
  const record = rank + 1;
  const loads = rank;
  const indices = loads + nest.loads.length * record;
  const stores = indices + nest.indices.length * record;
  const literals = stores + nest.stores.length * record;
  const kept = literals + nest.literals.length * 2;
  return {
    extent: (d) => d * 4,
    loadAddress: (i) => (loads + i * record) * 4,
    loadStride: (i, d) => (loads + i * record + 1 + d) * 4,
    indexOffset: (i) => (indices + i * record) * 4,
    indexStride: (i, d) => (indices + i * record + 1 + d) * 4,
    storeAddress: (i) => (stores + i * record) * 4,
    storeStride: (i, d) => (stores + i * record + 1 + d) * 4,
    literal: (i) => (literals + i * 2) * 4,
    kept: (i) => (kept + i) * 4,
    words: kept + (passPlan(nest)?.kept.length ?? 0),
  };
}

/**
 * A buffer's address goes into word `word`, `offset` bytes further on; or that of memory which whoever calls the kernel gives: a product,
 * or what passes keep.
 */
export interface AddressSlot {
  readonly word: number;
  readonly from: "input" | "output" | "given";
  readonly index: number;
  readonly offset: number;
}

/** A kernel's arguments but for addresses, which each launch adds. */
export interface NestArguments {
  readonly words: Int32Array;
  readonly addresses: readonly AddressSlot[];
  /** Bytes that passes keep values in, for each thread. */
  readonly keptBytes: number;
}

/** The arguments that bind a kernel to a nest's extents. */
export function nestArguments(nest: LoopNest): NestArguments {
  const layout = nestLayout(nest);
  const words = new Int32Array(layout.words);
  const addresses: AddressSlot[] = [];
  const set = (byte: number, value: number): void => {
    words[byte / 4] = value;
  };
  const rank = nest.extents.length;
  for (let d = 0; d < rank; d++) set(layout.extent(d), nest.extents[d]!);
  nest.loads.forEach((load, i) => {
    const bytes = elementBytes(load.dtype);
    addresses.push({
      word: layout.loadAddress(i) / 4,
      from: load.parameter === productParameter ? "given" : "input",
      index: load.parameter,
      offset: load.offset * bytes,
    });
    for (let d = 0; d < rank; d++) set(layout.loadStride(i, d), load.strides[d]! * bytes);
  });
  nest.indices.forEach((index, i) => {
    set(layout.indexOffset(i), index.offset);
    for (let d = 0; d < rank; d++) set(layout.indexStride(i, d), index.strides[d]!);
  });
  nest.stores.forEach((store, i) => {
    const bytes = elementBytes(store.dtype);
    addresses.push({
      word: layout.storeAddress(i) / 4,
      from: "output",
      index: store.output,
      offset: store.offset * bytes,
    });
    for (let d = 0; d < rank; d++) set(layout.storeStride(i, d), store.strides[d]! * bytes);
  });
  const types = literalTypes(nest);
  nest.literals.forEach((value, i) => {
    words.set(literalWords(types[i]!, value), layout.literal(i) / 4);
  });
  let bytes = 0;
  const plan = passPlan(nest);
  plan?.kept.forEach((op, i) => {
    addresses.push({ word: layout.kept(i) / 4, from: "given", index: 0, offset: bytes });
    bytes += keptBytes(nest, plan, op);
  });
  return { words, addresses, keptBytes: bytes };
}

function literalTypes(nest: LoopNest): HloDType[] {
  const types: HloDType[] = [];
  for (const op of nest.ops) if (op.kind === "literal") types[op.literal] = op.dtype;
  return types;
}

function literalWords(dtype: HloDType, value: number | bigint): Int32Array {
  if (isWide(dtype)) return new Int32Array(BigInt64Array.of(BigInt.asIntN(64, BigInt(value))).buffer);
  if (dtype === "float64") return new Int32Array(Float64Array.of(Number(value)).buffer);
  if (isSingle(dtype)) return new Int32Array(Float32Array.of(Number(value)).buffer);
  return Int32Array.of(Number(value));
}
