import type { OpEntry } from "../op-entry.ts";
import { boxOps } from "./box-ops.ts";
import { codecOps } from "./codec-ops.ts";
import { colorOps } from "./color-ops.ts";
import { cropAndResizeOps } from "./crop-and-resize.ts";
import { resizeOps } from "./resize-ops.ts";
import { suppressionOps } from "./suppression.ts";

export * from "./adjust-images.ts";
export * from "./arrange-images.ts";
export { drawBoundingBoxes, type SampleBoxOptions, sampleDistortedBoundingBox } from "./box-ops.ts";
export { type CropAndResizeOptions, cropAndResize } from "./crop-and-resize.ts";
export * from "./decode-image.ts";
export {
  type ResizeBuilder,
  type ResizeOptions,
  resizeArea,
  resizeBicubic,
  resizeBilinear,
  resizeNearestNeighbor,
} from "./resize-ops.ts";
export {
  type NonMaxSuppressionOptions,
  nonMaxSuppression,
  nonMaxSuppressionPadded,
} from "./suppression.ts";

/** Entries of the ops on images. */
export const imageOps: readonly OpEntry[] = [
  ...boxOps,
  ...codecOps,
  ...colorOps,
  ...cropAndResizeOps,
  ...resizeOps,
  ...suppressionOps,
];
