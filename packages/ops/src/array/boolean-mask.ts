// booleanMask: the elements or rows where a mask holds; a composite. Source: python/ops/array_ops.py.
import type { Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { where } from "../math/select.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { concat } from "./concat.ts";
import { gather } from "./gather.ts";
import { reshape, squeeze } from "./reshape.ts";
import { shape } from "./shape-of.ts";
import { getItem } from "./strided-slice.ts";

/**
 * tf.boolean_mask: what `mask` holds for, of the dimensions that begin at `axis` (0 unless given), in one dimension.
 * Throws a TypeError where the mask is a scalar, of unknown rank, or does not fit.
 * @tfExport booleanMask
 */
export function booleanMask(
  tensor: TensorLike,
  mask: TensorLike,
  options: NameOption & { axis?: number } = {},
): Tensor {
  const { axis = 0, name } = options;
  const graph = resolveGraph([tensor, mask]);
  return withScope(graph, name, "boolean_mask", () => {
    const x = convertToTensor(tensor, { name: "tensor", graph });
    const m = convertToTensor(mask, { name: "mask", graph });
    const { rank } = m.shape;
    if (rank === 0) throw new TypeError("mask cannot be scalar.");
    if (rank === null) {
      throw new TypeError(
        "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. shape=[None] is ok, but shape=None is not.",
      );
    }
    const end = axis + rank;
    const masked = x.shape.dims === null ? Shape.unknown : new Shape(x.shape.dims.slice(axis, end));
    if (!masked.isCompatibleWith(m.shape)) {
      throw new TypeError(`Shapes ${masked} and ${m.shape} are incompatible`);
    }
    const leading = getItem(shape(x), [{ start: axis, stop: end }]);
    const size = applyOne("Prod", [leading, [0]]);
    const before = getItem(shape(x), [{ stop: axis }]);
    const after = getItem(shape(x), [{ start: end }]);
    const flat = reshape(x, concat([before, [size], after] as TensorLike[], 0));
    if (x.shape.dims !== null) {
      flat.setShape([...x.shape.dims.slice(0, axis), masked.numElements(), ...x.shape.dims.slice(end)]);
    }
    const indices = squeeze(where(reshape(m, [-1])), [1]);
    return axis === 0 ? gather(flat, indices) : gather(flat, indices, { axis });
  });
}
