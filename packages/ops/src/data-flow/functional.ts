// tf.map_fn, foldl, foldr, scan: a function applied to the rows of tensors one after another, in a loop over TensorArrays.
// Source: python/ops/map_fn.py, python/ops/functional_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { constant } from "../array/constant.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import type { TensorsOf } from "../control/cond.ts";
import { assertSameStructure, flatten, packAs } from "../control/nest.ts";
import { whileLoop } from "../control/while-loop.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { operator } from "../math/operator.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { TensorArray } from "./tensor-array.ts";

interface LoopOptions extends NameOption {
  /** Default 10. */
  readonly parallelIterations?: number | undefined;
  readonly backProp?: boolean | undefined;
  readonly swapMemory?: boolean | undefined;
}

export interface MapOptions extends LoopOptions {
  /** Types of what `fn` returns, in its form; default: those of `elems`. */
  readonly dtype?: unknown;
  /** Whether all results have one shape; default true. */
  readonly inferShape?: boolean | undefined;
}

export interface FoldOptions<A> extends LoopOptions {
  /** What the first call gets; default: the first row. */
  readonly initializer?: A | undefined;
}

export interface ScanOptions<A> extends FoldOptions<A> {
  /** From the last row to the first. */
  readonly reverse?: boolean | undefined;
  readonly inferShape?: boolean | undefined;
}

/** Number of rows: a number where it is known. */
function rowCount(tensor: Tensor, orZero: boolean): number | Tensor {
  const { dims } = tensor.shape;
  if (dims?.length === 0)
    throw new TfError("INVALID_ARGUMENT", "elems must be a 1+ dimensional Tensor, not a scalar");
  const known = dims?.[0];
  // As in Python, where a count of 0 is taken for none.
  return (orZero ? known || undefined : (known ?? undefined)) ?? getItem(shapeOf(tensor), 0);
}

function loopOptions(options: LoopOptions, count: number | Tensor): Parameters<typeof whileLoop>[3] {
  return {
    parallelIterations: options.parallelIterations ?? 10,
    backProp: options.backProp ?? true,
    swapMemory: options.swapMemory ?? false,
    maximumIterations: count,
  };
}

/** Sets the first dim of results to what rows there are. */
function withRows(results: readonly Tensor[], elems: readonly Tensor[]): void {
  const rows = elems.map((elem) => elem.shape.dims?.[0] ?? null).find((dim) => dim !== null) ?? null;
  for (const result of results) if (result.shape.dims) result.setShape([rows, ...result.shape.dims.slice(1)]);
}

/**
 * tf.map_fn: `fn` of every row of `elems` (a tensor, or arrays and records of such with as many rows), stacked.
 * Throws TfError INVALID_ARGUMENT for scalars, a TypeError where `fn` is none or its results have another form than `dtype`.
 * @tfExport mapFn
 */
export function mapFn<const E, R = TensorsOf<E>>(
  fn: (elems: TensorsOf<E>) => R,
  elems: E,
  options: MapOptions = {},
): TensorsOf<R> {
  if (typeof fn !== "function") throw new TypeError("fn must be callable.");
  const graph = resolveGraph(flatten(elems));
  return withScope(graph, options.name, "map", () => {
    const flat = flatten(elems).map((elem) => convertToTensor(elem as TensorLike, { name: "elem" }));
    const form = options.dtype ?? elems;
    const types =
      options.dtype === undefined ? flat.map(({ dtype }) => dtype) : (flatten(options.dtype) as DType[]);
    const count = rowCount(flat[0]!, true);
    const inputs = flat
      .map((elem) => new TensorArray(elem.dtype, { size: count }))
      .map((array, i) => array.unstack(flat[i]!));
    const start = constant(0, "int32");
    const outputs = types.map(
      (dtype) => new TensorArray(dtype, { size: count, inferShape: options.inferShape ?? true }),
    );
    const compute = (i: Tensor, arrays: readonly TensorArray[]): unknown => {
      const row = packAs(
        elems,
        inputs.map((array) => array.read(i)),
      );
      const values = fn(row as TensorsOf<E>);
      assertSameStructure(form, values);
      const written = flatten(values).map((value, j) => arrays[j]!.write(i, value as TensorLike));
      return [operator.add(i, 1), written];
    };
    const [, arrays] = whileLoop(
      ((i: Tensor) => operator.lt(i, count)) as never,
      compute as never,
      [start, outputs],
      loopOptions(options, count),
    ) as unknown as readonly [Tensor, readonly TensorArray[]];
    const results = arrays.map((array) => array.stack());
    withRows(results, flat);
    return packAs(form, results) as TensorsOf<R>;
  });
}

function fold<E, A>(
  fn: (accumulated: TensorsOf<A>, elem: TensorsOf<E>) => unknown,
  elems: E,
  options: FoldOptions<A>,
  fromRight: boolean,
): TensorsOf<A> {
  if (typeof fn !== "function") throw new TypeError("fn must be callable.");
  const graph = resolveGraph(flatten(elems));
  return withScope(graph, options.name, fromRight ? "foldr" : "foldl", () => {
    const flat = flatten(elems).map((elem) => convertToTensor(elem as TensorLike, { name: "elem" }));
    const count = rowCount(flat[0]!, true);
    const inputs = flatten(elems).map((elem, i) =>
      new TensorArray(flat[i]!.dtype, { size: count }).unstack(elem as TensorLike),
    );
    const rowAt = (i: TensorLike): TensorsOf<E> =>
      packAs(
        elems,
        inputs.map((array) => array.read(i)),
      ) as TensorsOf<E>;
    let start: TensorLike;
    let accumulated: unknown;
    if (options.initializer !== undefined) {
      accumulated = options.initializer;
      start = fromRight ? count : constant(0, "int32");
    } else if (fromRight) {
      start = typeof count === "number" ? count - 1 : operator.sub(count, 1);
      accumulated = rowAt(start);
    } else {
      accumulated = rowAt(0);
      start = constant(1, "int32");
    }
    const compute = (i: Tensor, a: TensorsOf<A>): unknown => {
      if (!fromRight) {
        const row = rowAt(i);
        const next = fn(a, row);
        return [operator.add(i, 1), next];
      }
      const at = operator.sub(i, 1);
      return [at, fn(a, rowAt(at))];
    };
    const first = typeof start === "number" ? convertToTensor(start, { dtype: "int32" }) : start;
    const condition = (i: Tensor): Tensor => (fromRight ? operator.gt(i, 0) : operator.lt(i, count));
    const [, result] = whileLoop(
      condition as never,
      compute as never,
      [first, accumulated],
      loopOptions(options, count),
    ) as unknown as readonly [Tensor, TensorsOf<A>];
    return result;
  });
}

/** tf.foldl: `fn(accumulated, row)` over the rows of `elems` from the first to the last. Throws as `mapFn`. @tfExport foldl */
export function foldl<const E, A = E>(
  fn: (accumulated: TensorsOf<A>, elem: TensorsOf<E>) => unknown,
  elems: E,
  options: FoldOptions<A> = {},
): TensorsOf<A> {
  return fold(fn, elems, options, false);
}

/** tf.foldr: `fn(accumulated, row)` over the rows of `elems` from the last to the first. Throws as `mapFn`. @tfExport foldr */
export function foldr<const E, A = E>(
  fn: (accumulated: TensorsOf<A>, elem: TensorsOf<E>) => unknown,
  elems: E,
  options: FoldOptions<A> = {},
): TensorsOf<A> {
  return fold(fn, elems, options, true);
}

/** tf.scan: what `foldl` (or, `reverse`, `foldr`) has after each row, stacked. Throws as `mapFn`. @tfExport scan */
export function scan<const E, A = E>(
  fn: (accumulated: TensorsOf<A>, elem: TensorsOf<E>) => unknown,
  elems: E,
  options: ScanOptions<A> = {},
): TensorsOf<A> {
  if (typeof fn !== "function") throw new TypeError("fn must be callable.");
  const { initializer, reverse = false, inferShape = true } = options;
  const graph = resolveGraph(flatten(elems));
  return withScope(graph, options.name, "scan", () => {
    const flat = flatten(elems).map((elem) => convertToTensor(elem as TensorLike, { name: "elem" }));
    const count = rowCount(flat[0]!, false);
    const inputs = flat
      .map(
        (elem) =>
          new TensorArray(elem.dtype, {
            size: count,
            elementShape: new Shape(elem.shape.dims?.slice(1) ?? null),
          }),
      )
      .map((array, i) => array.unstack(flat[i]!));
    const last = (): TensorLike => (typeof count === "number" ? count - 1 : operator.sub(count, 1));
    const form = initializer ?? elems;
    const offset = initializer === undefined ? 1 : 0;
    const accumulated =
      initializer === undefined
        ? inputs.map((array) => array.read(reverse ? last() : 0))
        : flatten(initializer).map((value) => convertToTensor(value as TensorLike));
    let outputs = accumulated.map(
      (value) =>
        new TensorArray(value.dtype, {
          size: count,
          elementShape: inferShape ? value.shape : null,
          inferShape,
        }),
    );
    if (initializer === undefined)
      outputs = outputs.map((array, i) => array.write(reverse ? last() : 0, accumulated[i]!));
    const compute = (i: Tensor, a: readonly Tensor[], arrays: readonly TensorArray[]): unknown => {
      const row = packAs(
        elems,
        inputs.map((array) => array.read(i)),
      ) as TensorsOf<E>;
      const out = fn(packAs(form, a) as TensorsOf<A>, row);
      assertSameStructure(form, out);
      const values = flatten(out);
      const written = arrays.map((array, j) => array.write(i, values[j] as TensorLike));
      return [reverse ? operator.sub(i, 1) : operator.add(i, 1), values, written];
    };
    const start = startOf(count, offset, reverse);
    const condition = (i: Tensor): Tensor => (reverse ? operator.ge(i, 0) : operator.lt(i, count));
    const [, , arrays] = whileLoop(
      condition as never,
      compute as never,
      [start, accumulated, outputs],
      loopOptions(options, count),
    ) as unknown as readonly [Tensor, readonly Tensor[], readonly TensorArray[]];
    const results = arrays.map((array) => array.stack());
    withRows(results, flat);
    return packAs(form, results) as TensorsOf<A>;
  });
}

/** The first index of a scan; converted to a tensor by the loop, under its name. */
function startOf(count: number | Tensor, offset: number, reverse: boolean): unknown {
  const integer = (value: number): Int32Array => Int32Array.of(value);
  if (!reverse) return { dtype: "int32", shape: [], data: integer(offset) };
  if (typeof count === "number") return { dtype: "int32", shape: [], data: integer(count - 1 - offset) };
  return operator.sub(operator.sub(count, 1), offset);
}
