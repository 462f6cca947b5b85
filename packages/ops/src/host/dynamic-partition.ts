// DynamicPartition: rows taken apart by number. Its inverse is array/dynamic-stitch.ts.
// Source: tensorflow/core/kernels/dynamic_partition_op.cc, core/ops/data_flow_ops.cc, python/ops/data_flow_grad.py.
import type { Tensor } from "@org/graph";
import { allocateData, dtypes, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { reshape } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { defineOps } from "../define.ts";
import { dense, several } from "../gradient.ts";
import { range } from "../math/range.ts";
import { reduceProd } from "../math/reductions.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeDims, numbersOf, subshape } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.dynamic_partition: output p has the rows of `data` whose number in `partitions` is p. @tfExport dynamicPartition */
export function dynamicPartition(
  data: TensorLike,
  partitions: TensorLike,
  numPartitions: number,
  options: NameOption = {},
): readonly Tensor[] {
  return applyOp("DynamicPartition", [data, partitions], {
    ...options,
    attrs: { num_partitions: numPartitions },
  }).outputs;
}

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** "[1]" or "[0,2]": where a flat index lies; "" in a scalar. */
function indexText(dims: readonly number[], flat: number): string {
  const at: number[] = [];
  let rest = flat;
  for (let d = dims.length - 1; d >= 0; d--) {
    at.unshift(rest % dims[d]!);
    rest = Math.floor(rest / dims[d]!);
  }
  return dims.length === 0 ? "" : shown(at);
}

function partition(c: HostContext): NdArray[] {
  const [data, partitions] = [c.input(0), c.input(1)];
  if (partitions.shape.some((dim, i) => data.shape[i] !== dim))
    c.fail(
      "INVALID_ARGUMENT",
      `data.shape must start with partitions.shape, got data.shape = ${shown(data.shape)}, partitions.shape = ${shown(partitions.shape)}`,
    );
  const count = c.attrs.int("num_partitions");
  const rows: number[][] = Array.from({ length: count }, () => []);
  numbersOf(partitions).forEach((p, i) => {
    if (p < 0 || p >= count)
      c.fail(
        "INVALID_ARGUMENT",
        `partitions${indexText(partitions.shape, i)} = ${p} is not in [0, ${count})`,
      );
    rows[p]!.push(i);
  });
  const rest = data.shape.slice(partitions.shape.length);
  const stride = sizeOf(rest) * dtypes[data.dtype].width;
  const from = data.data as ArrayLike<unknown>;
  return rows.map((own) => {
    const dims = [own.length, ...rest];
    const to = allocateData(data.dtype, sizeOf(dims)) as unknown as unknown[];
    own.forEach((row, i) => {
      for (let j = 0; j < stride; j++) to[i * stride + j] = from[row * stride + j];
    });
    return ndArray(data.dtype, dims, to as never);
  });
}

/** The entry of DynamicPartition. */
export const dynamicPartitionOps: readonly OpEntry[] = defineOps({
  DynamicPartition: {
    shape: (c) => {
      const [data, partitions] = [c.input(0), c.input(1)];
      let out = Shape.unknown;
      if (partitions.rank !== null) {
        if (data.rank !== null && data.rank < partitions.rank)
          invalid(`Shape must be at least rank ${partitions.rank} but is rank ${data.rank}`);
        const dims = data.rank === null ? undefined : subshape(data, 0, partitions.rank).dims;
        dims?.forEach((dim, i) => void mergeDims(dim, partitions.dims![i]!));
        out = Shape.ofRank(1).concat(subshape(data, partitions.rank));
      }
      return Array.from({ length: c.attrs.int("num_partitions") }, () => out);
    },
    host: partition,
    // Where each row went says where its gradient comes from.
    gradient: several((op, grads) => {
      const [data, partitions] = op.inputs as [Tensor, Tensor];
      const prefix = shape(partitions);
      const places = reshape(range(0, reduceProd(prefix)), prefix);
      const moved = dynamicPartition(places, partitions, op.attrs.int("num_partitions"));
      const back = applyOne("ParallelDynamicStitch", [moved, grads.map((grad) => dense(grad!))]);
      return [reshape(back, shape(data)), undefined];
    }),
  },
});
