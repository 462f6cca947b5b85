// The arithmetic of windows along one dimension, and of a filter's taps as blocks of a product: what convolution-plan.ts puts
// together. A *phase* is a set of outputs that meet the input at the same places of a stretched base.
import type { Window } from "@org/hlo";

/** A convolution of [images, spatial..., features] with [taps..., features / groups, outputs]. */
export interface ConvolutionShape {
  readonly images: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly features: number;
  readonly outputs: number;
  readonly groups: number;
  readonly window: Window;
}

/** Outputs first, first + outStep, ... along one dimension; output j reads input `offset + j * inStep` for each tap. */
export interface Phase {
  readonly first: number;
  readonly count: number;
  readonly taps: readonly { readonly tap: number; readonly offset: number }[];
}

export interface Dimension {
  readonly phases: readonly Phase[];
  /** Outputs between two of a phase, and elements of the input between what they read. */
  readonly outStep: number;
  readonly inStep: number;
  /** Least and greatest offset of any tap. */
  readonly low: number;
  readonly high: number;
}

/** Segments of equal length, and the pieces of the filter (of equal length too) that meet them. Offsets in bytes. */
export interface Block {
  readonly segments: Int32Array;
  readonly length: number;
  readonly pieces: Int32Array;
  readonly pieceLength: number;
  /** Whether the pieces lie one behind the other: then they can be read where they lie. */
  readonly contiguous: boolean;
}

/** Elements of k that a block has at most: 8 columns of them stay in the first-level cache. */
export const blockDepth = 512;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const modulo = (a: number, b: number): number => ((a % b) + b) % b;
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** How dimension `d` falls into phases. */
export function dimensionOf({ window, output }: ConvolutionShape, d: number): Dimension {
  const [stride, dilation, base] = [window.strides[d]!, window.dilation[d]!, window.baseDilation[d]!];
  const outStep = base / gcd(base, stride);
  const phases = upTo(Math.min(outStep, output[d]!)).map((first): Phase => {
    const places = upTo(window.size[d]!).map((tap) => ({
      tap,
      place: first * stride + tap * dilation - window.padding[d]![0],
    }));
    return {
      first,
      count: Math.ceil((output[d]! - first) / outStep),
      taps: places
        .filter(({ place }) => modulo(place, base) === 0)
        .map(({ tap, place }) => ({ tap, offset: place / base })),
    };
  });
  const offsets = phases.flatMap(({ taps }) => taps.map(({ offset }) => offset));
  return {
    phases,
    outStep,
    inStep: (outStep * stride) / base,
    low: Math.min(...offsets, Number.POSITIVE_INFINITY),
    high: Math.max(...offsets, Number.NEGATIVE_INFINITY),
  };
}

/** A piece of one tap: `length` features. Offsets in elements: `at` in the slab's input, `filter` in rows of the filter. */
export interface Piece {
  readonly at: number;
  readonly filter: number;
  readonly length: number;
}

const nothing: Block = {
  segments: new Int32Array(0),
  length: 0,
  pieces: new Int32Array(0),
  pieceLength: 0,
  contiguous: true,
};

/** At least one block, which then has no segments: its product is 0. */
export function blocksOf(pieces: readonly Piece[], outputs: number): Block[] {
  if (pieces.length === 0) return [nothing];
  // Pieces that follow each other in the input make a segment.
  const segments: Piece[][] = [];
  for (const piece of pieces) {
    const last = segments.at(-1);
    const end = last?.at(-1);
    const joins =
      last &&
      end &&
      end.at + end.length === piece.at &&
      end.length === piece.length &&
      (last.length + 1) * piece.length <= blockDepth;
    if (joins) last.push(piece);
    else segments.push([piece]);
  }
  const alike = (a: readonly Piece[], b: readonly Piece[]): boolean =>
    a.length === b.length && a[0]!.length === b[0]!.length;
  const groups: Piece[][][] = [];
  for (const segment of segments) {
    const last = groups.at(-1);
    const depth = segment.length * segment[0]!.length;
    if (last && alike(last[0]!, segment) && (last.length + 1) * depth <= blockDepth) last.push(segment);
    else groups.push([segment]);
  }
  return groups.map((group): Block => {
    const all = group.flat();
    return {
      segments: Int32Array.from(group, ([first]) => first!.at * 4),
      length: group[0]!.length * all[0]!.length,
      pieces: Int32Array.from(all, ({ filter }) => filter * outputs * 4),
      pieceLength: all[0]!.length,
      contiguous: all.every(({ filter, length }, i) => i === 0 || all[i - 1]!.filter + length === filter),
    };
  });
}
