// Which rows and segments a convolution is a gathered product of (gathered-module.ts), from its extents alone. Terms: a
// *phase* is a set of outputs that meet the input at the same places of a stretched base: one, unless the base is dilated (the
// gradient of a strided convolution), where no zeros are multiplied. A *slab* is what is done at once: some images, or some
// outputs of one image along the first spatial dimension. Its input is read where it lies, or framed by zeros first.
import {
  type Block,
  blockDepth,
  blocksOf,
  type ConvolutionShape,
  dimensionOf,
  type Piece,
  upTo,
} from "./convolution-phases.ts";

/** Pairs of offsets in bytes, one for each row: in the slab's input, in the result. Behind `count` pairs the last one is repeated. */
export interface Rows {
  readonly table: Int32Array;
  readonly count: number;
}

/** One phase of every dimension. */
export interface PhasePlan {
  readonly blocks: readonly Block[];
  /** The outputs of this phase in a slab. */
  rows(slab: Slab): Rows;
}

export interface Slab {
  readonly image: number;
  readonly images: number;
  /** Of the first spatial dimension, in steps of its phases. */
  readonly start: number;
  readonly count: number;
}

/** How a slab's input is framed: zeros around the runs that there are. All in bytes but counts. */
export interface Frame {
  readonly bytes: number;
  readonly first: number;
  readonly from: number;
  readonly run: number;
  /** Images, then the spatial dimensions but for the last, which is in the run: 1 where there are fewer. */
  readonly counts: readonly [number, number, number];
  readonly fromSteps: readonly [number, number, number];
  readonly toSteps: readonly [number, number, number];
}

export interface ConvolutionPlan {
  readonly slabs: readonly Slab[];
  readonly phases: readonly PhasePlan[];
  /** The frame of a slab; undefined where its input is read as it lies, `from` bytes from the input's start. */
  readonly frame: ((slab: Slab) => Frame) | undefined;
  readonly frameBytes: number;
  /** Where a slab's rows begin in the input (without a frame), and in the result. */
  inputStart(slab: Slab): number;
  outputStart(slab: Slab): number;
}

/** Rows that a slab has about, and bytes of its input: what a second-level cache holds beside the filter. */
const slabRows = 4096;
const slabBytes = 1 << 19;
const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

/** The combinations of one element of each list, the last varying fastest. */
function combinations<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>((made, list) => made.flatMap((one) => list.map((next) => [...one, next])), [[]]);
}

/**
 * The plan of a float32 convolution with one to three spatial dimensions. `rowGroup`: a table's rows are a multiple of it, the last one
 * repeated. Undefined where an offset in bytes does not fit 31 bits.
 */
export function planConvolution(shape: ConvolutionShape, rowGroup: number): ConvolutionPlan | undefined {
  const { images, input, output, features, outputs, groups, window } = shape;
  const rank = input.length;
  const dimensions = upTo(rank).map((d) => dimensionOf(shape, d));
  const each = features / groups;
  const outer = dimensions[0]!;
  const outerCount = Math.max(...outer.phases.map(({ count }) => count));

  // The input that outputs read, as [low, low + extent) along each dimension; `steps` outputs of a phase.
  const lowOf = (d: number): number => (Number.isFinite(dimensions[d]!.low) ? dimensions[d]!.low : 0);
  const extentOf = (d: number, steps: number): number => {
    const { high, inStep } = dimensions[d]!;
    return Number.isFinite(high) ? high - lowOf(d) + (steps - 1) * inStep + 1 : 1;
  };
  const stepsOf = (d: number): number => Math.max(...dimensions[d]!.phases.map(({ count }) => count));
  const whole = upTo(rank).map((d) => extentOf(d, stepsOf(d)));
  const framed = upTo(rank).some((d) => lowOf(d) < 0 || lowOf(d) + whole[d]! > input[d]!);

  const rowsOfImage = product(upTo(rank).map(stepsOf));
  const bytesOfImage = product(framed ? whole : input) * features * 4;
  const perSlab = Math.floor(Math.min(slabRows / rowsOfImage, slabBytes / bytesOfImage));
  const slabs: Slab[] = [];
  if (perSlab >= 1 || outerCount === 1) {
    const count = Math.max(1, perSlab);
    for (let image = 0; image < images; image += count)
      slabs.push({ image, images: Math.min(count, images - image), start: 0, count: outerCount });
  } else {
    const perOutput = Math.max(rowsOfImage / outerCount / slabRows, bytesOfImage / outerCount / slabBytes);
    const count = Math.max(1, Math.floor(1 / perOutput));
    for (let image = 0; image < images; image++)
      for (let start = 0; start < outerCount; start += count)
        slabs.push({ image, images: 1, start, count: Math.min(count, outerCount - start) });
  }
  const largest = slabs.reduce((a, b) => (b.images * b.count > a.images * a.count ? b : a), slabs[0]!);

  // Elements between neighbours in a slab's input, dimension by dimension, and between its images.
  const slabExtents = (count: number): number[] => [extentOf(0, count), ...whole.slice(1)];
  const lying = (extents: readonly number[]): number[] =>
    extents.map((_, d) => product(extents.slice(d + 1)) * features);
  const inputStrides = lying(input);
  const largestExtents = slabExtents(largest.count);
  const strides = framed ? lying(largestExtents) : inputStrides;
  const imageStride = framed ? product(largestExtents) * features : product(input) * features;
  const outputStrides = output.map((_, d) => product(output.slice(d + 1)) * outputs);
  const outputImage = product(output) * outputs;
  const bytes = [imageStride * largest.images, product(input) * features * images, outputImage * images];
  if (bytes.some((elements) => elements * 4 >= 2 ** 31)) return undefined;

  const plans = combinations(dimensions.map(({ phases }) => phases)).map((phase): PhasePlan => {
    const taps = combinations(phase.map((own) => own.taps));
    const pieces = taps.flatMap((tap): Piece[] => {
      const at = tap.reduce((sum, { offset }, d) => sum + (offset - lowOf(d)) * strides[d]!, 0);
      const filter = tap.reduce((index, { tap: t }, d) => index * window.size[d]! + t, 0) * each;
      const parts = upTo(Math.ceil(each / blockDepth)).map((i) => i * blockDepth);
      return parts.map((from) => ({
        at: at + from,
        filter: filter + from,
        length: Math.min(blockDepth, each - from),
      }));
    });
    const tables = new Map<string, Rows>();
    const rows = (slab: Slab): Rows => {
      const counts = phase.map(({ count }, d) =>
        d === 0 ? Math.min(slab.count, Math.max(0, count - slab.start)) : count,
      );
      const key = `${slab.images} ${counts}`;
      const known = tables.get(key);
      if (known) return known;
      const table = rowTable(slab.images, counts, {
        images: [imageStride, outputImage],
        steps: upTo(rank).map((d) => [
          dimensions[d]!.inStep * strides[d]!,
          dimensions[d]!.outStep * outputStrides[d]!,
        ]),
        start: phase.reduce((sum, { first }, d) => sum + first * outputStrides[d]!, 0),
        group: rowGroup,
      });
      tables.set(key, table);
      return table;
    };
    return { blocks: blocksOf(pieces, outputs), rows };
  });

  /** What there is of dimension d in [low, low + extent): first element, elements, where in the frame. */
  const present = (d: number, low: number, extent: number): [number, number, number] => {
    const first = Math.max(0, low);
    return [first, Math.max(0, Math.min(input[d]!, low + extent) - first), first - low];
  };
  const frame = (slab: Slab): Frame => {
    const shift = slab.start * outer.inStep;
    const parts = upTo(rank).map((d) =>
      present(d, lowOf(d) + (d === 0 ? shift : 0), d === 0 ? extentOf(0, slab.count) : whole[d]!),
    );
    const last = parts.at(-1)!;
    const leading = (i: number): number => i + rank - 3;
    // Up to two dimensions between images and the run.
    const between = [0, 1].map((i) => (leading(i) >= 0 ? leading(i) : -1));
    const empty = parts.some(([, count]) => count === 0);
    const sum = (list: readonly number[], of: (d: number) => number): number =>
      list.reduce((total, _, d) => total + of(d) * list[d]!, 0);
    const at = (list: readonly number[], otherwise: number, d: number): number =>
      d >= 0 ? list[d]! * 4 : otherwise;
    const countOf = (d: number): number => (d >= 0 ? parts[d]![1] : 1);
    const imageBytes = product(input) * features * 4;
    return {
      bytes: imageStride * slab.images * 4,
      first: sum(strides, (d) => parts[d]![2]) * 4,
      from: (slab.image * product(input) * features + sum(inputStrides, (d) => parts[d]![0])) * 4,
      run: last[1] * features * 4,
      counts: [empty ? 0 : slab.images, countOf(between[0]!), countOf(between[1]!)],
      fromSteps: [imageBytes, at(inputStrides, 0, between[0]!), at(inputStrides, 0, between[1]!)],
      toSteps: [imageStride * 4, at(strides, 0, between[0]!), at(strides, 0, between[1]!)],
    };
  };
  const lowest = upTo(rank).reduce((sum, d) => sum + lowOf(d) * inputStrides[d]!, 0);
  return {
    slabs,
    phases: plans,
    frame: framed ? frame : undefined,
    frameBytes: framed ? imageStride * largest.images * 4 : 0,
    inputStart: ({ image, start }) =>
      (image * imageStride + lowest + start * outer.inStep * inputStrides[0]!) * 4,
    outputStart: ({ image, start }) => (image * outputImage + start * outer.outStep * outputStrides[0]!) * 4,
  };
}

/** Offsets in bytes, as pairs, of all rows in order; the last one repeated up to a multiple of `group`. */
function rowTable(
  images: number,
  counts: readonly number[],
  places: {
    readonly images: readonly [number, number];
    readonly steps: readonly (readonly number[])[];
    readonly start: number;
    readonly group: number;
  },
): Rows {
  const rows = images * product(counts);
  const table = new Int32Array(Math.ceil(rows / places.group) * places.group * 2);
  let next = 0;
  const level = (d: number, from: number, to: number): void => {
    if (d === counts.length) {
      table[next++] = from * 4;
      table[next++] = to * 4;
      return;
    }
    const [fromStep, toStep] = places.steps[d] as readonly [number, number];
    for (let i = 0; i < counts[d]!; i++) level(d + 1, from + i * fromStep, to + i * toStep);
  };
  for (let image = 0; image < images; image++)
    level(0, image * places.images[0], places.start + image * places.images[1]);
  for (; next > 0 && next < table.length; next++) table[next] = table[next - 2]!;
  return { table, count: rows };
}
