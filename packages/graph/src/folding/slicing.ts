// Slice and StridedSlice of folded values. Source: core/util/strided_slice_op.cc.
import { type Element, eachIndex, type Folded, folded, give, stridesOf } from "./folded.ts";

/** Rows `begin` to `begin + size` of each dimension; a size of -1 is all that is left. */
export function slice(x: Folded, begin: readonly number[], size: readonly number[]): Folded {
  const extent = x.shape.map((dim, i) => (size[i] === -1 ? dim - begin[i]! : size[i]!));
  const strides = stridesOf(x.shape);
  const values: Element[] = [];
  eachIndex(extent, (index) => {
    let at = 0;
    for (let i = 0; i < index.length; i++) {
      const position = begin[i]! + index[i]!;
      if (position < 0 || position >= x.shape[i]!) give();
      at += position * strides[i]!;
    }
    values.push(x.values[at]!);
  });
  return folded(x.dtype, extent, values);
}

export interface SliceMasks {
  readonly begin: number;
  readonly end: number;
  readonly ellipsis: number;
  readonly newAxis: number;
  readonly shrink: number;
}

/** numpy's slicing with masks. */
export function stridedSlice(
  x: Folded,
  begin: readonly number[],
  end: readonly number[],
  step: readonly number[],
  masks: SliceMasks,
): Folded {
  const bit = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;
  const specs = begin.length;
  let consumed = 0;
  for (let i = 0; i < specs; i++) if (!bit(masks.ellipsis, i) && !bit(masks.newAxis, i)) consumed++;
  const positions: number[][] = [];
  const shape: number[] = [];
  let dim = 0;
  const whole = (): void => {
    const extent = x.shape[dim++] ?? give();
    positions.push(Array.from({ length: extent }, (_, k) => k));
    shape.push(extent);
  };
  for (let i = 0; i < specs; i++) {
    if (bit(masks.ellipsis, i)) {
      for (let n = x.shape.length - consumed; n > 0; n--) whole();
      continue;
    }
    if (bit(masks.newAxis, i)) {
      shape.push(1);
      continue;
    }
    const extent = x.shape[dim++] ?? give();
    const stride = step[i] || give();
    if (bit(masks.shrink, i)) {
      const at = begin[i]! < 0 ? begin[i]! + extent : begin[i]!;
      if (at < 0 || at >= extent) give();
      positions.push([at]);
      continue;
    }
    const clamp = (value: number): number => {
      const at = value < 0 ? value + extent : value;
      return stride > 0 ? Math.min(Math.max(at, 0), extent) : Math.min(Math.max(at, -1), extent - 1);
    };
    const from = bit(masks.begin, i) ? (stride > 0 ? 0 : extent - 1) : clamp(begin[i]!);
    const to = bit(masks.end, i) ? (stride > 0 ? extent : -1) : clamp(end[i]!);
    const list: number[] = [];
    for (let at = from; stride > 0 ? at < to : at > to; at += stride) list.push(at);
    positions.push(list);
    shape.push(list.length);
  }
  while (dim < x.shape.length) whole();
  const strides = stridesOf(x.shape);
  const values: Element[] = [];
  eachIndex(
    positions.map((list) => list.length),
    (index) => values.push(x.values[index.reduce((at, k, d) => at + positions[d]![k]! * strides[d]!, 0)]!),
  );
  return folded(x.dtype, shape, values);
}
