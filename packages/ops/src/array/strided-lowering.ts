// What a strided slice lowers to: a slice, reversed where strides are negative; and the other way, values put where a slice was.
// No op: strided-slice.ts, ../state/slice-assign.ts. Source: core/kernels/strided_slice_op.cc.
import type { InferenceContext } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { hostNumbers } from "../lowering.ts";
import type { LoweringContext } from "../op-entry.ts";
import { type DenseSlice, denseSlice, type SliceMasks } from "./strided-spec.ts";

/** The masks that a node's attributes hold. */
export function masksOf(attrs: InferenceContext["attrs"]): SliceMasks {
  return {
    begin: attrs.int("begin_mask"),
    end: attrs.int("end_mask"),
    ellipsis: attrs.int("ellipsis_mask"),
    newAxis: attrs.int("new_axis_mask"),
    shrinkAxis: attrs.int("shrink_axis_mask"),
  };
}

/** The slice that three host arguments from position `at` on describe. */
export function hostSlice(c: LoweringContext, at: number, dims: readonly number[]): DenseSlice {
  const [begin, end, strides] = [0, 1, 2].map((i) => hostNumbers(c, at + i)) as [
    number[],
    number[],
    number[],
  ];
  return denseSlice({ begin, end, strides, masks: masksOf(c.attrs) }, dims, (sentence) =>
    c.fail("INVALID_ARGUMENT", sentence),
  );
}

/** Dimensions with a negative stride, and the same slice forwards: start, limit, stride of each. */
function forwards({ begin, strides, processing }: DenseSlice) {
  const backwards: number[] = [];
  const start: number[] = [];
  const limit: number[] = [];
  const steps: number[] = [];
  processing.forEach((size, i) => {
    const stride = strides[i]!;
    const count = size!;
    const last = begin[i]! + (count - 1) * stride;
    steps.push(Math.abs(stride));
    if (count === 0) {
      start.push(0);
      limit.push(0);
    } else if (stride > 0) {
      start.push(begin[i]!);
      limit.push(last + 1);
    } else {
      backwards.push(i);
      start.push(last);
      limit.push(begin[i]! + 1);
    }
  });
  return { backwards, start, limit, steps };
}

/** The slice of `x`. */
export function lowerSlice(c: LoweringContext, x: HloInstruction, spec: DenseSlice): HloInstruction {
  const { backwards, start, limit, steps } = forwards(spec);
  const cut = c.builder.slice(x, start, limit, steps);
  const turned = backwards.length > 0 ? c.builder.reverse(cut, backwards) : cut;
  return c.builder.reshape(turned, spec.final as readonly number[]);
}

/** `value` where the slice `spec` of an array of `dims` was, and `fill` elsewhere. */
export function spreadSlice(
  c: LoweringContext,
  value: HloInstruction,
  fill: HloInstruction,
  dims: readonly number[],
  spec: DenseSlice,
): HloInstruction {
  const { backwards, start, steps } = forwards(spec);
  const sizes = spec.processing as readonly number[];
  const shaped = c.builder.reshape(value, sizes);
  const turned = backwards.length > 0 ? c.builder.reverse(shaped, backwards) : shaped;
  const interior = sizes.map((size, i) => (size > 1 ? steps[i]! - 1 : 0));
  const high = dims.map((dim, i) => {
    const covered = sizes[i] === 0 ? 0 : (sizes[i]! - 1) * (interior[i]! + 1) + 1;
    return dim - start[i]! - covered;
  });
  return c.builder.pad(turned, fill, { low: start, high, interior });
}
