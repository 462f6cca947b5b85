// What a window covers: extents and padding of convolutions and pools, as known while a graph is built (Dim) and while it is
// lowered (numbers). No op's own rule. Source: core/framework/common_shape_fns.cc (GetWindowedOutputSize...),
// core/util/padding.cc, tensor_format.h.
import type { Attrs } from "@org/graph";
import type { Window } from "@org/hlo";
import type { LoweringContext } from "../op-entry.ts";
import { type Dim, invalid } from "../shape-rules.ts";

/** How far a window reaches over the edges: not at all, as far as makes the output input / stride, or as given. */
export type PaddingType = "SAME" | "VALID" | "EXPLICIT";

/** A window along one dimension. */
export interface Tap {
  /** Elements of the window: null where the filter's shape is not known. */
  readonly size: Dim;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: PaddingType;
  /** Of EXPLICIT padding. */
  readonly before: number;
  readonly after: number;
}

/** Where a window lies along one dimension, all extents known. */
export interface Place {
  readonly input: number;
  readonly output: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  /** Elements that the window reaches over the start, and over the end where it is padded. */
  readonly low: number;
  readonly high: number;
}

/** Elements from a window's first to its last. */
export function effectiveSize(size: number, dilation: number): number {
  return (size - 1) * dilation + 1;
}

/** Whether channels are the second dimension ("NCHW", "NCDHW"). */
export function isChannelsFirst(attrs: Attrs): boolean {
  return attrs.has("data_format") && attrs.string("data_format").startsWith("NC");
}

/** A list attribute, or `otherwise` where a graph is older than the attribute. */
export function intsOr(attrs: Attrs, name: string, otherwise: readonly number[]): readonly number[] {
  return attrs.has(name) ? attrs.ints(name) : otherwise;
}

function checkStep(stride: number, dilation: number): void {
  if (stride <= 0) invalid(`Stride must be > 0, but got ${stride}`);
  if (dilation < 1) invalid(`Dilation rate must be >= 1, but got ${dilation}`);
}

/** The dimension that a window leaves. Throws "Negative dimension size caused by subtracting 3 from 2". */
export function windowedDim(input: Dim, tap: Tap): Dim {
  const { size, stride, dilation, padding } = tap;
  checkStep(stride, dilation);
  if (input === null) return null;
  if (padding === "SAME") return Math.floor((input + stride - 1) / stride);
  if (size === null) return null;
  const padded = padding === "EXPLICIT" ? input + tap.before + tap.after : input;
  const covered = effectiveSize(size, dilation);
  if (padded < covered) invalid(`Negative dimension size caused by subtracting ${covered} from ${padded}`);
  return Math.floor((padded - covered + stride) / stride);
}

/** Where a window lies on `input` elements. Throws TensorFlow's sentence where the output would have negative size. */
export function placeWindow(
  c: Pick<LoweringContext, "fail">,
  input: number,
  tap: Tap & { readonly size: number },
): Place {
  const { size, stride, dilation, padding } = tap;
  if (stride <= 0) c.fail("INVALID_ARGUMENT", `Stride must be > 0, but got ${stride}`);
  if (dilation < 1) c.fail("INVALID_ARGUMENT", `Dilation rate must be >= 1, but got ${dilation}`);
  const covered = effectiveSize(size, dilation);
  const place = { input, size, stride, dilation };
  if (padding === "SAME") {
    const output = Math.floor((input + stride - 1) / stride);
    const needed = Math.max(0, (output - 1) * stride + covered - input);
    const low = Math.floor(needed / 2);
    return { ...place, output, low, high: needed - low };
  }
  const [low, high] = padding === "EXPLICIT" ? [tap.before, tap.after] : [0, 0];
  // Without the sign that a zero may have.
  const output = Math.trunc((input + low + high - covered + stride) / stride) + 0;
  if (output < 0) {
    c.fail(
      "INVALID_ARGUMENT",
      `Computed output size would be negative: ${output} [input_size: ${input}, effective_filter_size: ${covered}, stride: ${stride}]`,
    );
  }
  return { ...place, output, low, high };
}

/**
 * The dimension that a window leaves, as ops have it that tell extents as their kernels do (GetWindowedOutputSize): none where the window is
 * longer by less than a stride. Throws "Computed output size would be negative: ...".
 */
export function computedDim(input: Dim, tap: Tap): Dim {
  const { size } = tap;
  if (input === null || size === null) return null;
  return placeWindow({ fail: (_, sentence) => invalid(sentence) }, input, { ...tap, size }).output;
}

const mostElements = 2 ** 14;

/** Throws for windows that would make more instructions than a plan should hold: ops with a few for each element of a window call it. */
export function checkWindowSize(c: Pick<LoweringContext, "fail">, places: readonly Place[]): void {
  const elements = places.reduce((all, { size }) => all * size, 1);
  if (elements > mostElements)
    c.fail(
      "RESOURCE_EXHAUSTED",
      `Windows of ${elements} elements are not supported: at most ${mostElements} are`,
      "Take smaller windows, or the largest of several.",
    );
}

/** The places of several dimensions as a window of hlo. */
export function windowOf(places: readonly Place[]): Window {
  return {
    size: places.map(({ size }) => size),
    strides: places.map(({ stride }) => stride),
    padding: places.map(({ low, high }) => [low, high] as const),
    dilation: places.map(({ dilation }) => dilation),
    baseDilation: places.map(() => 1),
  };
}

/** Throws where explicit paddings are not of `rank` pairs, are negative, or pad batch or channels. Source: CheckValidPadding. */
export function checkPaddings(
  padding: string,
  explicit: readonly number[],
  rank: number,
  channels: number,
): void {
  if (padding !== "EXPLICIT") {
    if (explicit.length > 0)
      invalid("explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT");
    return;
  }
  if (explicit.length !== 2 * rank) {
    invalid(`explicit_paddings attribute must contain ${2 * rank} values, but got: ${explicit.length}`);
  }
  if (explicit.some((x) => x < 0)) invalid("All elements of explicit_paddings must be nonnegative");
  if ([0, 1, 2 * channels, 2 * channels + 1].some((i) => explicit[i] !== 0)) {
    invalid("Nonzero explicit padding in the batch or depth dimensions is not supported");
  }
}
