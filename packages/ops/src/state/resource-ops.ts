// Resource variables: their handle (the executor makes it), reads, writes, gathers. Scatters are in scatter-ops.ts.
// Sources: tensorflow/core/ops/resource_variable_ops.cc, core/kernels/resource_variable_ops.cc,
// gradients from python/ops/resource_variable_ops.py.
import { IndexedSlices, type InferenceContext, type Tensor } from "@org/graph";
import { coreShapes } from "@org/graph/core-ops";
import { ndArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { size } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, single } from "../gradient.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { subshape, withRankAtLeast } from "../shape-rules.ts";
import { hostBool } from "./host-bool.ts";
import { sumOfComplex } from "./sum-of-complex.ts";

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

const handleShape = (c: InferenceContext): Shape => c.handleShape(0)?.shape ?? Shape.unknown;

function checkSame(
  c: Pick<LoweringContext, "fail">,
  variable: readonly number[],
  value: readonly number[],
): void {
  if (shown(variable) !== shown(value))
    c.fail(
      "INVALID_ARGUMENT",
      `Cannot update variable with shape ${shown(variable)} using a Tensor with shape ${shown(value)}, shapes must be equal.`,
    );
}

const update = (opcode: "add" | "subtract"): OpSpec => ({
  shape: coreShapes.AssignAddVariableOp!,
  variables: [0],
  gradient: null,
  lower: (c) => {
    const old = c.input(0);
    const value = c.input(1);
    checkSame(c, old.dims, value.dims);
    return { assign: new Map([[0, c.builder.binary(opcode, old, value)]]) };
  },
  // Complex numbers, which hlo has not.
  host: (c) => {
    const [old, value] = [c.input(0), c.input(1)];
    checkSame(c, old.shape, value.shape);
    c.assign(0, sumOfComplex(old, value, opcode === "add" ? 1 : -1));
    return [];
  },
});

/** The shape of the variable behind a handle: a constant where the graph knows it. Source: variable_shape. @tfExport variableShape */
export function variableShape(handle: Tensor, outType: "int32" | "int64" = "int32"): Tensor {
  const known = handle.op.handles[handle.valueIndex]?.shape;
  return known?.isFullyDefined()
    ? constant(known.toNumbers(), outType, { graph: handle.graph })
    : applyOne("VariableShape", [handle], { attrs: { out_type: outType } });
}

/** Entries of resource variables. */
export const resourceOps: readonly OpEntry[] = defineOps({
  VarHandleOp: { shape: coreShapes.VarHandleOp!, gradient: null },
  ReadVariableOp: {
    shape: coreShapes.ReadVariableOp!,
    variables: [0],
    readsOnly: [0],
    lower: (c) => c.input(0),
    host: (c) => [c.input(0)],
    gradient: single((_, grad) => grad),
  },
  AssignVariableOp: {
    shape: coreShapes.AssignVariableOp!,
    variables: [0],
    writesOnly: [0],
    gradient: null,
    lower: (c) => ({ assign: new Map([[0, c.input(1)]]) }),
    host: (c) => {
      c.assign(0, c.input(1));
      return [];
    },
  },
  AssignAddVariableOp: update("add"),
  AssignSubVariableOp: update("subtract"),
  VarIsInitializedOp: {
    shape: coreShapes.VarIsInitializedOp!,
    variables: [0],
    writesOnly: [0],
    readsOnly: [0],
    gradient: null,
    host: (c) => [hostBool(c.isInitialized(0))],
  },
  VariableShape: {
    shape: coreShapes.VariableShape!,
    variables: [0],
    readsOnly: [0],
    gradient: null,
    fromShapes: (c) => {
      const dims = c.shape(0);
      return c.outputDType(0) === "int64"
        ? [ndArray("int64", [dims.length], BigInt64Array.from(dims, BigInt))]
        : [ndArray("int32", [dims.length], Int32Array.from(dims))];
    },
  },
  ResourceGather: {
    shape: (c) => {
      const variable = withRankAtLeast(handleShape(c), 1);
      const batch = c.attrs.has("batch_dims") ? c.attrs.int("batch_dims") : 0;
      return [c.input(1).concat(subshape(variable, 1 + batch))];
    },
    variables: [0],
    readsOnly: [0],
    lower: (c) => {
      const variable = c.input(0);
      if (variable.dims.length < 1) c.fail("INVALID_ARGUMENT", "params must be at least 1 dimensional");
      if (c.attrs.has("batch_dims") && c.attrs.int("batch_dims") !== 0)
        c.fail("UNIMPLEMENTED", "ResourceGather with batch_dims is not supported");
      return c.builder.gather(variable, c.input(1));
    },
    gradient: single((op, grad) => {
      const [handle, indices] = op.inputs as [Tensor, Tensor];
      const shape = variableShape(handle);
      const count = expandDims(size(indices), 0);
      const valuesShape = concat([count, getItem(shape, { start: 1 })], 0);
      const values = reshape(dense(grad), valuesShape);
      return [new IndexedSlices(values, reshape(indices, count), shape), undefined];
    }),
  },
});
