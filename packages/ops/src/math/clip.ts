// Clipping: values, norms, the norm of all gradients together. Source: python/ops/clip_ops.py.
import { IndexedSlices, isIndexedSlices, type Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { constant, identity } from "../array/constant.ts";
import { onesLike } from "../array/fill.ts";
import { stack } from "../array/pack.ts";
import { rank, size } from "../array/shape-of.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { maximum, minimum } from "./binary.ts";
import { cast } from "./cast.ts";
import { operator } from "./operator.ts";
import { range } from "./range.ts";
import { reduceSum } from "./reductions.ts";
import { where } from "./select.ts";
import { isFinite as isFiniteTensor, rsqrt, sqrt } from "./unary.ts";

type Clippable = Tensor | IndexedSlices;

const { mul, truediv, gt } = operator;

const valuesOf = (t: Clippable): Tensor => (isIndexedSlices(t) ? t.values : (t as Tensor));

/** Runs in a name scope of `t`'s graph. */
function scoped<R>(t: Clippable, name: string, build: (scope: string) => R): R {
  const { graph } = t;
  return graph.asDefault(() => graph.nameScope(name, build));
}

/** Rows of the same indices, or the tensor itself. */
function like<T extends Clippable>(t: T, values: Tensor): T {
  return (isIndexedSlices(t) ? new IndexedSlices(values, t.indices, t.denseShape) : values) as T;
}

/** tf.clip_by_value: each element at least `min` and at most `max`. */
export function clipByValue<T extends Clippable>(
  t: T,
  min: TensorLike,
  max: TensorLike,
  options: NameOption = {},
): T {
  return scoped(t, options.name ?? "clip_by_value", (scope) => {
    const atMost = minimum(valuesOf(t), max);
    return like(t, maximum(atMost, min, { name: scope }));
  });
}

/** tf.clip_by_norm: scaled down where its L2 norm (along `axes`, or as a whole) is above `clipNorm`. */
export function clipByNorm<T extends Clippable>(
  t: T,
  clipNorm: TensorLike,
  options: NameOption & { readonly axes?: TensorLike | undefined } = {},
): T {
  return scoped(t, options.name ?? "clip_by_norm", (scope) => {
    const values = valuesOf(t);
    const sum = reduceSum(mul(values, values), options.axes, { keepdims: true });
    const positive = gt(sum, 0);
    const safe = where(positive, sum, onesLike(sum));
    const norm = where(positive, sqrt(safe), sum);
    const scaled = mul(values, clipNorm);
    return like(t, identity(truediv(scaled, maximum(norm, clipNorm)), { name: scope }));
  });
}

/** tf.clip_by_average_norm: as clipByNorm, by the norm over the number of elements. */
export function clipByAverageNorm(t: Tensor, clipNorm: TensorLike, options: NameOption = {}): Tensor {
  return scoped(t, options.name ?? "clip_by_average_norm", (scope) => {
    const count = cast(size(t), "float32");
    const inverse = rsqrt(reduceSum(mul(t, t), range(rank(t))));
    const scaled = mul(t, clipNorm);
    const factor = minimum(mul(inverse, count), truediv(constant(1), clipNorm));
    return identity(mul(scaled, factor), { name: scope });
  });
}

/** tf.global_norm: the L2 norm of all tensors together; undefined ones are left out. */
export function globalNorm(tensors: readonly (Clippable | undefined)[], options: NameOption = {}): Tensor {
  const given = tensors.filter((t) => t !== undefined) as Clippable[];
  if (given.length === 0) throw new TypeError("globalNorm: there is no tensor");
  const { graph } = given[0]!;
  return scoped(given[0]!, options.name ?? "global_norm", () => {
    const halves = given.map((t) => {
      const values = valuesOf(t);
      return graph.colocateWith(values, () => applyOne("L2Loss", [values]));
    });
    const half = reduceSum(stack(halves));
    return sqrt(mul(half, constant(2, half.dtype)), { name: "global_norm" });
  });
}

/** tf.clip_by_global_norm: all tensors scaled by one factor, so that their norm together is at most `clipNorm`; and that norm. */
export function clipByGlobalNorm<T extends Clippable | undefined>(
  tensors: readonly T[],
  clipNorm: TensorLike,
  options: NameOption & { readonly useNorm?: Tensor | undefined } = {},
): { readonly clipped: T[]; readonly globalNorm: Tensor } {
  const norm =
    options.useNorm ?? globalNorm(tensors, options.name === undefined ? {} : { name: options.name });
  const { graph, dtype } = norm;
  const clipped = scoped(norm, options.name ?? "clip_by_global_norm", (scope) => {
    const perNorm = truediv(1, norm);
    const perClip = truediv(constant(1, dtype), clipNorm);
    const finite = mul(clipNorm, minimum(perNorm, perClip));
    const scale = where(isFiniteTensor(norm), finite, constant(Number.NaN, dtype));
    return tensors.map((t, i): T => {
      if (t === undefined) return t;
      const values = valuesOf(t as Clippable);
      const scaled = graph.colocateWith(values, () =>
        identity(mul(values, scale), { name: `${scope}_${i}` }),
      );
      return like(t as Clippable, scaled) as T;
    });
  });
  return { clipped, globalNorm: norm };
}
