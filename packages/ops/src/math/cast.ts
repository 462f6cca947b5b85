// Cast between element types. Source: core/kernels/cast_op.cc, python/ops/math_ops.py (cast).

import { IndexedSlices, isIndexedSlices, isTensor, type Tensor } from "@org/graph";
import type { HloDType } from "@org/hlo";
import { type DType, dtypes, type NdArray, ndArray } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { isComplex, joinParts, partOf, realDType } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { runLowering } from "../host/run-lowering.ts";
import type { Lower } from "../lowering.ts";
import type { HostContext, LoweringContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/**
 * tf.cast: the same values as `dtype`; a tensor of that type already is returned as it is. Floating-point numbers lose
 * their fraction towards zero.
 * @tfExport cast
 */
export function cast(x: TensorLike, dtype: DType, options?: NameOption): Tensor;
export function cast(x: IndexedSlices, dtype: DType, options?: NameOption): IndexedSlices;
export function cast(x: TensorLike | IndexedSlices, dtype: DType, options: NameOption = {}): Grad {
  if (isTensor(x) && x.dtype === dtype) return x;
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "Cast", (scope) => {
    if (isIndexedSlices(x)) {
      return new IndexedSlices(cast(x.values, dtype, { name: scope }), x.indices, x.denseShape);
    }
    const tensor = convertToTensor(x, { name: "x", graph });
    if (tensor.dtype === dtype) return tensor;
    return applyOne("Cast", [tensor], { name: scope, attrs: { DstT: dtype } });
  });
}

const floatLimits: Partial<Record<DType, number>> = {
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  float32: 3.4028234663852886e38,
};

/** The least and the largest number of a type. */
function rangeOf(dtype: DType): readonly [number, number] {
  const { kind, bytes } = dtypes[dtype];
  if (kind === "uint") return [0, 2 ** (8 * bytes) - 1];
  if (kind === "int") return [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1];
  const most = floatLimits[dtype] ?? Number.MAX_VALUE;
  return [-most, most];
}

/** tf.saturate_cast: as `cast`, with numbers that the type cannot hold as its least or largest. @tfExport saturateCast */
export function saturateCast(value: TensorLike, dtype: DType, options: NameOption = {}): Tensor {
  const graph = resolveGraph([value]);
  return withScope(graph, options.name, "saturate_cast", (scope) => {
    let x = convertToTensor(value, { name: "value", graph });
    const [[low, high], [least, most]] = [rangeOf(x.dtype), rangeOf(dtype)];
    const limit = (bound: number, name: string): Tensor =>
      convertToTensor(dtypes[x.dtype].storage === "i64" ? BigInt(bound) : bound, { dtype: x.dtype, name });
    if (low < least) x = applyOne("Maximum", [x, limit(least, "min")]);
    if (high > most) x = applyOne("Minimum", [x, limit(most, "max")]);
    return cast(x, dtype, { name: scope });
  });
}

function isContinuous(dtype: DType): boolean {
  const { kind } = dtypes[dtype];
  return kind === "float" || kind === "complex";
}

function refuse(c: LoweringContext | HostContext): never {
  const [from, to] = [c.inputDType(0), c.outputDType(0)];
  return c.fail("UNIMPLEMENTED", `Cast ${dtypes[from].cc} to ${dtypes[to].cc} is not supported`);
}

const isNumeric = (dtype: DType): boolean =>
  ["float", "int", "uint", "bool", "complex"].includes(dtypes[dtype].kind);

const lowerCast: Lower = (c) => {
  const to = c.outputDType(0);
  if (isComplex(to) || !isNumeric(to)) refuse(c);
  return c.builder.convert(c.input(0), to as HloDType);
};

/** From and to complex numbers: real ones have no imaginary part, and the real part is all that they take. */
function castComplex(c: HostContext): readonly NdArray[] {
  const [from, to] = [c.inputDType(0), c.outputDType(0)];
  if (!isNumeric(from) || !isNumeric(to)) refuse(c);
  const cast = (part: 0 | 1): NdArray =>
    runLowering(c, lowerCast, {
      input: (i) => partOf(c.input(i), part),
      outputDType: () => (isComplex(to) ? realDType(to) : to),
    })[0]!;
  const re = cast(0);
  if (!isComplex(to)) return [re];
  return [joinParts(re, isComplex(from) ? cast(1) : ndArray(re.dtype, re.shape))];
}

/** Cast. */
export const castOps: readonly OpEntry[] = defineOps({
  Cast: {
    shape: unchanged,
    lower: lowerCast,
    host: castComplex,
    gradient: single((op, grad) => {
      const from = op.inputs[0]!.dtype;
      return isContinuous(from) && isContinuous(grad.dtype) ? cast(grad as Tensor, from) : undefined;
    }),
  },
});
