// tf.cross: cross products. Source: core/ops/math_ops.cc, core/kernels/cross_op.cc, python/ops/math_grad.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { applyOne } from "../apply-op.ts";
import { defineOp } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, withRankAtLeast, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/**
 * tf.cross: the cross products of the 3-vectors in the last dimension of `a` and `b`, which have one shape and a real type.
 * Throws TfError INVALID_ARGUMENT where the shapes differ, or the last dimension is not 3.
 * @tfExport cross, linalg.cross
 */
export function cross(a: TensorLike | Grad, b: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("Cross", [a, b], options);
}

/** x[..., (i + by) % 3] for i = 0, 1, 2. */
function rolled({ builder }: LoweringContext, x: HloInstruction, by: number): HloInstruction {
  const last = x.dims.length - 1;
  const part = (from: number, to: number): HloInstruction =>
    builder.slice(x, [...x.dims.slice(0, last).fill(0), from], [...x.dims.slice(0, last), to]);
  return builder.concatenate([part(by, 3), part(0, by)], last);
}

/** The entry of Cross. */
export const crossOp: OpEntry = defineOp("Cross", {
  shape: (c) => {
    const shape = mergeShapes(withRankAtLeast(c.input(0), 1), withRankAtLeast(c.input(1), 1));
    if (shape.dims) withValue(shape.dims.at(-1)!, 3);
    return [shape];
  },
  lower: (c) => {
    const [a, b] = [c.input(0), c.input(1)];
    if (`${a.dims}` !== `${b.dims}`)
      c.fail("INVALID_ARGUMENT", `Both inputs must be of same shape: [${a.dims}] vs. [${b.dims}]`);
    if (a.dims.length === 0) c.fail("INVALID_ARGUMENT", "Input must be at least 1D[]");
    if (a.dims.at(-1) !== 3)
      c.fail("FAILED_PRECONDITION", "Cross-products are only defined for 3-element vectors.");
    const product = (byA: number, byB: number): HloInstruction =>
      c.builder.binary("multiply", rolled(c, a, byA), rolled(c, b, byB));
    return c.builder.binary("subtract", product(1, 2), product(2, 1));
  },
  gradient: single(({ inputs: [a, b] }, grad) => [cross(b!, dense(grad)), cross(dense(grad), a!)]),
});
