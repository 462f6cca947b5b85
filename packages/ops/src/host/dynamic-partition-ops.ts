// DynamicPartition and DynamicStitch: taking rows apart by number, and putting them together by index.
// Source: tensorflow/core/kernels/{dynamic_partition_op,dynamic_stitch_op}.cc, core/ops/data_flow_ops.cc,
// gradients from python/ops/data_flow_grad.py.
import type { InferenceContext } from "@org/graph";
import { allocateData, dtypes, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, numbersOf, subshape } from "../shape-rules.ts";

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** Copies rows: `rows[i]` of `from` becomes row `at[i]` of `to`. Elements alike, strings too. */
function copyRows(from: NdArray, to: unknown[], rows: readonly number[], at: readonly number[], row: number): void {
  const data = from.data as ArrayLike<unknown>;
  const width = row * dtypes[from.dtype].width;
  rows.forEach((source, i) => {
    for (let j = 0; j < width; j++) to[at[i]! * width + j] = data[source * width + j];
  });
}

const startsWith = (shape: readonly number[], prefix: readonly number[]): boolean =>
  prefix.every((dim, i) => shape[i] === dim);

function partition(c: HostContext): NdArray[] {
  const [data, partitions] = [c.input(0), c.input(1)];
  if (!startsWith(data.shape, partitions.shape))
    c.fail(
      "INVALID_ARGUMENT",
      `data.shape must start with partitions.shape, got data.shape = ${shown(data.shape)}, partitions.shape = ${shown(partitions.shape)}`,
    );
  const count = c.attrs.int("num_partitions");
  const rows: number[][] = Array.from({ length: count }, () => []);
  numbersOf(partitions).forEach((p, i) => {
    if (p < 0 || p >= count) {
      const at = indexText(partitions.shape, i);
      c.fail("INVALID_ARGUMENT", `partitions${at} = ${p} is not in [0, ${count})`);
    }
    rows[p]!.push(i);
  });
  const rest = data.shape.slice(partitions.shape.length);
  return rows.map((own) => {
    const shape = [own.length, ...rest];
    const out = allocateData(data.dtype, sizeOf(shape)) as unknown as unknown[];
    copyRows(data, out, own, own.map((_, i) => i), sizeOf(rest));
    return ndArray(data.dtype, shape, out as never);
  });
}

/** "[1]" or "[0,2]": where a flat index lies. */
function indexText(shape: readonly number[], flat: number): string {
  if (shape.length === 0) return "";
  const at: number[] = [];
  let rest = flat;
  for (let d = shape.length - 1; d >= 0; d--) {
    at.unshift(rest % shape[d]!);
    rest = Math.floor(rest / shape[d]!);
  }
  return shown(at);
}

function stitch(c: HostContext): NdArray[] {
  const half = c.inputCount / 2;
  const pairs = Array.from({ length: half }, (_, i) => ({ indices: c.input(i), data: c.input(half + i) }));
  const rest = pairs[0]!.data.shape.slice(pairs[0]!.indices.shape.length);
  let rows = 0;
  pairs.forEach(({ indices, data }, i) => {
    if (!startsWith(data.shape, indices.shape) || data.shape.length < indices.shape.length)
      c.fail(
        "INVALID_ARGUMENT",
        `data[${i}].shape = ${shown(data.shape)} does not start with indices[${i}].shape = ${shown(indices.shape)}`,
      );
    const own = data.shape.slice(indices.shape.length);
    if (shown(own) !== shown(rest))
      c.fail(
        "INVALID_ARGUMENT",
        `Need data[0].shape[${pairs[0]!.indices.shape.length}:] = data[${i}].shape[${indices.shape.length}:], got data[0].shape = ${shown(pairs[0]!.data.shape)}, data[${i}].shape = ${shown(data.shape)}, indices[0].shape = ${shown(pairs[0]!.indices.shape)}, indices[${i}].shape = ${shown(indices.shape)}`,
      );
    numbersOf(indices).forEach((index, j) => {
      if (index < 0) c.fail("INVALID_ARGUMENT", `indices${indexText(indices.shape, j)} is out of range`);
      rows = Math.max(rows, index + 1);
    });
  });
  const shape = [rows, ...rest];
  const { dtype } = pairs[0]!.data;
  const out = allocateData(dtype, sizeOf(shape)) as unknown as unknown[];
  for (const { indices, data } of pairs) {
    const at = numbersOf(indices);
    copyRows(data, out, at.map((_, i) => i), at, sizeOf(rest));
  }
  return [ndArray(dtype, shape, out as never)];
}

/** Rows as far as the largest index that is known, where all are. */
function stitchShape(c: InferenceContext): readonly Shape[] {
  const half = c.inputCount / 2;
  let rest = Shape.unknown;
  let rows: number | null = 0;
  for (let i = 0; i < half; i++) {
    const value = c.inputValue(i);
    if (value && rows !== null) rows = numbersOf(value).reduce((most, index) => Math.max(most, index + 1), rows);
    else rows = null;
    const [indices, data] = [c.input(i), c.input(half + i)];
    if (indices.rank === null || data.rank === null) continue;
    if (data.rank < indices.rank) invalid(`Shape must be at least rank ${indices.rank} but is rank ${data.rank}`);
    mergeShapes(indices, subshape(data, 0, indices.rank));
    rest = mergeShapes(rest, subshape(data, indices.rank));
  }
  return [new Shape([rows]).concat(rest)];
}

const stitches: OpSpec = { shape: stitchShape, host: stitch };

/** Entries of partitioning ops. */
export const dynamicPartitionOps: readonly OpEntry[] = defineOps({
  DynamicPartition: {
    shape: (c) => {
      const [data, partitions] = [c.input(0), c.input(1)];
      const count = c.attrs.int("num_partitions");
      let out = Shape.unknown;
      if (partitions.rank !== null) {
        if (data.rank !== null && data.rank < partitions.rank)
          invalid(`Shape must be at least rank ${partitions.rank} but is rank ${data.rank}`);
        mergeShapes(subshape(data, 0, partitions.rank), data.rank === null ? Shape.unknown : partitions);
        out = Shape.ofRank(1).concat(subshape(data, partitions.rank));
      }
      return Array.from({ length: count }, () => out);
    },
    host: partition,
  },
  DynamicStitch: stitches,
  ParallelDynamicStitch: stitches,
});
