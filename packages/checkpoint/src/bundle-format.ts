// A V2 checkpoint: one index and one or more data files ("shards").
// Source: tensorflow/core/util/tensor_bundle/, core/protobuf/tensor_bundle.proto.
//
//   <prefix>.index                    a table (table-format.ts): "" -> BundleHeaderProto, key -> BundleEntryProto, sorted bytewise
//   <prefix>.data-00000-of-00001      tensors' bytes (tensor-bytes.ts) at the entries' offsets
//
// A partitioned variable's key holds dtype, shape and its slices only; each slice lies under
// encodeTensorNameSlice(key, slice) (ordered-code.ts).

/** The path of a shard: "<prefix>.data-00000-of-00001". */
export function dataFilename(prefix: string, shard: number, shards: number): string {
  const five = (value: number): string => String(value).padStart(5, "0");
  return `${prefix}.data-${five(shard)}-of-${five(shards)}`;
}

/** Version that we write and the oldest consumer that reads it. */
export const bundleVersion = { producer: 1, minConsumer: 0 } as const;
