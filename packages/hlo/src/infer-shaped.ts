// Shape inference of leaves (parameter, constant, iota, random bits), of views and of what joins and cuts arrays. See infer.ts.
import { sizeOf } from "@org/tensor";
import type { Attributes, HloDType, Opcode } from "./instruction.ts";
import { isHloDType } from "./opcodes.ts";
import {
  areDimensions,
  checkArity,
  checkDims,
  dtypeError,
  sameDims,
  shapeError,
  type Typed,
} from "./typed.ts";

/** inferResult for the opcodes of this file; undefined for others. */
export function inferShaped(
  opcode: Opcode,
  operands: readonly Typed[],
  attributes: Attributes[keyof Attributes] | undefined,
  requested: Typed | undefined,
): Typed | undefined {
  switch (opcode) {
    case "parameter": {
      checkArity(opcode, operands, 0);
      const { index } = attributes as Attributes["parameter"];
      if (!Number.isInteger(index) || index < 0) throw new TypeError(`parameter: index ${index} is no index`);
      return leaf(opcode, requested!);
    }
    case "constant": {
      checkArity(opcode, operands, 0);
      const { value } = attributes as Attributes["constant"];
      if (value.data.length !== sizeOf(value.shape))
        throw shapeError(opcode, `${value.data.length} elements for shape [${value.shape}]`, []);
      return leaf(opcode, { dtype: value.dtype as HloDType, dims: value.shape });
    }
    case "iota": {
      checkArity(opcode, operands, 0);
      const { dimension } = attributes as Attributes["iota"];
      if (!areDimensions([dimension], requested!.dims.length, true))
        throw shapeError(opcode, `[${requested!.dims}] has no dimension ${dimension}`, []);
      if (requested!.dtype === "bool") throw new TypeError("iota: takes numeric types, not bool");
      return leaf(opcode, requested!);
    }
    case "rngBitGenerator": {
      checkArity(opcode, operands, 2);
      const [key, counter] = operands as [Typed, Typed];
      if (key.dtype !== "uint32" || counter.dtype !== "uint32")
        throw dtypeError(opcode, "key and counter must be uint32", operands);
      if (!sameDims(key.dims, [2]) || !sameDims(counter.dims, [4]))
        throw shapeError(opcode, "key must be [2], counter [4]", operands);
      return leaf(opcode, { dtype: "uint32", dims: requested!.dims });
    }
    case "reshape": {
      checkArity(opcode, operands, 1);
      const [x] = operands as [Typed];
      checkDims(opcode, requested!.dims);
      if (sizeOf(x.dims) !== sizeOf(requested!.dims))
        throw shapeError(opcode, `[${requested!.dims}] has another number of elements`, operands);
      return { dtype: x.dtype, dims: requested!.dims };
    }
    case "broadcast": {
      checkArity(opcode, operands, 1);
      const [x] = operands as [Typed];
      const { dimensions } = attributes as Attributes["broadcast"];
      const { dims } = requested!;
      if (
        dimensions.length !== x.dims.length ||
        !areDimensions(dimensions, dims.length, true) ||
        !dimensions.every((d, i) => dims[d] === x.dims[i])
      )
        throw shapeError(
          opcode,
          `dimensions [${dimensions}] do not place the operand in [${dims}]`,
          operands,
        );
      return { dtype: x.dtype, dims };
    }
    case "transpose": {
      checkArity(opcode, operands, 1);
      const [x] = operands as [Typed];
      const { permutation } = attributes as Attributes["transpose"];
      if (permutation.length !== x.dims.length || !areDimensions(permutation, x.dims.length, false))
        throw shapeError(opcode, `[${permutation}] is no permutation of its dimensions`, operands);
      return { dtype: x.dtype, dims: permutation.map((d) => x.dims[d]!) };
    }
    case "reverse": {
      checkArity(opcode, operands, 1);
      const [x] = operands as [Typed];
      const { dimensions } = attributes as Attributes["reverse"];
      if (!areDimensions(dimensions, x.dims.length, false))
        throw shapeError(opcode, `[${dimensions}] are not its dimensions`, operands);
      return { dtype: x.dtype, dims: x.dims };
    }
    case "slice":
      return inferSlice(operands, attributes as Attributes["slice"]);
    case "pad":
      return inferPad(operands, attributes as Attributes["pad"]);
    case "concatenate":
      return inferConcatenate(operands, attributes as Attributes["concatenate"]);
    default:
      return undefined;
  }
}

function leaf(opcode: string, type: Typed): Typed {
  if (!isHloDType(type.dtype)) throw new TypeError(`${opcode}: ${type.dtype} is no type of instructions`);
  checkDims(opcode, type.dims);
  return { dtype: type.dtype, dims: type.dims };
}

function inferSlice(operands: readonly Typed[], { start, limit, strides }: Attributes["slice"]): Typed {
  checkArity("slice", operands, 1);
  const [x] = operands as [Typed];
  const rank = x.dims.length;
  const fits =
    start.length === rank &&
    limit.length === rank &&
    strides.length === rank &&
    x.dims.every(
      (dim, i) =>
        Number.isInteger(start[i]) &&
        Number.isInteger(limit[i]) &&
        Number.isInteger(strides[i]) &&
        0 <= start[i]! &&
        start[i]! <= limit[i]! &&
        limit[i]! <= dim &&
        strides[i]! >= 1,
    );
  if (!fits)
    throw shapeError("slice", `[${start}] to [${limit}] by [${strides}] is not inside its operand`, operands);
  return { dtype: x.dtype, dims: start.map((s, i) => Math.ceil((limit[i]! - s) / strides[i]!)) };
}

function inferPad(operands: readonly Typed[], { low, high, interior }: Attributes["pad"]): Typed {
  checkArity("pad", operands, 2);
  const [x, value] = operands as [Typed, Typed];
  if (x.dtype !== value.dtype) throw dtypeError("pad", "operands must have one type", operands);
  const rank = x.dims.length;
  const dims = x.dims.map((dim, i) => dim + low[i]! + high[i]! + Math.max(dim - 1, 0) * interior[i]!);
  if (
    value.dims.length !== 0 ||
    low.length !== rank ||
    high.length !== rank ||
    interior.length !== rank ||
    !interior.every((n) => n >= 0) ||
    !dims.every((dim) => Number.isInteger(dim) && dim >= 0)
  )
    throw shapeError("pad", `low [${low}], high [${high}], interior [${interior}] do not fit`, operands);
  return { dtype: x.dtype, dims };
}

function inferConcatenate(operands: readonly Typed[], { dimension }: Attributes["concatenate"]): Typed {
  const first = operands[0];
  if (!first) throw new TypeError("concatenate: takes at least one operand");
  if (!areDimensions([dimension], first.dims.length, true))
    throw shapeError("concatenate", `no dimension ${dimension}`, operands);
  let extent = 0;
  for (const operand of operands) {
    if (operand.dtype !== first.dtype)
      throw dtypeError("concatenate", "operands must have one type", operands);
    if (
      operand.dims.length !== first.dims.length ||
      !operand.dims.every((dim, i) => i === dimension || dim === first.dims[i])
    )
      throw shapeError("concatenate", `operands must agree but in dimension ${dimension}`, operands);
    extent += operand.dims[dimension]!;
  }
  return { dtype: first.dtype, dims: first.dims.map((dim, i) => (i === dimension ? extent : dim)) };
}
