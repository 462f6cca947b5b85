// Shape inference of what reads at computed places, reduces, multiplies, or has several results. See infer.ts.
import type { Attributes, Opcode, Window } from "./instruction.ts";
import {
  areDimensions,
  checkArity,
  checkReducer,
  dtypeError,
  sameDims,
  shapeError,
  type Typed,
} from "./typed.ts";

/** inferResult for the opcodes of this file; undefined for others. */
export function inferIndexed(
  opcode: Opcode,
  operands: readonly Typed[],
  attributes: Attributes[keyof Attributes] | undefined,
): Typed | undefined {
  switch (opcode) {
    case "dynamicSlice":
      return inferDynamicSlice(operands, attributes as Attributes["dynamicSlice"]);
    case "dynamicUpdateSlice":
      return inferDynamicUpdateSlice(operands);
    case "gather":
      return inferGather(operands, attributes as Attributes["gather"]);
    case "scatter":
      return inferScatter(operands, attributes as Attributes["scatter"]);
    case "reduce": {
      checkArity(opcode, operands, 1);
      const { reducer, dimensions } = attributes as Attributes["reduce"];
      const [x] = operands as [Typed];
      checkReducer(opcode, reducer, operands);
      if (!areDimensions(dimensions, x.dims.length, false))
        throw shapeError(opcode, `[${dimensions}] are not its dimensions`, operands);
      return { dtype: x.dtype, dims: x.dims.filter((_, i) => !dimensions.includes(i)) };
    }
    case "argReduce": {
      checkArity(opcode, operands, 1);
      const { dimension } = attributes as Attributes["argReduce"];
      const [x] = operands as [Typed];
      if (!areDimensions([dimension], x.dims.length, true))
        throw shapeError(opcode, `no dimension ${dimension}`, operands);
      if (x.dims[dimension] === 0) throw shapeError(opcode, `dimension ${dimension} is empty`, operands);
      return { dtype: "int32", dims: x.dims.filter((_, i) => i !== dimension) };
    }
    case "cumulative": {
      checkArity(opcode, operands, 1);
      const { reducer, dimension } = attributes as Attributes["cumulative"];
      const [x] = operands as [Typed];
      checkReducer(opcode, reducer, operands);
      if (!areDimensions([dimension], x.dims.length, true))
        throw shapeError(opcode, `no dimension ${dimension}`, operands);
      return { dtype: x.dtype, dims: x.dims };
    }
    case "reduceWindow": {
      checkArity(opcode, operands, 1);
      const { reducer, window } = attributes as Attributes["reduceWindow"];
      const [x] = operands as [Typed];
      checkReducer(opcode, reducer, operands);
      return { dtype: x.dtype, dims: windowDims(opcode, x.dims, window, operands) };
    }
    case "convolution":
      return inferConvolution(operands, attributes as Attributes["convolution"]);
    case "dot":
      return inferDot(operands, attributes as Attributes["dot"]);
    case "sort": {
      const [first] = operands;
      if (!first) throw new TypeError("sort: takes at least one operand");
      if (first.dims.length === 0) throw shapeError(opcode, "a scalar has no last dimension", operands);
      if (!operands.every((x) => sameDims(x.dims, first.dims)))
        throw shapeError(opcode, "operands must have one shape", operands);
      return { dtype: first.dtype, dims: first.dims };
    }
    case "customCall": {
      const { results, name } = attributes as Attributes["customCall"];
      if (!results[0]) throw new TypeError(`customCall: ${name} needs at least one result`);
      return results[0];
    }
    case "getTupleElement":
      checkArity(opcode, operands, 1);
      return operands[0]!; // the builder and the verifier put the tuple's results here: see resultsOf
    default:
      return undefined;
  }
}

/** Dims that a window leaves of `dims`: floor((padded - dilated window) / stride) + 1, not below 0. */
export function windowDims(
  opcode: string,
  dims: readonly number[],
  window: Window,
  operands: readonly Typed[],
): number[] {
  const { size, strides, padding, dilation, baseDilation } = window;
  const rank = dims.length;
  const positive = [size, strides, dilation, baseDilation].every(
    (list) => list.length === rank && list.every((n) => Number.isInteger(n) && n >= 1),
  );
  if (!positive || padding.length !== rank || !padding.every((p) => p.every(Number.isInteger)))
    throw shapeError(opcode, `window ${JSON.stringify(window)} does not fit dims [${dims}]`, operands);
  return dims.map((dim, i) => {
    const base = dim === 0 ? 0 : (dim - 1) * baseDilation[i]! + 1;
    const padded = base + padding[i]![0] + padding[i]![1];
    const extent = (size[i]! - 1) * dilation[i]! + 1;
    return padded < extent ? 0 : Math.floor((padded - extent) / strides[i]!) + 1;
  });
}

function checkStarts(opcode: string, operands: readonly Typed[], first: number): void {
  for (const start of operands.slice(first)) {
    if (start.dtype !== "int32") throw dtypeError(opcode, "starts must be int32", operands);
    if (start.dims.length !== 0) throw shapeError(opcode, "starts must be scalars", operands);
  }
}

function inferDynamicSlice(operands: readonly Typed[], { sizes }: Attributes["dynamicSlice"]): Typed {
  const x = operands[0];
  if (!x) throw new TypeError("dynamicSlice: takes an array and its starts");
  checkArity("dynamicSlice", operands, 1 + x.dims.length);
  checkStarts("dynamicSlice", operands, 1);
  if (
    sizes.length !== x.dims.length ||
    !sizes.every((n, i) => Number.isInteger(n) && n >= 0 && n <= x.dims[i]!)
  )
    throw shapeError("dynamicSlice", `sizes [${sizes}] do not fit`, operands);
  return { dtype: x.dtype, dims: sizes };
}

function inferDynamicUpdateSlice(operands: readonly Typed[]): Typed {
  const [x, update] = operands;
  if (!x || !update) throw new TypeError("dynamicUpdateSlice: takes an array, an update and starts");
  checkArity("dynamicUpdateSlice", operands, 2 + x.dims.length);
  checkStarts("dynamicUpdateSlice", operands, 2);
  if (x.dtype !== update.dtype)
    throw dtypeError("dynamicUpdateSlice", "array and update must have one type", operands);
  if (update.dims.length !== x.dims.length || !update.dims.every((n, i) => n <= x.dims[i]!))
    throw shapeError("dynamicUpdateSlice", "the update does not fit", operands);
  return { dtype: x.dtype, dims: x.dims };
}

function checkIndices(opcode: string, indices: Typed, operands: readonly Typed[]): void {
  if (indices.dtype !== "int32" && indices.dtype !== "int64")
    throw dtypeError(opcode, "indices must be int32 or int64", operands);
}

function inferGather(operands: readonly Typed[], { axis }: Attributes["gather"]): Typed {
  checkArity("gather", operands, 2);
  const [x, indices] = operands as [Typed, Typed];
  checkIndices("gather", indices, operands);
  if (!areDimensions([axis], x.dims.length, true)) throw shapeError("gather", `no axis ${axis}`, operands);
  return { dtype: x.dtype, dims: [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)] };
}

function inferScatter(operands: readonly Typed[], { combiner }: Attributes["scatter"]): Typed {
  checkArity("scatter", operands, 3);
  const [x, indices, updates] = operands as [Typed, Typed, Typed];
  checkIndices("scatter", indices, operands);
  if (x.dtype !== updates.dtype)
    throw dtypeError("scatter", "array and updates must have one type", operands);
  if (combiner !== "set" && x.dtype === "bool")
    throw dtypeError("scatter", `${combiner} does not take bool`, operands);
  if (x.dims.length === 0 || !sameDims(updates.dims, [...indices.dims, ...x.dims.slice(1)]))
    throw shapeError("scatter", "updates must be indices.dims + array.dims[1:]", operands);
  return { dtype: x.dtype, dims: x.dims };
}

function inferDot(operands: readonly Typed[], attributes: Attributes["dot"]): Typed {
  checkArity("dot", operands, 2);
  const [lhs, rhs] = operands as [Typed, Typed];
  const { lhsBatch, rhsBatch, lhsContracting, rhsContracting } = attributes;
  if (lhs.dtype !== rhs.dtype || lhs.dtype === "bool")
    throw dtypeError("dot", "operands must have one numeric type", operands);
  const lhsUsed = [...lhsBatch, ...lhsContracting];
  const rhsUsed = [...rhsBatch, ...rhsContracting];
  const agree = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((d, i) => lhs.dims[d] === rhs.dims[b[i]!]);
  if (
    !areDimensions(lhsUsed, lhs.dims.length, false) ||
    !areDimensions(rhsUsed, rhs.dims.length, false) ||
    !agree(lhsBatch, rhsBatch) ||
    !agree(lhsContracting, rhsContracting)
  )
    throw shapeError("dot", `${JSON.stringify(attributes)} does not fit`, operands);
  return {
    dtype: lhs.dtype,
    dims: [
      ...lhsBatch.map((d) => lhs.dims[d]!),
      ...lhs.dims.filter((_, i) => !lhsUsed.includes(i)),
      ...rhs.dims.filter((_, i) => !rhsUsed.includes(i)),
    ],
  };
}

function inferConvolution(operands: readonly Typed[], attributes: Attributes["convolution"]): Typed {
  checkArity("convolution", operands, 2);
  const [lhs, rhs] = operands as [Typed, Typed];
  const { window, featureGroupCount: groups } = attributes;
  if (lhs.dtype !== rhs.dtype || lhs.dtype === "bool")
    throw dtypeError("convolution", "operands must have one numeric type", operands);
  const rank = lhs.dims.length;
  const features = lhs.dims[rank - 1]!;
  const outputs = rhs.dims[rank - 1]!;
  if (
    rank < 2 ||
    rhs.dims.length !== rank ||
    !Number.isInteger(groups) ||
    groups < 1 ||
    features !== rhs.dims[rank - 2]! * groups ||
    outputs % groups !== 0 ||
    !sameDims(window.size, rhs.dims.slice(0, -2))
  )
    throw shapeError("convolution", `window [${window.size}], ${groups} groups do not fit`, operands);
  const spatial = windowDims("convolution", lhs.dims.slice(1, -1), window, operands);
  return { dtype: lhs.dtype, dims: [lhs.dims[0]!, ...spatial, outputs] };
}
