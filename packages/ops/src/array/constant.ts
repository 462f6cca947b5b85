// Constants, placeholders, and what passes its input on: Const, Placeholder, Identity and kin.
// Source: core/ops/array_ops.cc, python/framework/constant_op.py, python/ops/array_ops.py.
import { TfError } from "@org/errors";
import { type Graph, isIndexedSlices, type Tensor } from "@org/graph";
import { coreShapes } from "@org/graph/core-ops";
import type { HloInstruction } from "@org/hlo";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { constantOf, resolveGraph } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, several, single } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { mergeShapes, unchanged, withRank } from "../shape-rules.ts";
import { isOptions, type NameOption, type TensorLike, type ValueLike } from "../tensor-like.ts";
import { toNdArray } from "../to-nd-array.ts";

export interface ConstantOptions extends NameOption {
  readonly dtype?: DType | undefined;
  /** Dims of the result: a value with fewer elements is filled up with its last one. */
  readonly shape?: Shape | readonly number[] | undefined;
  readonly graph?: Graph | undefined;
}

/**
 * tf.constant: a Const node. Numbers are float32 unless `dtype` or a typed array says otherwise. Throws a TypeError
 * where the value does not fit the type, a RangeError where it has more elements than `shape`.
 * @tfExport constant
 */
export function constant(
  value: ValueLike,
  dtype?: DType | ConstantOptions,
  options?: ConstantOptions,
): Tensor {
  const all: ConstantOptions = {
    ...(isOptions(dtype) ? (dtype as ConstantOptions) : { dtype: dtype as DType }),
    ...options,
  };
  const shape = all.shape instanceof Shape ? all.shape.toNumbers() : all.shape;
  return constantOf(resolveGraph([], all.graph), toNdArray(value, all.dtype, shape), all.name);
}

/** tf.placeholder: a tensor that is fed. Dims that are null (or -1) are not known; without `shape` the rank is not. @tfExport placeholder */
export function placeholder(
  dtype: DType,
  shape?: Shape | readonly (number | null)[] | null,
  options: NameOption = {},
): Tensor {
  return applyOne("Placeholder", [], { ...options, attrs: { dtype, shape: Shape.of(shape) } });
}

/** tf.placeholder_with_default: `input` unless something is fed. @tfExport placeholderWithDefault */
export function placeholderWithDefault(
  input: TensorLike,
  shape: Shape | readonly (number | null)[] | null,
  options: NameOption = {},
): Tensor {
  return applyOne("PlaceholderWithDefault", [input], { ...options, attrs: { shape: Shape.of(shape) } });
}

/** tf.identity: the same values as another node. @tfExport identity */
export function identity(input: TensorLike | Grad, options: NameOption = {}): Tensor {
  return applyOne("Identity", [input], options);
}

/** tf.stop_gradient: the same values; no gradient passes. @tfExport stopGradient */
export function stopGradient(input: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("StopGradient", [input], options);
}

/** tf.prevent_gradient: the same values; asking for a gradient through it throws TfError NOT_FOUND (a LookupError in Python) with `message`. */
export function preventGradient(input: TensorLike, options: NameOption & { message?: string } = {}): Tensor {
  const { message, name } = options;
  return applyOne("PreventGradient", [input], { name, attrs: { message } });
}

/** tf.check_numerics: the same values; a run fails with `message` where one is infinite or NaN. @tfExport checkNumerics */
export function checkNumerics(tensor: TensorLike, message: string, options: NameOption = {}): Tensor {
  return applyOne("CheckNumerics", [tensor], { ...options, attrs: { message } });
}

/** tf.ensure_shape: the same values; a run fails where the shape does not fit. @tfExport ensureShape */
export function ensureShape(
  x: TensorLike,
  shape: Shape | readonly (number | null)[] | null,
  options: NameOption = {},
): Tensor {
  return applyOne("EnsureShape", [x], { ...options, attrs: { shape: Shape.of(shape) } });
}

/** tf.identity_n: several tensors passed on at once. @tfExport identityN */
export function identityN(inputs: readonly TensorLike[], options: NameOption = {}): readonly Tensor[] {
  return applyOp("IdentityN", [inputs], options).outputs;
}

const first = (c: { input(index: number): HloInstruction }): HloInstruction => c.input(0);
const passes = single((_, grad) => grad);

const identityLike: OpSpec = { shape: coreShapes.Identity!, lower: first, gradient: passes };

/** Constants and identities. */
export const constantOps: readonly OpEntry[] = defineOps({
  Const: {
    shape: (c) => [new Shape(c.attrs.tensor("value").shape)],
    host: (c) => [c.attrs.tensor("value")],
    gradient: null,
  },
  Placeholder: {
    shape: coreShapes.Placeholder!,
    host: (c) => {
      const shape = c.attrs.has("shape") ? c.attrs.shape("shape") : Shape.unknown;
      const known = shape.rank === null ? "" : ` and shape ${shape}`;
      const dtype = c.attrs.type("dtype") === "float32" ? "float" : c.attrs.type("dtype");
      return c.fail(
        "INVALID_ARGUMENT",
        `You must feed a value for placeholder tensor '${c.node}' with dtype ${dtype}${known}`,
      );
    },
    gradient: null,
  },
  PlaceholderWithDefault: {
    shape: (c) => {
      const shape = c.attrs.shape("shape");
      mergeShapes(c.input(0), shape);
      return [shape];
    },
    lower: first,
    gradient: passes,
  },
  Identity: identityLike,
  Snapshot: identityLike,
  PreventGradient: {
    shape: unchanged,
    lower: first,
    gradient: (op) => {
      throw new TfError("NOT_FOUND", `Gradient explicitly disabled. Reason: ${op.attrs.string("message")}`, {
        node: op.name,
        op: op.type,
        hint: "Stop at it with stopGradients, or differentiate with respect to something after it.",
      });
    },
  },
  StopGradient: { shape: unchanged, lower: first, gradient: null },
  DebugGradientIdentity: identityLike,
  IdentityN: {
    shape: (c) => Array.from({ length: c.inputCount }, (_, i) => c.input(i)),
    lower: (c) => Array.from({ length: c.inputCount }, (_, i) => c.input(i)),
    gradient: several((_, grads) => grads),
  },
  EnsureShape: {
    shape: (c) => {
      const wanted = c.attrs.shape("shape");
      const input = wanted.rank === null ? c.input(0) : withRank(c.input(0), wanted.rank);
      return [mergeShapes(wanted, input)];
    },
    lower: (c) => {
      const wanted = c.attrs.shape("shape");
      const x = c.input(0);
      if (!wanted.isCompatibleWith(new Shape(x.dims))) {
        c.fail(
          "INVALID_ARGUMENT",
          `Shape of tensor ${c.node} [${x.dims}] is not compatible with expected shape ${wanted}.`,
        );
      }
      return x;
    },
    gradient: passes,
  },
  CheckNumerics: {
    shape: unchanged,
    host: (c) => {
      const x = c.input(0);
      let inf = false;
      let nan = false;
      for (const value of toNumbers(x.dtype, x.data as ArrayLike<number>)) {
        if (Number.isNaN(value)) nan = true;
        else if (!Number.isFinite(value)) inf = true;
      }
      if (inf || nan) {
        const what = inf && nan ? "Inf and NaN" : inf ? "Inf" : "NaN";
        c.fail("INVALID_ARGUMENT", `${c.attrs.string("message")} : Tensor had ${what} values`);
      }
      return [x];
    },
    gradient: single((op, grad) => {
      const message = op.attrs.string("message");
      return checkNumerics(
        isIndexedSlices(grad) ? identity(grad) : grad,
        `Not a number (NaN) or infinity (Inf) values detected in gradient. ${message}`,
      );
    }),
  },
});

function* toNumbers(dtype: DType, data: ArrayLike<number>): Generator<number> {
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    // The exponent of all ones is infinity or, with a fraction, NaN.
    if (dtype === "float16") yield (x & 0x7c00) === 0x7c00 ? ((x & 0x3ff) === 0 ? Infinity : Number.NaN) : 0;
    else if (dtype === "bfloat16")
      yield (x & 0x7f80) === 0x7f80 ? ((x & 0x7f) === 0 ? Infinity : Number.NaN) : 0;
    else yield x;
  }
}
