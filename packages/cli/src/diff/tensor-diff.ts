// What differs between two files of tensors: names, types, shapes, values.
import { dtypes, fromBits, isNarrowFloat, type NdArray, type NumericData } from "@org/tensor";
import type { TensorEntry, TensorSource, WriteOptions } from "../tensors/tensor-file.ts";
import { byteSize } from "../tensors/tensor-file.ts";

export interface TensorChange {
  readonly name: string;
  /** Types and shapes, where they differ: "float32 [2,3]". */
  readonly from?: string;
  readonly to?: string;
  /** Elements that differ; of numbers, the greatest difference. */
  readonly differing?: number;
  readonly elements?: number;
  readonly maxAbsDifference?: number;
}

export interface TensorDiff {
  readonly removed: readonly TensorEntry[];
  readonly added: readonly TensorEntry[];
  readonly changed: readonly TensorChange[];
  /** How many are the same. */
  readonly unchanged: number;
}

export interface TensorDiffOptions extends WriteOptions {
  readonly filter: (name: string) => boolean;
  /** Numbers count as the same up to this difference. Default 0. */
  readonly tolerance: number;
}

/** Compares tensor by tensor, two in memory at a time. NaN is equal to NaN; 0 to -0. Throws what reading throws. */
export async function diffTensors(
  a: TensorSource,
  b: TensorSource,
  options: TensorDiffOptions,
): Promise<TensorDiff> {
  const { filter, tolerance, signal } = options;
  const [left, right] = [a, b].map((source) => source.entries.filter(({ name }) => filter(name))) as [
    TensorEntry[],
    TensorEntry[],
  ];
  const ofB = new Map(right.map((entry) => [entry.name, entry]));
  const ofA = new Set(left.map(({ name }) => name));
  const common = left.filter(({ name }) => ofB.has(name));
  const total = common.reduce((sum, entry) => sum + byteSize(entry), 0);
  let [loaded, unchanged] = [0, 0];
  const changed: TensorChange[] = [];
  for (const entry of common) {
    const { name } = entry;
    const [from, to] = [typeOf(entry), typeOf(ofB.get(name)!)];
    if (from !== to) changed.push({ name, from, to });
    else {
      const change = compare(await a.get(name, { signal }), await b.get(name, { signal }), tolerance);
      if (change) changed.push({ name, ...change });
      else unchanged++;
    }
    loaded += byteSize(entry);
    options.onProgress?.({ loaded, total, name });
  }
  return {
    removed: left.filter(({ name }) => !ofB.has(name)),
    added: right.filter(({ name }) => !ofA.has(name)),
    changed,
    unchanged,
  };
}

/** "float32 [2,3]". */
export const typeOf = ({ dtype, shape }: Pick<TensorEntry, "dtype" | "shape">): string =>
  `${dtype} [${shape}]`;

type ValueChange = Omit<TensorChange, "name" | "from" | "to">;

function compare(a: NdArray, b: NdArray, tolerance: number): ValueChange | undefined {
  const { storage } = dtypes[a.dtype];
  if (storage === "bytes") return compareStrings(a.data as Uint8Array[], b.data as Uint8Array[]);
  return compareNumbers(a, b, tolerance);
}

function compareStrings(a: readonly Uint8Array[], b: readonly Uint8Array[]): ValueChange | undefined {
  const differing = a.reduce((count, text, i) => count + (Buffer.compare(text, b[i]!) === 0 ? 0 : 1), 0);
  return differing === 0 ? undefined : { differing, elements: a.length };
}

function compareNumbers(a: NdArray, b: NdArray, tolerance: number): ValueChange | undefined {
  const [left, right] = [a.data as NumericData, b.data as NumericData];
  const { dtype } = a;
  const number = isNarrowFloat(dtype) ? (x: number | bigint) => fromBits(dtype, Number(x)) : Number;
  const { width } = dtypes[a.dtype];
  let [differing, largest] = [0, 0];
  for (let at = 0; at < left.length; at += width) {
    let different = false;
    for (let k = at; k < at + width; k++) {
      if (left[k] === right[k]) continue;
      const [x, y] = [number(left[k]!), number(right[k]!)];
      if (Number.isNaN(x) && Number.isNaN(y)) continue;
      // Integers of 64 bits are subtracted as what they are: as numbers, neighbours may look the same.
      const difference =
        typeof left[k] === "bigint"
          ? Math.abs(Number((left[k] as bigint) - (right[k] as bigint)))
          : Math.abs(x - y);
      const apart = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
      if (apart <= tolerance) continue;
      different = true;
      largest = Math.max(largest, apart);
    }
    if (different) differing++;
  }
  return differing === 0
    ? undefined
    : { differing, elements: left.length / width, maxAbsDifference: largest };
}
