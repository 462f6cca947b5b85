// Tensors of one shape stacked along a new dimension, and taken apart again: Pack, Unpack.
// Source: core/ops/array_ops.cc, core/kernels/pack_op.cc, python/ops/array_ops.py.
import { isTfError } from "@org/errors";
import { isTensor, type Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense, type Grad, several, single } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { isOptions } from "../tensor-like.ts";
import { allBut, movesElements } from "./move-elements.ts";

export interface StackOptions extends NameOption {
  readonly axis?: number | undefined;
}

function stackArguments(axis: number | StackOptions | undefined, options: StackOptions): StackOptions {
  return isOptions(axis)
    ? { ...(axis as StackOptions), ...options }
    : { ...options, axis: (axis as number) ?? options.axis };
}

/**
 * tf.stack: tensors of one shape along a new dimension. A list without tensors becomes a constant.
 * Throws a TypeError where `axis` is out of range.
 * @tfExport stack
 */
export function stack(
  values: readonly TensorLike[],
  axis?: number | StackOptions,
  options: StackOptions = {},
): Tensor {
  const { axis: at = 0, name = "stack" } = stackArguments(axis, options);
  const graph = resolveGraph([values]);
  if (at === 0) {
    const packed = asOneTensor(values, name);
    if (packed) return packed;
  }
  const first = isTensor(values[0]) ? values[0] : convertToTensor(values[0]!, { name, graph });
  const { rank } = first.shape;
  if (rank !== null && (at < -rank - 1 || at > rank)) {
    throw new TypeError(`axis = ${at} not in [${-rank - 1}, ${rank + 1})`);
  }
  return applyOne("Pack", [values], { name, attrs: { axis: at }, graph });
}

/** The list as a constant or a Pack, where its elements have one type and shape. */
function asOneTensor(values: readonly TensorLike[], name: string): Tensor | undefined {
  try {
    return convertToTensor(values as TensorLike, { name, graph: resolveGraph([values]) });
  } catch (error) {
    if (error instanceof TypeError || isTfError(error)) return undefined;
    throw error;
  }
}

/**
 * tf.unstack: the `num` tensors along dimension `axis`. Throws a TypeError where num is neither given nor known.
 * @tfExport unstack
 */
export function unstack(
  value: TensorLike,
  num?: number | null | (StackOptions & { num?: number }),
  axis?: number | StackOptions,
  options: StackOptions = {},
): readonly Tensor[] {
  const given = isOptions(num)
    ? (num as StackOptions & { num?: number })
    : { num: (num as number) ?? undefined };
  const { axis: at = 0, name = "unstack" } = {
    ...given,
    ...stackArguments(axis ?? (given as StackOptions).axis, options),
    ...("name" in given ? { name: given.name } : {}),
  };
  let count = given.num;
  const x = count === undefined ? convertToTensor(value) : value;
  if (count === undefined) {
    const { rank } = (x as Tensor).shape;
    if (rank !== null && (at < -rank || at >= rank))
      throw new TypeError(`axis = ${at} not in [${-rank}, ${rank})`);
    count = (x as Tensor).shape.dim(at) ?? undefined;
    if (count === undefined) throw new TypeError(`Cannot infer num from shape ${(x as Tensor).shape}`);
  }
  return applyOp("Unpack", [x], { name, attrs: { num: count, axis: at } }).outputs;
}

function checkedAxis(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) invalid(`Invalid axis: ${axis}; must be in [${-rank},${rank})`);
  return axis < 0 ? axis + rank : axis;
}

function inserted<T>(dims: readonly T[], at: number, dim: T): T[] {
  return [...dims.slice(0, at), dim, ...dims.slice(at)];
}

/** Pack, Unpack. */
export const packOps: readonly OpEntry[] = defineOps({
  Pack: movesElements(
    {
      shape: (c) => {
        let shape = c.input(c.inputCount - 1);
        for (let i = c.inputCount - 2; i >= 0; i--) shape = mergeShapes(c.input(i), shape);
        if (shape.dims === null) return [shape];
        const axis = checkedAxis(c.attrs.int("axis"), shape.dims.length + 1);
        return [new Shape(inserted(shape.dims, axis, c.inputCount))];
      },
      lower: (c) => {
        const values = Array.from({ length: c.inputCount }, (_, i) => c.input(i));
        const { dims } = values[0]!;
        const axis = checkedAxis(c.attrs.int("axis"), dims.length + 1);
        values.forEach((value, i) => {
          if (`${value.dims}` !== `${dims}`) {
            c.fail(
              "INVALID_ARGUMENT",
              `Shapes of all inputs must match: values[0].shape = [${dims}] != values[${i}].shape = [${value.dims}]`,
            );
          }
        });
        const one = inserted(dims, axis, 1);
        const parts = values.map((value) => c.builder.reshape(value, one));
        return parts.length === 1 ? parts[0]! : c.builder.concatenate(parts, axis);
      },
      gradient: single((op, grad) => [...unstack(dense(grad), op.attrs.int("N"), op.attrs.int("axis"))]),
    },
    allBut(),
  ),
  Unpack: movesElements(
    {
      shape: (c) => {
        const count = c.attrs.int("num");
        const { dims } = c.input(0);
        let shape = Shape.unknown;
        if (dims !== null) {
          const axis = checkedAxis(c.attrs.int("axis"), dims.length);
          withValue(dims[axis]!, count);
          shape = new Shape(dims.filter((_, i) => i !== axis));
        }
        return new Array<Shape>(count).fill(shape);
      },
      lower: (c) => {
        const x = c.input(0);
        const axis = checkedAxis(c.attrs.int("axis"), x.dims.length);
        const count = c.attrs.int("num");
        if (x.dims[axis] !== count) {
          c.fail("INVALID_ARGUMENT", `Input shape axis ${axis} must equal ${count}, got shape [${x.dims}]`);
        }
        const dims = x.dims.filter((_, i) => i !== axis);
        return Array.from({ length: count }, (_, i) => {
          const start = x.dims.map((__, d) => (d === axis ? i : 0));
          const limit = x.dims.map((dim, d) => (d === axis ? i + 1 : dim));
          return c.builder.reshape(c.builder.slice(x, start, limit), dims);
        });
      },
      gradient: several((op, grads) => {
        const all = grads as readonly Grad[];
        return [stack(all.map(dense), op.attrs.int("axis"))];
      }),
    },
    allBut(),
  ),
});
