// tf.complex: a complex number from its two parts. hlo has no complex types: this and what is made of it runs on the host, or not.
// Source: python/ops/math_ops.py (complex), core/ops/math_ops.cc.
import type { Tensor } from "@org/graph";
import { allocateData, ndArray, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShape } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import type { Operand } from "./operator.ts";

/** tf.complex: complex64 of float32 parts, complex128 of float64 ones. Throws a TypeError for other types. */
export function complex(real: Operand, imag: Operand, options: NameOption = {}): Tensor {
  const graph = resolveGraph([real, imag]);
  return withScope(graph, options.name, "Complex", (scope) => {
    const x = convertToTensor(real, { graph, name: "real" });
    const y = convertToTensor(imag, { graph, name: "imag" });
    const key = `${x.dtype},${y.dtype}`;
    const result = { "float32,float32": "complex64", "float64,float64": "complex128" }[key];
    if (result === undefined)
      throw new TypeError(`real and imag have incorrect types: ${x.dtype} ${y.dtype}`);
    return applyOne("Complex", [x, y], { name: scope, attrs: { Tout: result } });
  });
}

/** Complex. */
export const complexOps: readonly OpEntry[] = defineOps({
  Complex: {
    shape: broadcastShape,
    host: (c) => {
      const [real, imag] = [c.input(0), c.input(1)];
      const shape = broadcastDims(c, real.shape, imag.shape);
      const dtype = c.outputDType(0);
      const data = allocateData(dtype, sizeOf(shape)) as Float64Array;
      const [re, im] = [real.data as Float64Array, imag.data as Float64Array];
      forEachPair(shape, real.shape, imag.shape, (at, i, j) => {
        data[2 * at] = re[i]!;
        data[2 * at + 1] = im[j]!;
      });
      return [ndArray(dtype, shape, data as never)];
    },
  },
});
