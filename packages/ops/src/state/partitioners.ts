// Partitioners: how many parts a variable gets per dimension, told from its shape and type.
// Source: python/ops/partitioned_variables.py (fixed_size_partitioner, variable_axis_size_partitioner, min_max_variable_partitioner).
import { TfError } from "@org/errors";
import { type DType, dtypes, type Shape } from "@org/tensor";

/** Parts per dimension of a variable of that shape and type; at most one number is above 1. */
export type Partitioner = (shape: Shape, dtype: DType) => readonly number[];

const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

/** The dimensions of a shape that a partitioner can work on. Throws TfError INVALID_ARGUMENT where it is not fully known, or `axis` is not in it. */
function dimsOf(shape: Shape, axis: number): number[] {
  if (!shape.isFullyDefined()) invalid(`shape is not fully defined: ${shape}`);
  const dims = shape.toNumbers();
  if (axis < 0 || axis >= dims.length)
    invalid(`Can not partition variable along axis ${axis} when shape is only ${shape}`);
  return dims;
}

/** Bytes of an element as the partitioners count them: strings by an estimate. */
function elementBytes(dtype: DType, bytesPerString: number): number {
  return dtype === "string" ? bytesPerString : dtypes[dtype].bytes;
}

const parts = (rank: number, axis: number, count: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i === axis ? count : 1));

/** Always `numShards` parts along `axis`, or as many as that dimension is long. As tf.fixed_size_partitioner. */
export function fixedSizePartitioner(numShards: number, axis = 0): Partitioner {
  return (shape) => {
    const dims = dimsOf(shape, axis);
    return parts(dims.length, axis, Math.min(dims[axis]!, numShards));
  };
}

export interface VariableAxisSizeOptions {
  /** The dimension to cut. Default 0. */
  readonly axis?: number;
  /** Estimated size of an element of a string variable, in bytes. Default 16. */
  readonly bytesPerStringElement?: number;
  /** At most so many parts. */
  readonly maxShards?: number;
}

/**
 * As few parts along `axis` as keep each below `maxShardBytes` bytes; one part where a single slice is already larger.
 * As tf.variable_axis_size_partitioner. Throws TfError INVALID_ARGUMENT for sizes below 1.
 */
export function variableAxisSizePartitioner(
  maxShardBytes: number,
  options: VariableAxisSizeOptions = {},
): Partitioner {
  const { axis = 0, bytesPerStringElement = 16, maxShards } = options;
  if (maxShardBytes < 1 || bytesPerStringElement < 1)
    invalid("Both max_shard_bytes and bytes_per_string_element must be positive.");
  if (maxShards !== undefined && maxShards < 1) invalid("max_shards must be positive.");
  return (shape, dtype) => {
    const dims = dimsOf(shape, axis);
    const length = dims[axis]!;
    const elements = dims.reduce((product, dim) => product * dim, 1);
    const sliceBytes = (elements / length) * elementBytes(dtype, bytesPerStringElement);
    // A slice that is larger than a shard cannot be cut along this axis any further: one a shard.
    const slicesPerShard = Math.max(1, Math.floor(maxShardBytes / sliceBytes));
    const needed = Math.ceil(length / slicesPerShard);
    return parts(dims.length, axis, maxShards === undefined ? needed : Math.min(maxShards, needed));
  };
}

export interface MinMaxOptions {
  /** At most so many parts. Default 1. */
  readonly maxPartitions?: number;
  /** The dimension to cut. Default 0. */
  readonly axis?: number;
  /** Least size of a part, in bytes. Default 256 KiB. */
  readonly minSliceSize?: number;
  /** Estimated size of an element of a string variable, in bytes. Default 16. */
  readonly bytesPerStringElement?: number;
}

/** As many parts along `axis` as `maxPartitions` and `minSliceSize` allow. As tf.min_max_variable_partitioner. */
export function minMaxVariablePartitioner(options: MinMaxOptions = {}): Partitioner {
  const { maxPartitions = 1, axis = 0, minSliceSize = 256 << 10, bytesPerStringElement = 16 } = options;
  return (shape, dtype) => {
    const dims = dimsOf(shape, axis);
    const bytes =
      dims.reduce((product, dim) => product * dim, 1) * elementBytes(dtype, bytesPerStringElement);
    const wanted = Math.max(1, Math.ceil(bytes / minSliceSize));
    return parts(dims.length, axis, Math.max(1, Math.min(wanted, dims[axis]!, maxPartitions)));
  };
}
