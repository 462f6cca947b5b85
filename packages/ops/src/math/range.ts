// Sequences: Range and LinSpace. Source: core/ops/math_ops.cc, core/kernels/sequence_ops.cc, python/ops/math_ops.py.
import type { Tensor } from "@org/graph";
import type { HloDType } from "@org/hlo";
import { type DType, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { hostNumber } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, scalarValue, withRank } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { cast } from "./cast.ts";

export interface RangeOptions extends NameOption {
  readonly dtype?: DType | undefined;
}

const hierarchy: readonly DType[] = ["int32", "int64", "float32", "float64"];

/**
 * tf.range: start, start + delta ... below limit; `range(n)` starts at 0. Whole numbers are int32, others float32,
 * unless a tensor or `dtype` says otherwise.
 * @tfExport range
 */
export function range(
  start: TensorLike,
  limit?: TensorLike | RangeOptions | null,
  delta?: TensorLike | RangeOptions,
  options?: RangeOptions,
): Tensor {
  const rest = [limit, delta, options];
  const given = rest.find((value) => isOptions(value)) as RangeOptions | undefined;
  const [end, step] = [limit, delta].map((v) =>
    isOptions(v) || v === null ? undefined : (v as TensorLike | undefined),
  );
  const args: [TensorLike, TensorLike, TensorLike] =
    end === undefined ? [0, start, step ?? 1] : [start, end, step ?? 1];
  const { name = "range", dtype } = given ?? {};
  const graph = resolveGraph(args);
  return withScope(graph, name, "Range", (scope) => {
    const names = ["start", "limit", "delta"];
    const whole = args.every((value) => typeof value !== "number" || Number.isInteger(value));
    let tensors = args.map((value, i) => {
      const of = dtype ?? (typeof value === "number" && whole ? "int32" : undefined);
      return convertToTensor(value, { name: names[i], graph, ...(of === undefined ? {} : { dtype: of }) });
    });
    if (dtype === undefined) {
      const widest = Math.max(...tensors.map((t) => hierarchy.indexOf(t.dtype)));
      tensors = tensors.map((t) => cast(t, hierarchy[widest] ?? t.dtype));
    }
    return applyOne("Range", tensors, { name: scope });
  });
}

/** tf.linspace (tf.lin_space): `num` numbers from start to stop, both included. @tfExport linspace */
export function linspace(
  start: TensorLike,
  stop: TensorLike,
  num: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("LinSpace", [start, stop, num], options);
}

/** Elements of a range; throws (by `fail`) where it does not end. */
function rangeSize(start: number, limit: number, delta: number, fail: (sentence: string) => never): number {
  if (delta === 0) fail(`Requires delta != 0: ${delta}`);
  if (delta > 0 && start > limit) fail(`Requires start <= limit when delta > 0: ${start}/${limit}`);
  if (delta < 0 && start < limit) fail(`Requires start >= limit when delta < 0: ${start}/${limit}`);
  return Math.max(0, Math.ceil(Math.abs((limit - start) / delta)));
}

/** start + i * delta, i from 0. */
function progression(
  c: LoweringContext,
  count: number,
  start: number,
  delta: number,
): ReturnType<LoweringContext["input"]> {
  const dtype = c.outputDType(0) as HloDType;
  const b = c.builder;
  const scalar = (value: number): ReturnType<LoweringContext["input"]> =>
    b.broadcastTo(b.extent(dtype, value), [count]);
  return b.binary("add", b.binary("multiply", b.iota(dtype, [count], 0), scalar(delta)), scalar(start));
}

/** Range, LinSpace. */
export const rangeOps: readonly OpEntry[] = defineOps({
  Range: {
    shape: (c) => {
      for (const i of [0, 1, 2]) withRank(c.input(i), 0);
      const [start, limit, delta] = [0, 1, 2].map((i) => scalarValue(c, i));
      if (start === undefined || limit === undefined || delta === undefined) return [new Shape([null])];
      return [new Shape([rangeSize(start, limit, delta, invalid)])];
    },
    hostInputs: [0, 1, 2],
    lower: (c) => {
      const [start, limit, delta] = [0, 1, 2].map((i) => hostNumber(c, i)) as [number, number, number];
      const count = rangeSize(start, limit, delta, (sentence) => c.fail("INVALID_ARGUMENT", sentence));
      return progression(c, count, start, delta);
    },
    gradient: null,
  },
  LinSpace: {
    shape: (c) => {
      for (const i of [0, 1, 2]) withRank(c.input(i), 0);
      const num = scalarValue(c, 2);
      if (num === undefined) return [new Shape([null])];
      if (num <= 0) invalid(`Requires num > 0: ${num}`);
      return [new Shape([num])];
    },
    hostInputs: [0, 1, 2],
    lower: (c) => {
      const [start, stop, num] = [0, 1, 2].map((i) => hostNumber(c, i)) as [number, number, number];
      if (num <= 0) c.fail("INVALID_ARGUMENT", `Requires num > 0: ${num}`);
      const step = num === 1 ? 0 : (stop - start) / (num - 1);
      return progression(c, num, start, step);
    },
    gradient: null,
  },
});
