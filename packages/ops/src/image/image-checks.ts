// What functions on images ask of them before they build, at once where shapes are known and by Assert where they are not.
// Source: _CheckAtLeast3DImage, _AssertAtLeast3DImage, _ImageDimensions, _assert in python/ops/image_ops_impl.py.
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { unstack } from "../array/pack.ts";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { Assert } from "../control/assert.ts";
import { assertGreaterEqual, assertPositive } from "../control/check-ops.ts";
import { withDependencies } from "../control/group.ts";
import { maximum, minimum } from "../math/binary.ts";
import { equal } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { invalid } from "../shape-rules.ts";
import { int32 } from "../to-nd-array.ts";

/** A dimension or a place: a number where it is known, else a scalar int32 tensor. */
export type Extent = number | Tensor;

/** Checks of an image's (or a batch's) shape. Throws TfError INVALID_ARGUMENT for fewer than three dimensions or an empty one. */
export function imageChecks(image: Tensor): readonly Operation[] {
  const { dims } = image.shape;
  if (dims !== null && dims.length < 3) invalid("'image' must be at least three-dimensional.");
  if (dims?.includes(0)) invalid(`all dims of 'image.shape' must be > 0: ${image.shape.toTuple()}`);
  if (image.shape.isFullyDefined()) return [];
  return [
    assertPositive(shapeOf(image), { data: ["all dims of 'image.shape' must be > 0."] }),
    assertGreaterEqual(rankOf(image), int32(3), { message: "'image' must be at least three-dimensional." }),
  ];
}

/** The image, under checks of its shape. */
export function checkedImage(image: Tensor): Tensor {
  return withDependencies(imageChecks(image), image);
}

/** The dimensions of an image of that rank. */
export function extentsOf(image: Tensor, rank: number): readonly Extent[] {
  const { dims } = image.shape;
  if (dims !== null && image.shape.isFullyDefined()) return image.shape.toNumbers();
  const told = unstack(shapeOf(image), { num: rank });
  return told.map((dim, i) => dims?.[i] ?? dim);
}

/** A check of numbers (thrown at once) or tensors (an Assert). */
export function extentCheck(holds: boolean | Tensor, sentence: string): readonly Operation[] {
  if (isTensor(holds)) return [Assert(holds, [sentence])];
  if (!holds) invalid(sentence);
  return [];
}

const bothNumbers = (a: Extent, b: Extent): a is number => typeof a === "number" && typeof b === "number";

/** Arithmetic and comparison of extents: numbers stay numbers. */
export const extents = {
  add: (a: Extent, b: Extent): Extent => (bothNumbers(a, b) ? a + (b as number) : operator.add(a, b)),
  sub: (a: Extent, b: Extent): Extent => (bothNumbers(a, b) ? a - (b as number) : operator.sub(a, b)),
  halved: (a: Extent): Extent => (typeof a === "number" ? Math.floor(a / 2) : operator.floordiv(a, 2)),
  negated: (a: Extent): Extent => (typeof a === "number" ? -a : operator.neg(a)),
  max: (a: Extent, b: Extent): Extent => (bothNumbers(a, b) ? Math.max(a, b as number) : maximum(a, b)),
  min: (a: Extent, b: Extent): Extent => (bothNumbers(a, b) ? Math.min(a, b as number) : minimum(a, b)),
  ge: (a: Extent, b: Extent): boolean | Tensor =>
    bothNumbers(a, b) ? a >= (b as number) : operator.ge(a, b),
  gt: (a: Extent, b: Extent): boolean | Tensor => (bothNumbers(a, b) ? a > (b as number) : operator.gt(a, b)),
  eq: (a: Extent, b: Extent): boolean | Tensor => (bothNumbers(a, b) ? a === b : equal(a, b)),
};

/** The dimension as a shape has it. */
export const known = (extent: Extent): number | null => (typeof extent === "number" ? extent : null);
