// Image ops: decoding, resizing, flips, crops, colour distortion, bounding boxes, non-max suppression.
import * as tf from "../../src/index.ts";

export function build(): void {
  tf.setRandomSeed(61);
  const contents = tf.placeholder("string", [], { name: "contents" });
  const batch = tf.placeholder("float32", [2, 8, 8, 3], { name: "batch" });
  let image = tf.image.decodeJpeg(contents, { channels: 3, fancyUpscaling: false });
  tf.image.decodePng(contents, { dtype: "uint16" });
  tf.image.decodeImage(contents, { channels: 1 });
  image = tf.image.convertImageDtype(image, "float32");
  const dims = tf.shape(image);
  const [begin, size] = tf.image.sampleDistortedBoundingBox(dims, tf.constant([[[0.1, 0.2, 0.5, 0.9]]]), {
    minObjectCovered: 0.1,
    aspectRatioRange: [0.75, 1.33],
  });
  const crop = tf.slice(image, begin, size);
  const resized = tf.image.resizeImages(crop, [32, 32], { method: tf.image.ResizeMethod.BICUBIC });
  let flipped = tf.image.randomFlipLeftRight(resized, { seed: 3 });
  flipped = tf.image.randomFlipUpDown(flipped);
  const bright = tf.image.randomBrightness(flipped, 0.2);
  const distorted = tf.image.randomSaturation(tf.image.randomHue(bright, 0.1), 0.5, 1.5);
  const contrast = tf.image.adjustContrast(tf.image.randomContrast(distorted, 0.2, 1.8), 1.5);
  const final = tf.image.perImageStandardization(tf.clipByValue(contrast, 0, 1));
  tf.image.resizeBilinear(batch, [16, 16], { alignCorners: true, name: "bilinear" });
  const doubled = tf.operator.mul(tf.getItem(tf.shape(batch), [{ start: 1, stop: 3 }]), 2);
  const up = tf.image.resizeNearestNeighbor(batch, doubled);
  tf.image.resizeImageWithCropOrPad(batch, 6, 10);
  tf.image.centralCrop(image, 0.875);
  tf.image.cropAndResize(batch, [[0, 0, 1, 1]], [1], [4, 4]);
  tf.image.rgbToGrayscale(tf.image.rot90(tf.getItem(batch, 0), { k: 3 }));
  tf.image.totalVariation(batch);
  tf.image.drawBoundingBoxes(batch, tf.zeros([2, 1, 4]));
  const keep = tf.image.nonMaxSuppression(tf.zeros([5, 4]), tf.zeros([5]), 3, { iouThreshold: 0.4 });
  tf.addToCollection("gradients", tf.gradients(up, batch)[0]);
  tf.addToCollection("image", final);
  tf.addToCollection("encoded", tf.image.encodePng(tf.image.convertImageDtype(final, "uint8")));
  tf.addToCollection("keep", keep);
}
