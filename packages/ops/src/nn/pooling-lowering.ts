// What pools and their gradients are made of in hlo: windows over any dimensions, the first largest element in each, and
// values spread back from windows to the elements that they cover.
import type { HloDType, HloInstruction } from "@org/hlo";
import { allDimensions, filled, filledOf, isFloating } from "../lowering.ts";
import type { LoweringContext } from "../op-entry.ts";
import { type Place, windowOf } from "./window.ts";

/** Windows that are compared element by element at once; longer ones are taken one dimension after another. */
const tapsAtOnce = 16;
/** Overlapping windows over one element that are looked at together. */
const coversAtOnce = 4;

const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);

/** Windows that cover one element. */
function covers({ size, stride }: Place): number {
  return Math.ceil(size / stride);
}

/** The dimensions that windows are more than single elements of. */
export function windowed(places: readonly Place[]): number[] {
  return places.flatMap(({ size, stride }, d) => (size > 1 || stride > 1 ? [d] : []));
}

/** The same windows along `dimensions` alone. */
function along(places: readonly Place[], dimensions: readonly number[]): Place[] {
  return places.map((place, d) =>
    dimensions.includes(d)
      ? place
      : { input: place.input, output: place.input, size: 1, stride: 1, dilation: 1, low: 0, high: 0 },
  );
}

/** The largest element of each window. */
export function largest(c: LoweringContext, x: HloInstruction, places: readonly Place[]): HloInstruction {
  return c.builder.reduceWindow(x, "maximum", windowOf(places));
}

/** How many elements each window covers, the padding left out. */
export function coveredCounts(c: LoweringContext, dtype: HloDType, places: readonly Place[]): HloInstruction {
  const b = c.builder;
  const dims = places.map(({ output }) => output);
  let whole = 1;
  const varying: HloInstruction[] = [];
  for (const [d, { input, size, stride, low, high, output }] of places.entries()) {
    if (low === 0 && high === 0) {
      whole *= size;
      continue;
    }
    const number = (value: number): HloInstruction => b.broadcastTo(b.extent("int32", value), [output]);
    const start = b.binary(
      "subtract",
      b.binary("multiply", b.iota("int32", [output], 0), number(stride)),
      number(low),
    );
    const end = b.binary("minimum", b.binary("add", start, number(size)), number(input));
    const count = b.binary("subtract", end, b.binary("maximum", start, number(0)));
    varying.push(b.broadcast(b.convert(count, dtype), dims, [d]));
  }
  return varying.reduce((a, x) => b.binary("multiply", a, x), filledOf(c, dtype, dims, whole));
}

/** One element of each window: those at `tap`, of an array that is padded where windows reach over its edges. */
function atTap(
  c: LoweringContext,
  padded: HloInstruction,
  places: readonly Place[],
  tap: readonly number[],
): HloInstruction {
  return c.builder.slice(
    padded,
    [...tap],
    places.map(({ output, stride }, d) => tap[d]! + (output - 1) * stride + 1),
    places.map(({ stride }) => stride),
  );
}

/** The array with what windows reach over its edges; no float is equal to the padding. */
function padForTaps(c: LoweringContext, x: HloInstruction, places: readonly Place[]): HloInstruction {
  const low = places.map((place) => place.low);
  const high = places.map(({ input, output, size, stride, low: before }) =>
    Math.max(0, (output - 1) * stride + size - input - before),
  );
  if ([...low, ...high].every((edge) => edge === 0)) return x;
  const nothing = c.builder.scalar(x.dtype, isFloating(x.dtype) ? Number.NaN : 0);
  return c.builder.pad(x, nothing, { low, high });
}

/** Every tap of a window, in row-major order. */
function tapsOf(places: readonly Place[]): number[][] {
  let taps: number[][] = [[]];
  for (const { size } of places) {
    taps = taps.flatMap((tap) => Array.from({ length: size }, (_, t) => [...tap, t]));
  }
  return taps;
}

/**
 * By window: `value` at the first element of `x` (row-major) that is the window's largest, `y`. What no element gives is `otherwise`.
 */
export function atFirstLargest(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  places: readonly Place[],
  value: (tap: readonly number[]) => HloInstruction,
  otherwise: HloInstruction,
): HloInstruction {
  const padded = padForTaps(c, x, places);
  return tapsOf(places).reduceRight((chosen, tap) => {
    const hit = c.builder.compare("EQ", atTap(c, padded, places, tap), y);
    return c.builder.select(hit, value(tap), chosen);
  }, otherwise);
}

/** By window: the element of `source` where `x` has its first largest one. */
export function pickedAtFirstLargest(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  source: HloInstruction,
  places: readonly Place[],
): HloInstruction {
  const padded = padForTaps(c, source, places);
  return atFirstLargest(c, x, y, places, (tap) => atTap(c, padded, places, tap), filled(c, y, 0));
}

/** An element of the input, seen from one of the windows that may cover it. All arrays have one shape. */
interface Covered {
  /** An array with one value a window. */
  ofWindow(value: HloInstruction, padding: number): HloInstruction;
  /** An array with one value an element of the input. */
  ofElement(value: HloInstruction): HloInstruction;
  /** Which of the window's elements it is along dimension `d`: at least the window's size where it is none of them. */
  tap(d: number): HloInstruction;
}

/**
 * Sums over the windows that cover an element. Each dimension is cut into strides: a window begins with each, so that the
 * windows that cover an element are the one of its own stride and some before it. No window is scattered.
 */
export function spread(
  c: LoweringContext,
  places: readonly Place[],
  term: (at: Covered) => HloInstruction,
): HloInstruction {
  const b = c.builder;
  const rows = places.map((place) => place.output + covers(place) - 1);
  const split = places.map(({ stride }) => stride > 1);
  /** Dimension of the split array that holds row d; its place within the stride follows, where there is more than one. */
  const rowAt = places.map((_, d) => d + split.slice(0, d).filter(Boolean).length);
  const dims = places.flatMap(({ stride }, d) => (split[d] ? [rows[d]!, stride] : [rows[d]!]));
  let sum: HloInstruction | undefined;
  for (const back of tapsOf(places.map((place) => ({ ...place, size: covers(place) })))) {
    const value = term({
      ofWindow: (value, padding) => {
        const high = places.map((place, d) => covers(place) - 1 - back[d]!);
        const shifted = high.every((edge, d) => edge === 0 && back[d] === 0)
          ? value
          : b.pad(value, b.scalar(value.dtype, padding), { low: back, high });
        return b.broadcast(shifted, dims, rowAt);
      },
      ofElement: (value) => {
        const high = places.map(({ input, stride, low }, d) => rows[d]! * stride - input - low);
        const low = places.map((place) => place.low);
        const edged = [...low, ...high].every((edge) => edge === 0)
          ? value
          : b.pad(value, b.scalar(value.dtype, 0), { low, high });
        return b.reshape(edged, dims);
      },
      tap: (d) => {
        const first = b.broadcastTo(b.scalar("int32", back[d]! * places[d]!.stride), dims);
        return split[d] ? b.binary("add", b.iota("int32", dims, rowAt[d]! + 1), first) : first;
      },
    });
    sum = sum === undefined ? value : b.binary("add", sum, value);
  }
  const whole = b.reshape(
    sum!,
    rows.map((count, d) => count * places[d]!.stride),
  );
  const start = places.map(({ low }) => low);
  const limit = places.map(({ input, low }, d) => Math.min(low + input, whole.dims[d]!));
  const inside =
    start.every((at) => at === 0) && limit.every((end, d) => end === whole.dims[d])
      ? whole
      : b.slice(
          whole,
          start.map((at, d) => Math.min(at, limit[d]!)),
          limit,
        );
  const high = places.map(({ input }, d) => input - inside.dims[d]!);
  return high.every((edge) => edge === 0) ? inside : b.pad(inside, b.scalar(inside.dtype, 0), { high });
}

/** `dy` of each window given to the first largest element of `x` in it. */
function backToFirst(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  dy: HloInstruction,
  places: readonly Place[],
): HloInstruction {
  const b = c.builder;
  // A window's elements are numbered as if each dimension were a whole number of strides long: no two have one number.
  const factors = places.map((_, d) =>
    product(places.slice(d + 1).map((place) => covers(place) * place.stride)),
  );
  const number = (tap: readonly number[]): HloInstruction =>
    filledOf(
      c,
      "int32",
      y.dims,
      tap.reduce((sum, t, d) => sum + t * factors[d]!, 0),
    );
  const first = atFirstLargest(c, x, y, places, number, filledOf(c, "int32", y.dims, -1));
  const dimensions = windowed(places);
  return spread(c, places, (at) => {
    const chosen = at.ofWindow(first, -1);
    const own = dimensions
      .map((d) => b.binary("multiply", at.tap(d), filledOf(c, "int32", chosen.dims, factors[d]!)))
      .reduce((sum, part) => b.binary("add", sum, part));
    const value = at.ofWindow(dy, 0);
    return b.select(b.compare("EQ", own, chosen), value, filled(c, value, 0));
  });
}

/** The gradient of `largest`: `dy` of each window goes to the first of its elements (row-major) that is its largest, `y`. */
export function spreadToFirstLargest(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  dy: HloInstruction,
  places: readonly Place[],
): HloInstruction {
  const dimensions = windowed(places);
  if (dimensions.length === 0) return dy;
  const own = dimensions.map((d) => places[d]!);
  const atOnce =
    dimensions.length === 1 ||
    (product(own.map(({ size }) => size)) <= tapsAtOnce && product(own.map(covers)) <= coversAtOnce);
  if (atOnce) return backToFirst(c, x, y, dy, places);
  // The first in row-major order lies in the first row with the largest element; within that row it is the first.
  const [outer, ...inner] = dimensions as [number, ...number[]];
  const innerPlaces = along(places, inner);
  const rows = largest(c, x, innerPlaces);
  const outerPlaces = places.map((place, d) =>
    d === outer
      ? place
      : { input: place.output, output: place.output, size: 1, stride: 1, dilation: 1, low: 0, high: 0 },
  );
  const ofRows = backToFirst(c, rows, y, dy, outerPlaces);
  return spreadToFirstLargest(c, x, rows, ofRows, innerPlaces);
}

/** `dy` of each window given to every element of `x` within 1e-5 of its largest, `y`: what TensorFlow's MaxPool3DGrad does. */
export function spreadToAllLargest(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  dy: HloInstruction,
  places: readonly Place[],
): HloInstruction {
  const b = c.builder;
  return spread(c, places, (at) => {
    const value = at.ofWindow(dy, 0);
    const distance = b.unary("abs", b.binary("subtract", at.ofElement(x), at.ofWindow(y, 0)));
    const near = b.compare("LT", distance, filled(c, distance, 1e-5));
    const inside = windowed(places)
      .filter((d) => places[d]!.size % places[d]!.stride !== 0)
      .map((d) => b.compare("LT", at.tap(d), filledOf(c, "int32", value.dims, places[d]!.size)))
      .reduce((all, one) => b.binary("and", all, one), near);
    return b.select(inside, value, filled(c, value, 0));
  });
}

/** The gradient of a sum over windows: to each element what the windows that cover it have. */
export function spreadToAll(
  c: LoweringContext,
  dy: HloInstruction,
  places: readonly Place[],
): HloInstruction {
  return c.builder.reduceWindow(dy, "add", {
    size: places.map(({ size }) => size),
    strides: places.map(() => 1),
    dilation: places.map(() => 1),
    baseDilation: places.map(({ stride }) => stride),
    padding: places.map(({ input, output, size, stride, low }) => {
      const before = size - 1 - low;
      return [before, input + size - 1 - ((output - 1) * stride + 1) - before] as const;
    }),
  });
}

/** Positions of each window's first largest element in its image, or with `batch` in the whole input, flat and row-major. */
export function argumentOfLargest(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  places: readonly Place[],
  batch: boolean,
): HloInstruction {
  const b = c.builder;
  const steps = x.dims.map((_, d) => (d === 0 && !batch ? 0 : product(x.dims.slice(d + 1))));
  const number = (value: number): HloInstruction => b.broadcastTo(b.extent("int32", value), y.dims);
  const starts = allDimensions(y)
    .filter((d) => steps[d] !== 0)
    .map((d) => {
      const { stride, low } = places[d]!;
      const at = b.binary("multiply", b.iota("int32", y.dims, d), number(stride));
      return b.binary("multiply", b.binary("subtract", at, number(low)), number(steps[d]!));
    })
    .reduce((sum, part) => b.binary("add", sum, part));
  const offset = (tap: readonly number[]): HloInstruction =>
    number(tap.reduce((sum, t, d) => sum + t * steps[d]!, 0));
  return b.binary("add", starts, atFirstLargest(c, x, y, places, offset, number(0)));
}
