// What the ports of TensorFlow's C++ cases share: types, filled arrays, files that are written by hand.
import type { FileSystem } from "@org/io";
import { type DType, dtypes, type NdArray, ndArray, sizeOf, viewData } from "@org/tensor";
import type { TableEntry } from "../../src/table-format.ts";
import { TableWriter } from "../../src/table-writer.ts";

/** The types of tensor_bundle_test.cc. */
export const bundleTypes: readonly DType[] = [
  "float32",
  "float64",
  "int32",
  "uint8",
  "int16",
  "int8",
  "complex64",
  "complex128",
  "int64",
  "bool",
  "qint32",
  "quint8",
  "qint8",
  "bfloat16",
];

/** An array with the element `value` everywhere; of a complex type its real part, of bfloat16 its upper bits. */
export function filled(dtype: DType, shape: readonly number[], value: number): NdArray {
  const { storage, width } = dtypes[dtype];
  const array = ndArray(dtype, shape);
  const data = array.data as unknown as { [i: number]: unknown };
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
  const element =
    storage === "i64" || storage === "u64"
      ? BigInt(value)
      : dtype === "bfloat16"
        ? bits
        : dtype === "bool"
          ? +!!value
          : value;
  for (let i = 0; i < sizeOf(shape); i++) data[i * width] = element;
  return array;
}

/** The same elements, each number's bytes turned around. */
export function byteSwapped(array: NdArray): NdArray {
  const data = array.data as Uint8Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const width = dtypes[array.dtype].bytes / dtypes[array.dtype].width;
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  return { ...array, data: viewData(array.dtype, bytes) } as NdArray;
}

/** Writes a table of these entries, whatever they say. */
export async function writeTable(
  fs: FileSystem,
  file: string,
  entries: readonly TableEntry[],
): Promise<void> {
  const sink = await fs.create(file);
  const table = new TableWriter(sink);
  for (const { key, value } of entries) await table.add(key, value);
  await table.finish();
  await sink.close();
}
