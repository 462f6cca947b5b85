// tf.image.non_max_suppression and its kin: of boxes that lie over each other, those with the best scores. Host kernels: how many are left is known
// when they run. Source: core/ops/image_ops.cc, core/kernels/non_max_suppression_op.cc, python/ops/image_ops_impl.py.
import type { Tensor } from "@org/graph";
import { fromBits, isNarrowFloat, type NdArray, ndArray, Shape, toBits } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeDims, numbersOf, scalarDim, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface NonMaxSuppressionOptions extends NameOption {
  /** Boxes that share more of their union than this with a better one are left out: 0.5 unless given. */
  readonly iouThreshold?: TensorLike | undefined;
  /** Boxes whose score is not above this are left out: -Infinity unless given. */
  readonly scoreThreshold?: TensorLike | undefined;
}

/** tf.image.non_max_suppression: the indices (int32) of at most `maxOutputSize` boxes [y1, x1, y2, x2], the best first. @tfExport image.nonMaxSuppression */
export function nonMaxSuppression(
  boxes: TensorLike,
  scores: TensorLike,
  maxOutputSize: TensorLike,
  options: NonMaxSuppressionOptions = {},
): Tensor {
  const { iouThreshold = 0.5, scoreThreshold = Number.NEGATIVE_INFINITY } = options;
  const graph = resolveGraph([boxes, scores, maxOutputSize, iouThreshold, scoreThreshold]);
  return withScope(graph, options.name, "non_max_suppression", () => {
    const iou = convertToTensor(iouThreshold, { graph, name: "iou_threshold", dtype: "float32" });
    const score = convertToTensor(scoreThreshold, { graph, name: "score_threshold", dtype: "float32" });
    return applyOne("NonMaxSuppressionV3", [boxes, scores, maxOutputSize, iou, score]);
  });
}

/** tf.image.non_max_suppression_padded: the indices, filled up with 0 to `maxOutputSize` where `padToMaxOutputSize`, and how many are indices. @tfExport image.nonMaxSuppressionPadded */
export function nonMaxSuppressionPadded(
  boxes: TensorLike,
  scores: TensorLike,
  maxOutputSize: TensorLike,
  options: NonMaxSuppressionOptions & { readonly padToMaxOutputSize?: boolean | undefined } = {},
): readonly [selected: Tensor, valid: Tensor] {
  const {
    iouThreshold = 0.5,
    scoreThreshold = Number.NEGATIVE_INFINITY,
    padToMaxOutputSize = false,
  } = options;
  const graph = resolveGraph([boxes, scores, maxOutputSize, iouThreshold, scoreThreshold]);
  return withScope(graph, options.name, "non_max_suppression_padded", () => {
    const iou = convertToTensor(iouThreshold, { graph, name: "iou_threshold", dtype: "float32" });
    const score = convertToTensor(scoreThreshold, { graph, name: "score_threshold", dtype: "float32" });
    const [selected, valid] = applyOp("NonMaxSuppressionV4", [boxes, scores, maxOutputSize, iou, score], {
      attrs: { pad_to_max_output_size: padToMaxOutputSize },
    }).outputs;
    return [selected!, valid!];
  });
}

function floats(value: NdArray): Float32Array {
  const { dtype, data } = value;
  return isNarrowFloat(dtype)
    ? Float32Array.from(data as Uint16Array, (bits) => fromBits(dtype, bits))
    : (data as Float32Array);
}

/** What two boxes share of what they cover together. */
function overUnion(boxes: Float32Array): (i: number, j: number) => number {
  const edges = (i: number): readonly [number, number, number, number] => {
    const [a, b, c, d] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
  };
  const f32 = Math.fround;
  return (i, j) => {
    const [top, left, bottom, right] = edges(i);
    const [above, before, below, behind] = edges(j);
    const own = f32(f32(bottom - top) * f32(right - left));
    const other = f32(f32(below - above) * f32(behind - before));
    if (own <= 0 || other <= 0) return 0;
    const height = Math.max(f32(Math.min(bottom, below) - Math.max(top, above)), 0);
    const width = Math.max(f32(Math.min(right, behind) - Math.max(left, before)), 0);
    const shared = f32(height * width);
    return f32(shared / f32(f32(own + other) - shared));
  };
}

interface Candidate {
  readonly box: number;
  score: number;
  /** The selected boxes from here on have not been looked at. */
  seen: number;
}

/** A heap whose first is the best score. */
class Heap {
  readonly #items: Candidate[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: Candidate): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    for (let up = (at - 1) >> 1; at > 0 && items[up]!.score < item.score; up = (at - 1) >> 1) {
      items[at] = items[up]!;
      items[up] = item;
      at = up;
    }
  }

  pop(): Candidate {
    const items = this.#items;
    const [best] = items;
    const last = items.pop()!;
    if (items.length === 0) return best!;
    let at = 0;
    for (let next = 1; next < items.length; next = 2 * at + 1) {
      if (next + 1 < items.length && items[next + 1]!.score > items[next]!.score) next++;
      if (items[next]!.score <= last.score) break;
      items[at] = items[next]!;
      at = next;
    }
    items[at] = last;
    return best!;
  }
}

interface Limits {
  readonly most: number;
  readonly similarity: number;
  readonly score: number;
  /** Above 0, scores fall with overlap. */
  readonly sigma: number;
}

function select(
  scores: Float32Array,
  alike: (i: number, j: number) => number,
  { most, similarity, score, sigma }: Limits,
): Candidate[] {
  const heap = new Heap();
  scores.forEach((value, box) => {
    if (value > score) heap.push({ box, score: value, seen: 0 });
  });
  const scale = sigma > 0 ? -0.5 / sigma : 0;
  const selected: Candidate[] = [];
  while (selected.length < most && heap.size > 0) {
    const next = heap.pop();
    const before = next.score;
    let suppressed = false;
    for (let j = selected.length - 1; j >= next.seen; j--) {
      const near = alike(next.box, selected[j]!.box);
      next.score = Math.fround(next.score * (near <= similarity ? Math.exp(scale * near * near) : 0));
      if (near >= similarity) {
        suppressed = true;
        break;
      }
      if (next.score <= score) break;
    }
    next.seen = selected.length;
    if (suppressed) continue;
    if (next.score === before) selected.push({ ...next });
    else if (next.score > score) heap.push(next);
  }
  return selected;
}

function scalar(c: HostContext, index: number, what: string): number {
  const value = c.input(index);
  if (value.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `${what} must be 0-D, got shape ${new Shape(value.shape)}`);
  return value.dtype === "int32" ? numbersOf(value)[0]! : floats(value)[0]!;
}

/** What is selected; `threshold` is the input where the thresholds begin, if they are inputs. */
function selection(c: HostContext, byOverlaps = false): Candidate[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [boxes, scores] = [c.input(0), c.input(1)];
  const what = byOverlaps ? "overlaps" : "boxes";
  const most = scalar(c, 2, "max_output_size");
  const similarity =
    c.inputCount > 3
      ? scalar(c, 3, byOverlaps ? "overlap_threshold" : "iou_threshold")
      : c.attrs.float("iou_threshold");
  if (!byOverlaps && !(similarity >= 0 && similarity <= 1)) fail("iou_threshold must be in [0, 1]");
  const score = c.inputCount > 4 ? scalar(c, 4, "score_threshold") : -3.4028234663852886e38;
  const sigma = c.inputCount > 5 ? scalar(c, 5, "soft_nms_sigma") : 0;
  if (sigma < 0) fail(`soft_nms_sigma_val must be non-negative: ${sigma}`);
  if (boxes.shape.length !== 2) fail(`${what} must be 2-D${new Shape(boxes.shape)}`);
  const [count, columns] = boxes.shape as [number, number];
  if (byOverlaps && columns !== count) fail(`overlaps must be square${new Shape(boxes.shape)}`);
  if (!byOverlaps && columns !== 4) fail("boxes must have 4 columns");
  if (scores.shape.length !== 1) fail(`scores must be 1-D${new Shape(scores.shape)}`);
  if (scores.shape[0] !== count) fail("scores has incompatible shape");
  const data = floats(boxes);
  const alike = byOverlaps ? (i: number, j: number) => data[i * count + j]! : overUnion(data);
  return select(floats(scores), alike, { most, similarity, score, sigma });
}

const indexVector = (selected: readonly Candidate[], length = selected.length): NdArray => {
  const data = new Int32Array(length);
  selected.forEach(({ box }, i) => {
    data[i] = box;
  });
  return ndArray("int32", [length], data);
};

function nmsShape(scalars: number, outputs: (size: Shape) => readonly Shape[]): NonNullable<OpSpec["shape"]> {
  return (c) => {
    const boxes = withRank(c.input(0), 2);
    const scores = withRank(c.input(1), 1);
    for (let i = 2; i < 2 + scalars; i++) withRank(c.input(i), 0);
    mergeDims(boxes.dim(0), scores.dim(0));
    withValue(boxes.dim(1), 4);
    const padded = c.attrs.has("pad_to_max_output_size") && c.attrs.bool("pad_to_max_output_size");
    return outputs(new Shape([padded ? scalarDim(c, 2) : null]));
  };
}

const plain = (scalars: number): OpSpec => ({
  shape: nmsShape(scalars, (size) => [size]),
  host: (c) => [indexVector(selection(c))],
  gradient: null,
});

/** The length of what is selected, filled up where that is asked for. */
function lengthOf(c: HostContext, selected: readonly Candidate[]): number {
  return c.attrs.bool("pad_to_max_output_size") ? scalar(c, 2, "max_output_size") : selected.length;
}

const countOf = (selected: readonly Candidate[]): NdArray =>
  ndArray("int32", [], Int32Array.of(selected.length));

/** Entries of the ops of non-maximum suppression. */
export const suppressionOps: readonly OpEntry[] = defineOps({
  NonMaxSuppression: plain(1),
  NonMaxSuppressionV2: plain(2),
  NonMaxSuppressionV3: plain(3),
  NonMaxSuppressionV4: {
    shape: nmsShape(3, (size) => [size, Shape.scalar]),
    host: (c) => {
      const selected = selection(c);
      return [indexVector(selected, lengthOf(c, selected)), countOf(selected)];
    },
    gradient: null,
  },
  NonMaxSuppressionV5: {
    shape: nmsShape(4, (size) => [size, size, Shape.scalar]),
    host: (c) => {
      const selected = selection(c);
      const length = lengthOf(c, selected);
      const scores = new Float32Array(length);
      selected.forEach(({ score }, i) => {
        scores[i] = score;
      });
      const dtype = c.outputDType(1);
      const values = isNarrowFloat(dtype)
        ? ndArray(
            dtype,
            [length],
            Uint16Array.from(scores, (score) => toBits(dtype, score)),
          )
        : ndArray("float32", [length], scores);
      return [indexVector(selected, length), values, countOf(selected)];
    },
    gradient: null,
  },
  NonMaxSuppressionWithOverlaps: {
    shape: (c) => {
      const overlaps = withRank(c.input(0), 2);
      const scores = withRank(c.input(1), 1);
      for (const i of [2, 3, 4]) withRank(c.input(i), 0);
      mergeDims(overlaps.dim(0), scores.dim(0));
      mergeDims(overlaps.dim(0), overlaps.dim(1));
      return [new Shape([null])];
    },
    host: (c) => [indexVector(selection(c, true))],
    gradient: null,
  },
});
