// Where the largest and smallest are: ArgMax, ArgMin. Source: core/ops/math_ops.cc (ArgOpShape),
// core/kernels/argmax_op.cc, python/ops/math_ops.py.
import type { Tensor } from "@org/graph";
import type { HloDType } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { noGradient } from "../gradient.ts";
import { hostNumber } from "../lowering.ts";
import type { OpEntry } from "../op-entry.ts";
import { invalid, scalarValue, withRank } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

export interface ArgOptions extends NameOption {
  readonly axis?: TensorLike | undefined;
  /** int64 unless given. */
  readonly outputType?: "int32" | "int64" | undefined;
}

function arg(
  type: string,
  input: TensorLike,
  axis: TensorLike | ArgOptions | undefined,
  options: ArgOptions,
): Tensor {
  const all: ArgOptions = isOptions(axis)
    ? { ...(axis as ArgOptions), ...options }
    : { ...options, axis: (axis as TensorLike | undefined) ?? options.axis };
  return applyOne(type, [input, all.axis ?? int32(0)], {
    name: all.name,
    attrs: { output_type: all.outputType },
  });
}

/** tf.argmax: the index of the (first) largest along `axis` (0 unless given). @tfExport argmax */
export function argmax(input: TensorLike, axis?: TensorLike | ArgOptions, options: ArgOptions = {}): Tensor {
  return arg("ArgMax", input, axis, options);
}

/** tf.argmin: the index of the (first) smallest along `axis` (0 unless given). @tfExport argmin */
export function argmin(input: TensorLike, axis?: TensorLike | ArgOptions, options: ArgOptions = {}): Tensor {
  return arg("ArgMin", input, axis, options);
}

function entry(reducer: "maximum" | "minimum"): OpSpec {
  return {
    shape: (c) => {
      withRank(c.input(1), 0);
      const { dims } = c.input(0);
      if (dims === null) return [Shape.unknown];
      if (dims.length <= 1) return [Shape.scalar];
      const value = scalarValue(c, 1);
      if (value === undefined) return [Shape.ofRank(dims.length - 1)];
      const axis = value < 0 ? value + dims.length : value;
      if (axis < 0 || axis >= dims.length) {
        invalid(
          `Dimension (${value}) must be in the range [${-dims.length}, ${dims.length}), where ${dims.length} is the number of dimensions in the input.`,
        );
      }
      return [new Shape(dims.filter((_, i) => i !== axis))];
    },
    hostInputs: [1],
    lower: (c) => {
      const x = c.input(0);
      const { length } = x.dims;
      const value = hostNumber(c, 1);
      const axis = value < 0 ? value + length : value;
      if (axis < 0 || axis >= length) {
        c.fail(
          "INVALID_ARGUMENT",
          `Expected dimension in the range [${-length}, ${length}), but got ${value}`,
        );
      }
      if (x.dims[axis] === 0) {
        c.fail("INVALID_ARGUMENT", `Reduction axis ${value} is empty in shape [${x.dims}]`);
      }
      return c.builder.convert(c.builder.argReduce(x, reducer, axis), c.outputDType(0) as HloDType);
    },
    gradient: noGradient,
  };
}

/** ArgMax, ArgMin. */
export const argOps: readonly OpEntry[] = defineOps({
  ArgMax: entry("maximum"),
  ArgMin: entry("minimum"),
});
