// Writes one file of a V1 checkpoint (layout: v1-reader.ts), byte for byte as TensorFlow's TensorSliceWriter.
// Source: tensorflow/core/util/tensor_slice_writer.cc.
import { TfError } from "@org/errors";
import { defaultFileSystem, type FileSystem, localPath } from "@org/io";
import { encode, type ISavedSliceMeta, SavedTensorSlices } from "@org/proto";
import {
  type DType,
  dtypes,
  dtypeToProto,
  type NdArray,
  shapeToProto,
  sizeOf,
  tensorToProto,
} from "@org/tensor";
import { type PartOf, temporaryName, type WriteOptions } from "./checkpoint-writer.ts";
import { compareBytes } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { TableWriter } from "./table-writer.ts";
import { fullSlice, sliceShape, sliceToProto, sliceToString } from "./tensor-slice.ts";

/** A tensor to write, or a part of one. */
export interface V1Entry {
  readonly name: string;
  readonly value: NdArray;
  readonly part?: PartOf | undefined;
}

/** What one slice may take as a message: protobuf's limit of 2 GiB. */
const maxMessageBytes = 2 ** 31 - 1;

/** Types that V1 has no list for. */
const refused: ReadonlySet<DType> = new Set<DType>([
  "bfloat16",
  "uint32",
  "uint64",
  "quint16",
  "qint16",
  "resource",
  "variant",
]);

/** Upper bound of an element's bytes in its list: MaxBytesPerElement. */
function elementBytes(dtype: DType): number {
  const { storage, width } = dtypes[dtype];
  if (storage === "f32") return 4 * width;
  if (storage === "f64") return 8 * width;
  if (dtype === "bool") return 1;
  if (dtype === "uint8" || dtype === "quint8") return 2;
  if (dtype === "uint16" || dtype === "float16") return 3;
  return 10;
}

/**
 * Writes `entries` as the V1 file `path`, atomically. Throws TfError INVALID_ARGUMENT "Tensor slice is too large to
 * serialize (conservative estimate: N bytes)"; UNIMPLEMENTED for types that V1 cannot hold.
 */
export async function writeV1(
  path: string,
  entries: readonly V1Entry[],
  options: WriteOptions = {},
): Promise<void> {
  const fs: FileSystem = options.fs ?? (await defaultFileSystem());
  const file = localPath(path);
  const meta = new Map<string, ISavedSliceMeta & { slice: ReturnType<typeof sliceToProto>[] }>();
  const rows: { readonly key: Uint8Array; readonly value: Uint8Array }[] = [];
  for (const { name, value, part } of entries) {
    const { dtype } = value;
    if (refused.has(dtype))
      throw new TfError("UNIMPLEMENTED", `Saving data type ${dtypes[dtype].cc} not yet supported`, {
        key: name,
        file,
        hint: "Write version V2 holds it.",
      });
    const fullShape = part?.fullShape ?? value.shape;
    const slice = part?.slice ?? fullSlice(value.shape.length);
    if (sliceShape(slice, fullShape).join() !== value.shape.join()) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Slice ${sliceToString(slice)} of [${fullShape}] does not have the shape of ${name}: [${value.shape}]`,
        { key: name, file },
      );
    }
    const estimate = sizeOf(value.shape) * elementBytes(dtype) + 1024;
    if (estimate > maxMessageBytes) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Tensor slice is too large to serialize (conservative estimate: ${estimate} bytes)`,
        { key: name, file, hint: "Write version V2 has no such limit." },
      );
    }
    const known = meta.get(name);
    if (known) known.slice.push(sliceToProto(slice));
    else
      meta.set(name, {
        name,
        shape: shapeToProto([...fullShape]),
        type: dtypeToProto(dtype),
        slice: [sliceToProto(slice)],
      });
    // dtype and shape stand in the directory; here is the list alone.
    const { dtype: _, tensorShape: __, ...list } = tensorToProto(value, { encoding: "list" });
    rows.push({
      key: encodeTensorNameSlice(keyOfName(name), slice),
      value: encode(SavedTensorSlices, { data: { name, slice: sliceToProto(slice), data: list } }),
    });
  }
  rows.sort((a, b) => compareBytes(a.key, b.key));

  const temporary = temporaryName(file);
  const sink = await fs.create(temporary);
  try {
    const table = new TableWriter(sink);
    await table.add(
      new Uint8Array(0),
      encode(SavedTensorSlices, { meta: { tensor: [...meta.values()], versions: { producer: 1 } } }),
    );
    for (const { key, value } of rows) {
      if (options.signal?.aborted)
        throw new TfError("CANCELLED", "Saving was cancelled.", { file, cause: options.signal.reason });
      await table.add(key, value);
    }
    await table.finish();
    await sink.close();
    await fs.rename(temporary, file);
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
