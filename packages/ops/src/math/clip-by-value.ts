// ClipByValue, the op: graphs made by others than Python's tf.clip_by_value, which builds Minimum and Maximum, have it.
// Source: core/ops/math_ops.cc, core/kernels/cwise_op_clip.cc, python/ops/clip_ops.py of TensorFlow 1.15.
import type { HloInstruction } from "@org/hlo";
import { zeros } from "../array/fill.ts";
import { shape } from "../array/shape-of.ts";
import { defineOp } from "../define.ts";
import { dense, single } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import { broadcastGradientArgs, unbroadcast } from "./broadcast-gradient.ts";
import { greater, less, logicalOr } from "./comparison.ts";
import { where } from "./select.ts";

/** The entry of ClipByValue. */
export const clipByValueOp: OpEntry = defineOp("ClipByValue", {
  shape: unchanged,
  lower: (c) => {
    const [x, low, high] = [c.input(0), c.input(1), c.input(2)];
    const fits = ({ dims }: HloInstruction): boolean => dims.length === 0 || `${dims}` === `${x.dims}`;
    if (!fits(low) || !fits(high))
      c.fail(
        "INVALID_ARGUMENT",
        `clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: [${x.dims}]clip_value_min shape: [${low.dims}]clip_value_max shape: [${high.dims}]`,
      );
    const like = (bound: HloInstruction): HloInstruction => c.builder.broadcastTo(bound, x.dims);
    return c.builder.binary("maximum", c.builder.binary("minimum", x, like(high)), like(low));
  },
  gradient: single(({ inputs: [x, low, high] }, incoming) => {
    const grad = dense(incoming);
    const nothing = zeros(shape(grad), grad.dtype);
    const [below, above] = [less(x!, low!), greater(x!, high!)];
    const [ofLow, ofHigh] = [broadcastGradientArgs(x!, low!), broadcastGradientArgs(x!, high!)];
    return [
      where(logicalOr(below, above), nothing, grad),
      unbroadcast(where(below, grad, nothing), { shape: ofLow.sy, axes: ofLow.ry }),
      unbroadcast(where(above, grad, nothing), { shape: ofHigh.sy, axes: ofHigh.ry }),
    ];
  }),
});
