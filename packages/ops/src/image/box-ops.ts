// Boxes in images: drawn (DrawBoundingBoxes), and made at random around objects (SampleDistortedBoundingBox), with TensorFlow's own random numbers.
// Source: core/ops/image_ops.cc, core/kernels/{draw_bounding_box_op,sample_distorted_bounding_box_op}.cc, core/lib/random/simple_philox.cc.
import type { Tensor } from "@org/graph";
import { isNarrowFloat, type NdArray, ndArray, Shape, toBits } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { generator } from "../random/generator.ts";
import type { Philox } from "../random/philox.ts";
import { invalid, numbersOf, unchangedAtLeast, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

const f32 = Math.fround;

/** tf.image.draw_bounding_boxes: images [batch, height, width, 1, 3 or 4] with frames of boxes [y1, x1, y2, x2] in parts of their size; `colors` [n, channels]. @tfExport image.drawBoundingBoxes */
export function drawBoundingBoxes(
  images: TensorLike,
  boxes: TensorLike,
  options: NameOption & { readonly colors?: TensorLike | undefined } = {},
): Tensor {
  const { name, colors } = options;
  return colors === undefined
    ? applyOne("DrawBoundingBoxes", [images, boxes], { name })
    : applyOne("DrawBoundingBoxesV2", [images, boxes, colors], { name });
}

export interface SampleBoxOptions extends NameOption {
  /** Both 0 unless given: then the boxes differ from session to session. */
  readonly seed?: number | undefined;
  readonly seed2?: number | undefined;
  /** How much of some object the box covers: 0.1 unless given. */
  readonly minObjectCovered?: TensorLike | undefined;
  /** Width over height: 0.75 to 1.33 unless given. */
  readonly aspectRatioRange?: readonly [number, number] | undefined;
  /** Of the image's area: 0.05 to 1 unless given. */
  readonly areaRange?: readonly [number, number] | undefined;
  /** 100 unless given; after them the whole image is taken. */
  readonly maxAttempts?: number | undefined;
  /** Without boxes the image is the object: false unless given; then having none fails the run. */
  readonly useImageIfNoBoundingBoxes?: boolean | undefined;
}

/** tf.image.sample_distorted_bounding_box: begin and size for tf.slice, and the box [1, 1, 4]. @tfExport image.sampleDistortedBoundingBox */
export function sampleDistortedBoundingBox(
  imageSize: TensorLike,
  boundingBoxes: TensorLike,
  options: SampleBoxOptions = {},
): readonly [begin: Tensor, size: Tensor, bboxes: Tensor] {
  const graph = resolveGraph([imageSize, boundingBoxes]);
  return withScope(graph, options.name, "sample_distorted_bounding_box", () => {
    const { outputs } = applyOp(
      "SampleDistortedBoundingBoxV2",
      [imageSize, boundingBoxes, options.minObjectCovered ?? 0.1],
      {
        attrs: {
          // As given: the graph's seed has no part in it.
          seed: options.seed ?? 0,
          seed2: options.seed2 ?? 0,
          aspect_ratio_range: options.aspectRatioRange,
          area_range: options.areaRange,
          max_attempts: options.maxAttempts,
          use_image_if_no_bounding_boxes: options.useImageIfNoBoundingBoxes,
        },
      },
    );
    return [outputs[0]!, outputs[1]!, outputs[2]!];
  });
}

// yellow, blue, red, lime, purple, olive, maroon, navy blue, aqua, fuchsia
const defaultColors: readonly (readonly number[])[] = [
  [1, 1, 0, 1],
  [0, 0, 1, 1],
  [1, 0, 0, 1],
  [0, 1, 0, 1],
  [0.5, 0, 0.5, 1],
  [0.5, 0.5, 0, 1],
  [0.5, 0, 0, 1],
  [0, 0, 0.5, 1],
  [0, 1, 1, 1],
  [1, 0, 1, 1],
];

function colorsOf(c: HostContext, depth: number): readonly (readonly number[])[] {
  if (c.inputCount === 3) {
    const { shape, data } = c.input(2);
    if (shape.length !== 2) c.fail("INVALID_ARGUMENT", `colors must be a 2-D matrix${new Shape(shape)}`);
    if (shape[1]! < depth)
      c.fail(
        "INVALID_ARGUMENT",
        `colors must have equal or more channels than the image provided: ${new Shape(shape)}`,
      );
    const width = shape[1]!;
    const rows = Array.from({ length: shape[0]! }, (_, i) =>
      Array.from((data as Float32Array).subarray(i * width, (i + 1) * width)),
    );
    if (rows.length > 0) return rows;
  }
  return depth === 1 ? defaultColors.map(([, ...rest]) => [1, ...rest]) : defaultColors;
}

/** Rows or columns of a box's edges in an image of `extent`; undefined where nothing of them is in it. */
function edges(low: number, high: number, extent: number): readonly [number, number] | undefined {
  const [from, to] = [Math.trunc(f32(low * (extent - 1))), Math.trunc(f32(high * (extent - 1)))];
  return from > to || from >= extent || to < 0 ? undefined : [from, to];
}

function draw(c: HostContext): NdArray {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [images, boxes] = [c.input(0), c.input(1)];
  if (images.shape.length !== 4) fail("The rank of the images should be 4");
  if (boxes.shape.length !== 3) fail("The rank of the boxes tensor should be 3");
  const [batch, height, width, depth] = images.shape as [number, number, number, number];
  if (boxes.shape[0] !== batch) fail("The batch sizes should be the same");
  if (![1, 3, 4].includes(depth)) fail("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)");
  const { dtype } = images;
  const canvas = (images.data as Float32Array).slice();
  const colors = colorsOf(c, depth).map((color) =>
    isNarrowFloat(dtype) ? color.map((part) => toBits(dtype, part)) : color,
  );
  const count = boxes.shape[1]!;
  const coordinates = boxes.data as Float32Array;
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < count; i++) {
      const [y1, x1, y2, x2] = coordinates.subarray(4 * (b * count + i)) as unknown as readonly number[];
      const rows = edges(y1!, y2!, height);
      const columns = edges(x1!, x2!, width);
      if (!rows || !columns) continue;
      const color = colors[i % colors.length]!;
      const paint = (y: number, x: number): void => {
        if (y < 0 || y >= height || x < 0 || x >= width) return;
        for (let d = 0; d < depth; d++) canvas[((b * height + y) * width + x) * depth + d] = color[d]!;
      };
      for (let x = Math.max(columns[0], 0); x <= Math.min(columns[1], width - 1); x++)
        for (const y of rows) paint(y, x);
      for (let y = Math.max(rows[0], 0); y <= Math.min(rows[1], height - 1); y++)
        for (const x of columns) paint(y, x);
    }
  return ndArray(dtype, images.shape, canvas as never);
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const areaOf = ({ left, top, right, bottom }: Box): number => f32((right - left) * (bottom - top));

function covers(crop: Box, share: number, objects: readonly Box[]): boolean {
  if (areaOf(crop) < 1) return false;
  return objects.some((object) => {
    const area = areaOf(object);
    if (area < 1) return false;
    const both: Box = {
      left: Math.max(crop.left, object.left),
      top: Math.max(crop.top, object.top),
      right: Math.min(crop.right, object.right),
      bottom: Math.min(crop.bottom, object.bottom),
    };
    const shared = both.left > both.right || both.top > both.bottom ? 0 : areaOf(both);
    return f32(shared / area) >= share;
  });
}

/** lrintf: halves to the even one. */
function rint(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** The numbers of SimplePhilox. */
class SimplePhilox {
  readonly #word: () => number;

  /** Takes `reserved` words of `philox`, which moves on behind them. */
  constructor(philox: Philox, reserved: number) {
    this.#word = philox.clone().singles();
    philox.skip(Math.floor((reserved + 3) / 4));
  }

  /** In [0, 1). */
  float(): number {
    const bits = (this.#word() & 0x7fffff) | (127 << 23);
    return new Float32Array(Uint32Array.of(bits).buffer)[0]! - 1;
  }

  /** Below `n`, each as often as the others. */
  below(n: number): number {
    if ((n & (n - 1)) === 0) return this.#word() & (n - 1);
    const rest = (0xffffffff % n) + 1;
    let word = this.#word();
    while (word < rest) word = this.#word();
    return word % n;
  }
}

interface CropLimits {
  readonly minArea: number;
  readonly maxArea: number;
  readonly ratio: number;
}

function randomCrop(
  width: number,
  height: number,
  limits: CropLimits,
  random: SimplePhilox,
): Box | undefined {
  const { ratio } = limits;
  if (limits.maxArea <= 0 || ratio <= 0 || width <= 0 || height <= 0 || limits.minArea > limits.maxArea)
    return undefined;
  const least = f32(f32(limits.minArea * width) * height);
  const most = f32(f32(limits.maxArea * width) * height);
  const wide = (rows: number): number => rint(f32(rows * ratio));
  let rows = rint(f32(Math.sqrt(f32(least / ratio))));
  let mostRows = rint(f32(Math.sqrt(f32(most / ratio))));
  if (wide(mostRows) > width) mostRows = Math.trunc((width + 0.5 - 0.0000001) / ratio);
  mostRows = Math.min(mostRows, height);
  rows = Math.min(rows, mostRows);
  if (rows < mostRows) rows += random.below(mostRows - rows + 1);
  let columns = wide(rows);
  if (columns * rows < least) {
    rows++;
    columns = wide(rows);
  }
  if (columns * rows > most) {
    rows--;
    columns = wide(rows);
  }
  const area = columns * rows;
  if (area < least || area > most || columns > width || rows > height || columns <= 0 || rows <= 0)
    return undefined;
  const top = rows < height ? random.below(height - rows) : 0;
  const left = columns < width ? random.below(width - columns) : 0;
  return { left, top, right: left + columns, bottom: top + rows };
}

/** A range attribute of two numbers above 0. */
function rangeOf(c: HostContext, key: string, what: string): readonly [number, number] {
  const range = c.attrs.floats(key).map(f32);
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (range.length !== 2) fail(`${what} field must specify 2 dimensions`);
  const [low, high] = range as [number, number];
  if (low <= 0 || high <= 0) fail(`${what} must be non-negative: [${low}, ${high}]`);
  return [low, high];
}

function objectsOf(c: HostContext, width: number, height: number): Box[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const { shape, data } = c.input(1);
  if (shape.length !== 3)
    fail(`input boxes must be 3-dimensional [batch, num_boxes, coords]: ${new Shape(shape)}`);
  if (shape[2] !== 4) fail(`bounding boxes must have shape [4] or [*, 4], got ${new Shape(shape)}`);
  const boxes = data as Float32Array;
  for (const part of boxes)
    if (!(part >= 0 && part <= 1)) fail(`All bounding box coordinates must be in [0.0, 1.0]: ${part}`);
  const pixel = (part: number, extent: number): number => Math.trunc(f32(part * extent));
  const objects = Array.from({ length: boxes.length / 4 }, (_, i) => ({
    top: pixel(boxes[4 * i]!, height),
    left: pixel(boxes[4 * i + 1]!, width),
    bottom: pixel(boxes[4 * i + 2]!, height),
    right: pixel(boxes[4 * i + 3]!, width),
  }));
  if (objects.length > 0) return objects;
  if (!c.attrs.bool("use_image_if_no_bounding_boxes"))
    fail(
      "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to not provide any bounding boxes.",
    );
  return [{ left: 0, top: 0, right: width, bottom: height }];
}

function sample(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const ratios = rangeOf(c, "aspect_ratio_range", "Aspect ratio range");
  const areas = rangeOf(c, "area_range", "Area range");
  if (areas.some((area) => area > 1))
    fail(`Area range must be less then or equal to 1.0: [${areas[0]}, ${areas[1]}]`);
  const attempts = c.attrs.int("max_attempts");
  if (attempts <= 0) fail(`Max attempts must be non-negative: ${attempts}`);
  const size = c.input(0);
  if (size.shape.length !== 1) fail(`image_size must be 1-dimensional${new Shape(size.shape)}`);
  if (size.shape[0] !== 3) fail(`image_size must contain 3 elements${new Shape(size.shape)}`);
  const [height, width] = numbersOf(size) as [number, number];
  const share =
    c.inputCount === 3 ? (c.input(2).data as Float32Array)[0]! : f32(c.attrs.float("min_object_covered"));
  if (!(share >= 0)) fail(`Min object covered must be non-negative: ${share}`);
  const objects = objectsOf(c, width, height);
  const random = new SimplePhilox(generator(c), 4 * attempts);
  let crop: Box | undefined;
  for (let i = 0; i < attempts && !crop; i++) {
    const ratio = f32(f32(random.float() * f32(ratios[1] - ratios[0])) + ratios[0]);
    const tried = randomCrop(width, height, { minArea: areas[0], maxArea: areas[1], ratio }, random);
    if (tried && covers(tried, share, objects)) crop = tried;
  }
  const { left, top, right, bottom } = crop ?? { left: 0, top: 0, right: width, bottom: height };
  const { dtype } = size;
  const integers = (values: readonly number[]): NdArray => {
    const Data = size.data.constructor as unknown as { from(values: readonly unknown[]): never };
    return ndArray(dtype, [3], Data.from(dtype === "int64" ? values.map(BigInt) : values));
  };
  const box = Float32Array.of(top / height, left / width, bottom / height, right / width);
  return [
    integers([top, left, 0]),
    integers([bottom - top, right - left, -1]),
    ndArray("float32", [1, 1, 4], box),
  ];
}

const samples = (withCovered: boolean): OpSpec => ({
  shape: (c) => {
    const size = withRank(c.input(0), 1);
    const boxes = withRank(c.input(1), 3);
    if (withCovered) withRank(c.input(2), 0);
    withValue(size.dim(0), 3);
    withValue(boxes.dim(2), 4);
    return [new Shape([3]), new Shape([3]), new Shape([1, 1, 4])];
  },
  host: sample,
  gradient: null,
});

/** Entries of the ops on boxes. */
export const boxOps: readonly OpEntry[] = defineOps({
  DrawBoundingBoxes: {
    shape: (c) => {
      const images = withRank(c.input(0), 4);
      const depth = images.dim(3);
      if (depth !== null && ![1, 3, 4].includes(depth))
        invalid("Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)");
      withValue(withRank(c.input(1), 3).dim(2), 4);
      return [images];
    },
    host: (c) => [draw(c)],
  },
  DrawBoundingBoxesV2: { shape: unchangedAtLeast(3), host: (c) => [draw(c)] },
  SampleDistortedBoundingBox: samples(false),
  SampleDistortedBoundingBoxV2: samples(true),
});
