// tf.image, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const adjustBrightness: typeof ops.adjustBrightness = /* @__PURE__ */ lift(ops.adjustBrightness);
export const adjustContrast: typeof ops.adjustContrast = /* @__PURE__ */ lift(ops.adjustContrast);
export const adjustHue: typeof ops.adjustHue = /* @__PURE__ */ lift(ops.adjustHue);
export const adjustSaturation: typeof ops.adjustSaturation = /* @__PURE__ */ lift(ops.adjustSaturation);
export const centralCrop: typeof ops.centralCrop = /* @__PURE__ */ lift(ops.centralCrop);
export const convertImageDType: typeof ops.convertImageDType = /* @__PURE__ */ lift(ops.convertImageDType);
export const cropAndResize: typeof ops.cropAndResize = /* @__PURE__ */ lift(ops.cropAndResize);
export const cropToBoundingBox: typeof ops.cropToBoundingBox = /* @__PURE__ */ lift(ops.cropToBoundingBox);
export const decodeBmp: typeof ops.decodeBmp = /* @__PURE__ */ lift(ops.decodeBmp);
export const decodeGif: typeof ops.decodeGif = /* @__PURE__ */ lift(ops.decodeGif);
export const decodeImage: typeof ops.decodeImage = /* @__PURE__ */ lift(ops.decodeImage);
export const decodeJpeg: typeof ops.decodeJpeg = /* @__PURE__ */ lift(ops.decodeJpeg);
export const decodePng: typeof ops.decodePng = /* @__PURE__ */ lift(ops.decodePng);
export const drawBoundingBoxes: typeof ops.drawBoundingBoxes = /* @__PURE__ */ lift(ops.drawBoundingBoxes);
export const encodePng: typeof ops.encodePng = /* @__PURE__ */ lift(ops.encodePng);
export const flipLeftRight: typeof ops.flipLeftRight = /* @__PURE__ */ lift(ops.flipLeftRight);
export const flipUpDown: typeof ops.flipUpDown = /* @__PURE__ */ lift(ops.flipUpDown);
export const grayscaleToRgb: typeof ops.grayscaleToRgb = /* @__PURE__ */ lift(ops.grayscaleToRgb);
export const isJpeg: typeof ops.isJpeg = /* @__PURE__ */ lift(ops.isJpeg);
export const nonMaxSuppression: typeof ops.nonMaxSuppression = /* @__PURE__ */ lift(ops.nonMaxSuppression);
export const nonMaxSuppressionPadded: typeof ops.nonMaxSuppressionPadded = /* @__PURE__ */ lift(
  ops.nonMaxSuppressionPadded,
);
export const padToBoundingBox: typeof ops.padToBoundingBox = /* @__PURE__ */ lift(ops.padToBoundingBox);
export const perImageStandardization: typeof ops.perImageStandardization = /* @__PURE__ */ lift(
  ops.perImageStandardization,
);
export const randomBrightness: typeof ops.randomBrightness = /* @__PURE__ */ lift(ops.randomBrightness);
export const randomContrast: typeof ops.randomContrast = /* @__PURE__ */ lift(ops.randomContrast);
export const randomFlipLeftRight: typeof ops.randomFlipLeftRight = /* @__PURE__ */ lift(
  ops.randomFlipLeftRight,
);
export const randomFlipUpDown: typeof ops.randomFlipUpDown = /* @__PURE__ */ lift(ops.randomFlipUpDown);
export const randomHue: typeof ops.randomHue = /* @__PURE__ */ lift(ops.randomHue);
export const randomSaturation: typeof ops.randomSaturation = /* @__PURE__ */ lift(ops.randomSaturation);
export const resizeArea: typeof ops.resizeArea = /* @__PURE__ */ lift(ops.resizeArea);
export const resizeBicubic: typeof ops.resizeBicubic = /* @__PURE__ */ lift(ops.resizeBicubic);
export const resizeBilinear: typeof ops.resizeBilinear = /* @__PURE__ */ lift(ops.resizeBilinear);
export const resizeImageWithCropOrPad: typeof ops.resizeImageWithCropOrPad = /* @__PURE__ */ lift(
  ops.resizeImageWithCropOrPad,
);
export const resizeImages: typeof ops.resizeImages = /* @__PURE__ */ lift(ops.resizeImages);
export const resizeNearestNeighbor: typeof ops.resizeNearestNeighbor = /* @__PURE__ */ lift(
  ops.resizeNearestNeighbor,
);
export const rgbToGrayscale: typeof ops.rgbToGrayscale = /* @__PURE__ */ lift(ops.rgbToGrayscale);
export const rot90: typeof ops.rot90 = /* @__PURE__ */ lift(ops.rot90);
export const sampleDistortedBoundingBox: typeof ops.sampleDistortedBoundingBox = /* @__PURE__ */ lift(
  ops.sampleDistortedBoundingBox,
);
export const totalVariation: typeof ops.totalVariation = /* @__PURE__ */ lift(ops.totalVariation);
export const transpose: typeof ops.transposeImage = /* @__PURE__ */ lift(ops.transposeImage);

/** tf.image.convert_image_dtype. */
export const convertImageDtype: typeof ops.convertImageDType = convertImageDType;
/** tf.image.resize: as resizeImages. */
export const resize: typeof ops.resizeImages = resizeImages;
/** tf.image.resize_with_crop_or_pad: as resizeImageWithCropOrPad. */
export const resizeWithCropOrPad: typeof ops.resizeImageWithCropOrPad = resizeImageWithCropOrPad;

export { ResizeMethod } from "@org/ops";
