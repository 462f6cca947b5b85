// Which elements of one dimension each element of its resized form is made of, and their weights: TensorFlow's ways of resizing, bilinear, bicubic,
// by area, nearest; with its float32 arithmetic. Source: core/kernels/{image_resizer_state.h,resize_*_op.cc}.
const f32 = Math.fround;

/** For each place of the result, `index.length` elements with weights, or (bilinear) two elements and where between them. */
export interface Taps {
  /** By tap, then by place in the result. */
  readonly index: readonly Int32Array[];
  readonly weight: readonly Float32Array[];
}

/** How places of the result lie over those of the input. */
export interface Alignment {
  /** Corners' centers lie on each other. */
  readonly alignCorners: boolean;
  /** Pixels have their centers at 0.5. */
  readonly halfPixelCenters: boolean;
}

/** How far the input moves on for one place of the result. */
export function resizeScale(from: number, to: number, alignCorners: boolean): number {
  return alignCorners && to > 1 ? f32((from - 1) / (to - 1)) : f32(from / to);
}

/** The place in the input. */
function placeOf(i: number, scale: number, halfPixelCenters: boolean): number {
  return halfPixelCenters ? f32(f32(f32(i + 0.5) * scale) - 0.5) : f32(i * scale);
}

const bound = (at: number, limit: number): number => Math.min(limit - 1, Math.max(0, at));

/** The element nearest to each place. */
export function nearestIndices(
  from: number,
  to: number,
  { alignCorners, halfPixelCenters }: Alignment,
): Int32Array {
  const scale = resizeScale(from, to, alignCorners);
  return Int32Array.from({ length: to }, (_, i) => {
    const place = halfPixelCenters ? f32(f32(i + 0.5) * scale) : f32(i * scale);
    // roundf: halves go up, away from zero.
    const at = alignCorners ? Math.floor(place + 0.5) : Math.floor(place);
    return Math.max(0, Math.min(at, from - 1));
  });
}

/** The two elements around each place; the second one's weight is how far the place is from the first. */
export function bilinearTaps(from: number, to: number, { alignCorners, halfPixelCenters }: Alignment): Taps {
  const scale = resizeScale(from, to, alignCorners);
  const [low, high, far] = [new Int32Array(to), new Int32Array(to), new Float32Array(to)];
  for (let i = 0; i < to; i++) {
    const place = placeOf(i, scale, halfPixelCenters);
    const floor = Math.floor(place);
    low[i] = Math.max(floor, 0);
    high[i] = Math.min(Math.ceil(place), from - 1);
    far[i] = f32(place - floor);
  }
  return { index: [low, high], weight: [far.map((x) => f32(1 - x)), far] };
}

const tableSize = 1024;

/** Weights at i / 1024, of the elements within one and within two of the place. */
function cubicTable(a: number): readonly [near: Float32Array, far: Float32Array] {
  const near = new Float32Array(tableSize + 1);
  const far = new Float32Array(tableSize + 1);
  for (let i = 0; i <= tableSize; i++) {
    const x = f32(i / tableSize);
    near[i] = ((a + 2) * x - (a + 3)) * x * x + 1;
    const y = f32(x + 1);
    far[i] = ((a * y - 5 * a) * y + 8 * a) * y - 4 * a;
  }
  return [near, far];
}

let tables:
  | { readonly keys: ReturnType<typeof cubicTable>; readonly old: ReturnType<typeof cubicTable> }
  | undefined;

/** lrintf: halves to the even one. */
function rint(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Four elements around each place. With half-pixel centers those beyond the edge have no weight, else the edge counts for them. */
export function bicubicTaps(from: number, to: number, { alignCorners, halfPixelCenters }: Alignment): Taps {
  tables ??= { keys: cubicTable(-0.5), old: cubicTable(-0.75) };
  const [near, far] = halfPixelCenters ? tables.keys : tables.old;
  const scale = resizeScale(from, to, alignCorners);
  const index = [-1, 0, 1, 2].map(() => new Int32Array(to));
  const weight = index.map(() => new Float32Array(to));
  for (let i = 0; i < to; i++) {
    const place = placeOf(i, scale, halfPixelCenters);
    const floor = Math.floor(place);
    const offset = rint(f32(f32(place - floor) * tableSize));
    const weights = [far[offset]!, near[offset]!, near[tableSize - offset]!, far[tableSize - offset]!];
    let sum = 0;
    for (let tap = 0; tap < 4; tap++) {
      const at = floor + tap - 1;
      index[tap]![i] = bound(at, from);
      if (halfPixelCenters && index[tap]![i] !== at) weights[tap] = 0;
      sum = f32(sum + weights[tap]!);
    }
    const share = halfPixelCenters && Math.abs(sum) >= 1e-35 ? f32(1 / sum) : 1;
    for (let tap = 0; tap < 4; tap++) weight[tap]![i] = f32(weights[tap]! * share);
  }
  return { index, weight };
}

/** All elements that a place's stretch of the input covers, by how much of each; not yet divided by the stretch's length. */
export function areaTaps(from: number, to: number, alignCorners: boolean): Taps {
  const scale = resizeScale(from, to, alignCorners);
  const spans = Array.from({ length: to }, (_, i) => {
    const [start, end] = [f32(i * scale), f32((i + 1) * scale)];
    return { start, end, first: Math.floor(start), last: Math.ceil(end) };
  });
  const most = spans.reduce((max, { first, last }) => Math.max(max, last - first), 1);
  const index = Array.from({ length: most }, () => new Int32Array(to));
  const weight = index.map(() => new Float32Array(to));
  spans.forEach(({ start, end, first, last }, i) => {
    for (let tap = 0; tap < most; tap++) {
      const at = first + tap;
      index[tap]![i] = bound(Math.min(at, last - 1), from);
      if (at >= last) continue;
      const covered = at < start ? (at + 1 > end ? scale : at + 1 - start) : at + 1 > end ? end - at : 1;
      weight[tap]![i] = covered;
    }
  });
  return { index, weight };
}
