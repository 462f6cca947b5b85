// What folds: the ops that shape arithmetic is made of, on small arrays. A table, one entry an op.
// An op that is not here is taken for not constant, and shapes that hang on it stay unknown.
import type { DType } from "@org/tensor";
import type { Attrs } from "../attrs.ts";
import {
  type Element,
  eachIndex,
  type Folded,
  fit,
  folded,
  foldLimit,
  give,
  numbers,
  scalar,
  stridesOf,
} from "./folded.ts";
import { slice, stridedSlice } from "./slicing.ts";
import { sparseFoldKernels } from "./sparse.ts";

export interface FoldContext {
  readonly attrs: Attrs;
  readonly inputs: readonly Folded[];
  readonly outputTypes: readonly DType[];
}

type Kernel = (c: FoldContext) => readonly Folded[];

function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    return x === y || y === 1 ? x : x === 1 ? y : give();
  });
}

const binary =
  (fn: (x: number, y: number, dtype: DType) => number): Kernel =>
  ({ inputs, outputTypes }) => {
    const [a, b] = inputs as [Folded, Folded];
    const x = numbers(a);
    const y = numbers(b);
    const shape = broadcast(a.shape, b.shape);
    const offset = (of: readonly number[], index: readonly number[]): number => {
      const strides = stridesOf(of);
      let at = 0;
      for (let i = 0; i < of.length; i++)
        at += of[i] === 1 ? 0 : strides[i]! * index[index.length - of.length + i]!;
      return at;
    };
    const values: number[] = [];
    const dtype = outputTypes[0]!;
    eachIndex(shape, (index) =>
      values.push(fit(dtype, fn(x[offset(a.shape, index)]!, y[offset(b.shape, index)]!, a.dtype))),
    );
    return [folded(dtype, shape, values)];
  };

const unary =
  (fn: (x: number) => number): Kernel =>
  ({ inputs, outputTypes }) => [
    folded(
      outputTypes[0]!,
      inputs[0]!.shape,
      numbers(inputs[0]!).map((x) => fit(outputTypes[0]!, fn(x))),
    ),
  ];

const pass: Kernel = ({ inputs }) => [inputs[0]!];

const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";
const nonZero = (y: number): number => (y === 0 ? give() : y);
const floorMod = (x: number, y: number): number => x - Math.floor(x / y) * y;

function axisOf(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  return at >= 0 && at < rank ? at : give();
}

const reduction =
  (start: number, fn: (x: number, y: number) => number): Kernel =>
  ({ attrs, inputs, outputTypes }) => {
    const [x, axes] = inputs as [Folded, Folded];
    const reduced = new Set(numbers(axes).map((axis) => axisOf(axis, x.shape.length)));
    const kept = x.shape.map((dim, i) => (reduced.has(i) ? 1 : dim));
    const strides = stridesOf(kept);
    const out = new Array<number>(kept.reduce((n, dim) => n * dim, 1)).fill(start);
    let at = 0;
    const source = numbers(x);
    eachIndex(x.shape, (index) => {
      let to = 0;
      for (let i = 0; i < index.length; i++) if (!reduced.has(i)) to += index[i]! * strides[i]!;
      out[to] = fit(outputTypes[0]!, fn(out[to]!, source[at++]!));
    });
    const shape = attrs.bool("keep_dims") ? kept : x.shape.filter((_, i) => !reduced.has(i));
    return [folded(outputTypes[0]!, shape, out)];
  };

function concat(parts: readonly Folded[], axis: number): Folded {
  const first = parts[0] ?? give();
  const at = axisOf(axis, first.shape.length);
  const outer = first.shape.slice(0, at).reduce((n, dim) => n * dim, 1);
  const values: Element[] = [];
  for (let o = 0; o < outer; o++)
    for (const part of parts) {
      const chunk = part.values.length / outer;
      values.push(...part.values.slice(o * chunk, (o + 1) * chunk));
    }
  const shape = [...first.shape];
  shape[at] = parts.reduce((n, part) => n + (part.shape[at] ?? give()), 0);
  return folded(first.dtype, shape, values);
}

function gather(params: Folded, indices: Folded, axis: number, dtype: DType): Folded {
  const at = axisOf(axis, params.shape.length);
  const inner = params.shape.slice(at + 1).reduce((n, dim) => n * dim, 1);
  const outer = params.shape.slice(0, at).reduce((n, dim) => n * dim, 1);
  const extent = params.shape[at]!;
  const values: Element[] = [];
  for (let o = 0; o < outer; o++)
    for (const index of numbers(indices)) {
      if (index < 0 || index >= extent) give();
      const from = (o * extent + index) * inner;
      values.push(...params.values.slice(from, from + inner));
    }
  return folded(
    dtype,
    [...params.shape.slice(0, at), ...indices.shape, ...params.shape.slice(at + 1)],
    values,
  );
}

function pack(parts: readonly Folded[], axis: number): Folded {
  const first = parts[0] ?? give();
  const at = axisOf(axis, first.shape.length + 1);
  const widened = parts.map((part) =>
    folded(part.dtype, [...part.shape.slice(0, at), 1, ...part.shape.slice(at)], part.values),
  );
  return concat(widened, at);
}

/** Axes over which each of two broadcast shapes must be summed. Source: core/util/bcast.h. */
function broadcastGradientArgs(a: readonly number[], b: readonly number[]): [number[], number[]] {
  const rank = Math.max(a.length, b.length);
  const left: number[] = [];
  const right: number[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - (rank - a.length)] ?? 1;
    const y = b[i - (rank - b.length)] ?? 1;
    if (x === y) {
      if (x === 1) {
        left.push(i);
        right.push(i);
      }
    } else if (x === 1) left.push(i);
    else if (y === 1) right.push(i);
    else give();
  }
  return [left, right];
}

/** Op type -> how it folds. */
export const foldKernels: Readonly<Record<string, Kernel>> = {
  Identity: pass,
  StopGradient: pass,
  PreventGradient: pass,
  Snapshot: pass,
  Add: binary((x, y) => x + y),
  AddV2: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  FloorDiv: binary((x, y) => Math.floor(x / nonZero(y))),
  FloorMod: binary((x, y) => floorMod(x, nonZero(y))),
  Div: binary((x, y, dtype) => (isFloat(dtype) ? x / y : Math.trunc(x / nonZero(y)))),
  TruncateDiv: binary((x, y) => Math.trunc(x / nonZero(y))),
  Mod: binary((x, y) => x % nonZero(y)),
  TruncateMod: binary((x, y) => x % nonZero(y)),
  RealDiv: binary((x, y, dtype) => (isFloat(dtype) ? x / y : give())),
  Maximum: binary((x, y) => Math.max(x, y)),
  Minimum: binary((x, y) => Math.min(x, y)),
  Pow: binary((x, y, dtype) => (isFloat(dtype) || y >= 0 ? x ** y : give())),
  SquaredDifference: binary((x, y) => (x - y) * (x - y)),
  Equal: binary((x, y) => Number(x === y)),
  NotEqual: binary((x, y) => Number(x !== y)),
  Less: binary((x, y) => Number(x < y)),
  LessEqual: binary((x, y) => Number(x <= y)),
  Greater: binary((x, y) => Number(x > y)),
  GreaterEqual: binary((x, y) => Number(x >= y)),
  LogicalAnd: binary((x, y) => Number(x && y)),
  LogicalOr: binary((x, y) => Number(x || y)),
  LogicalNot: unary((x) => Number(!x)),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Square: unary((x) => x * x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Cast: unary((x) => x),
  ZerosLike: unary(() => 0),
  OnesLike: unary(() => 1),
  Sum: reduction(0, (x, y) => x + y),
  Prod: reduction(1, (x, y) => x * y),
  Max: reduction(-Infinity, Math.max),
  Min: reduction(Infinity, Math.min),
  All: reduction(1, (x, y) => Number(x && y)),
  Any: reduction(0, (x, y) => Number(x || y)),
  Shape: ({ inputs, outputTypes }) => [folded(outputTypes[0]!, [inputs[0]!.shape.length], inputs[0]!.shape)],
  ShapeN: ({ inputs, outputTypes }) =>
    inputs.map((x, i) => folded(outputTypes[i]!, [x.shape.length], x.shape)),
  Rank: ({ inputs, outputTypes }) => [folded(outputTypes[0]!, [], [inputs[0]!.shape.length])],
  Size: ({ inputs, outputTypes }) => [folded(outputTypes[0]!, [], [inputs[0]!.values.length])],
  Pack: ({ attrs, inputs }) => [pack(inputs, attrs.int("axis"))],
  Unpack: ({ attrs, inputs, outputTypes }) => {
    const x = inputs[0]!;
    const at = axisOf(attrs.int("axis"), x.shape.length);
    const index = (i: number): Folded => folded("int32", [], [i]);
    return outputTypes.map((dtype, i) => gather(x, index(i), at, dtype));
  },
  Concat: ({ inputs }) => [concat(inputs.slice(1), scalar(inputs[0]!))],
  ConcatV2: ({ inputs }) => [concat(inputs.slice(0, -1), scalar(inputs.at(-1)!))],
  ConcatOffset: ({ inputs }) => {
    const axis = scalar(inputs[0]!);
    let offset = 0;
    return inputs.slice(1).map((x) => {
      const at = axisOf(axis, x.values.length);
      const values = numbers(x).map((_, i) => (i === at ? offset : 0));
      offset += numbers(x)[at]!;
      return folded("int32", x.shape, values);
    });
  },
  Range: ({ inputs, outputTypes }) => {
    const [start, limit, delta] = inputs.map(scalar) as [number, number, number];
    const count = Math.max(0, Math.ceil((limit - start) / nonZero(delta)));
    if (!(count <= foldLimit)) give();
    return [
      folded(
        outputTypes[0]!,
        [count],
        Array.from({ length: count }, (_, i) => fit(outputTypes[0]!, start + i * delta)),
      ),
    ];
  },
  Fill: ({ inputs }) => {
    const [dims, value] = inputs as [Folded, Folded];
    const size = numbers(dims).reduce((n, dim) => (dim < 0 ? give() : n * dim), 1);
    if (size > foldLimit || value.values.length !== 1) give();
    return [folded(value.dtype, numbers(dims), new Array<Element>(size).fill(value.values[0]!))];
  },
  Reshape: ({ inputs }) => {
    const [x, to] = inputs as [Folded, Folded];
    const dims = [...numbers(to)];
    const open = dims.indexOf(-1);
    const known = dims.reduce((n, dim, i) => (i === open ? n : n * dim), 1);
    if (open >= 0) dims[open] = x.values.length / nonZero(known);
    return [folded(x.dtype, dims, x.values)];
  },
  ExpandDims: ({ inputs }) => {
    const [x, axis] = inputs as [Folded, Folded];
    const at = axisOf(scalar(axis), x.shape.length + 1);
    return [folded(x.dtype, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)], x.values)];
  },
  Squeeze: ({ attrs, inputs }) => {
    const x = inputs[0]!;
    const axes = new Set(attrs.ints("squeeze_dims").map((axis) => axisOf(axis, x.shape.length)));
    const shape = x.shape.filter((dim, i) => (axes.size === 0 ? dim !== 1 : !axes.has(i)));
    return [folded(x.dtype, shape, x.values)];
  },
  Gather: ({ inputs, outputTypes }) => [gather(inputs[0]!, inputs[1]!, 0, outputTypes[0]!)],
  GatherV2: ({ attrs, inputs, outputTypes }) => {
    if (attrs.has("batch_dims") && attrs.int("batch_dims") !== 0) give();
    return [gather(inputs[0]!, inputs[1]!, scalar(inputs[2]!), outputTypes[0]!)];
  },
  Select: ({ inputs }) => {
    const [condition, x, y] = inputs as [Folded, Folded, Folded];
    if (condition.values.length === 1 && condition.shape.length === 0) return [scalar(condition) ? x : y];
    if (condition.values.length !== x.values.length) give();
    return [
      folded(
        x.dtype,
        x.shape,
        x.values.map((value, i) => (numbers(condition)[i] ? value : y.values[i]!)),
      ),
    ];
  },
  Slice: ({ inputs }) => [slice(inputs[0]!, numbers(inputs[1]!), numbers(inputs[2]!))],
  StridedSlice: ({ attrs, inputs }) => [
    stridedSlice(inputs[0]!, numbers(inputs[1]!), numbers(inputs[2]!), numbers(inputs[3]!), {
      begin: attrs.int("begin_mask"),
      end: attrs.int("end_mask"),
      ellipsis: attrs.int("ellipsis_mask"),
      newAxis: attrs.int("new_axis_mask"),
      shrink: attrs.int("shrink_axis_mask"),
    }),
  ],
  Tile: ({ inputs }) => {
    const [x, multiples] = inputs as [Folded, Folded];
    return [
      numbers(multiples).reduce((part, times, axis) => concat(new Array<Folded>(times).fill(part), axis), x),
    ];
  },
  ReverseV2: ({ inputs }) => {
    const [x, axes] = inputs as [Folded, Folded];
    return [
      numbers(axes).reduce((part, axis) => {
        const at = axisOf(axis, part.shape.length);
        const order = Array.from({ length: part.shape[at]! }, (_, i) => part.shape[at]! - 1 - i);
        return gather(part, folded("int32", [order.length], order), at, part.dtype);
      }, x),
    ];
  },
  Transpose: ({ inputs }) => {
    const [x, perm] = inputs as [Folded, Folded];
    const order = numbers(perm).map((axis) => axisOf(axis, x.shape.length));
    const strides = x.shape.map((_, i) => x.shape.slice(i + 1).reduce((size, dim) => size * dim, 1));
    const shape = order.map((axis) => x.shape[axis]!);
    const values = x.values.map((_, at) => {
      let rest = at;
      let from = 0;
      for (let i = shape.length - 1; i >= 0; i--) {
        from += (rest % shape[i]!) * strides[order[i]!]!;
        rest = Math.floor(rest / shape[i]!);
      }
      return x.values[from]!;
    });
    return [folded(x.dtype, shape, values)];
  },
  InvertPermutation: ({ inputs }) => {
    const values = new Array<number>(inputs[0]!.values.length).fill(-1);
    for (const [i, to] of numbers(inputs[0]!).entries()) values[to] = i;
    return values.includes(-1) ? give() : [folded(inputs[0]!.dtype, inputs[0]!.shape, values)];
  },
  Unique: ({ inputs, outputTypes }) => {
    const x = numbers(inputs[0]!);
    const places = new Map<number, number>();
    const idx = x.map((value) => {
      if (!places.has(value)) places.set(value, places.size);
      return places.get(value)!;
    });
    return [
      folded(outputTypes[0]!, [places.size], [...places.keys()]),
      folded(outputTypes[1]!, [idx.length], idx),
    ];
  },
  ListDiff: ({ inputs, outputTypes }) => {
    const without = new Set(numbers(inputs[1]!));
    const x = numbers(inputs[0]!);
    const kept = x.map((_, i) => i).filter((i) => !without.has(x[i]!));
    return [
      folded(
        outputTypes[0]!,
        [kept.length],
        kept.map((i) => x[i]!),
      ),
      folded(outputTypes[1]!, [kept.length], kept),
    ];
  },
  DynamicStitch: ({ attrs, inputs, outputTypes }) => {
    const count = attrs.int("N");
    const rows: (readonly Element[])[] = [];
    let inner: readonly number[] = [];
    for (let n = 0; n < count; n++) {
      const [indices, data] = [inputs[n]!, inputs[count + n]!];
      inner = data.shape.slice(indices.shape.length);
      const width = inner.reduce((size, dim) => size * dim, 1);
      for (const [i, to] of numbers(indices).entries())
        rows[to] = data.values.slice(i * width, (i + 1) * width);
    }
    for (let i = 0; i < rows.length; i++) if (rows[i] === undefined) give();
    return [folded(outputTypes[0]!, [rows.length, ...inner], rows.flat())];
  },
  DynamicPartition: ({ attrs, inputs, outputTypes }) => {
    const [data, partitions] = inputs as [Folded, Folded];
    const inner = data.shape.slice(partitions.shape.length);
    const width = inner.reduce((size, dim) => size * dim, 1);
    const rows: Element[][] = Array.from({ length: attrs.int("num_partitions") }, () => []);
    for (const [i, to] of numbers(partitions).entries())
      (rows[to] ?? give()).push(...data.values.slice(i * width, (i + 1) * width));
    return rows.map((values, i) =>
      folded(outputTypes[i]!, [values.length / nonZero(width), ...inner], values),
    );
  },
  BroadcastGradientArgs: ({ inputs, outputTypes }) =>
    broadcastGradientArgs(numbers(inputs[0]!), numbers(inputs[1]!)).map((axes, i) =>
      folded(outputTypes[i]!, [axes.length], axes),
    ),
  BroadcastArgs: ({ inputs, outputTypes }) => {
    const dims = broadcast(numbers(inputs[0]!), numbers(inputs[1]!));
    return [folded(outputTypes[0]!, [dims.length], dims)];
  },
  ...sparseFoldKernels,
};
