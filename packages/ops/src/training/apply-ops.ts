// Entries of the training ops: each update rule as ApplyX, SparseApplyX and their resource twins. A sparse update takes
// the rows that `indices` name, updates them and puts them back; so an index must not stand there twice (TensorFlow
// would update its row twice). Optimizers sum such rows first, as TensorFlow's do.
// Source of checks and sentences: tensorflow/core/kernels/training_ops.cc, tensorflow/core/ops/training_ops.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { fromBits, isNarrowFloat, type NumericData, Shape } from "@org/tensor";
import { defineOp, type OpSpec } from "../define.ts";
import type { Lowered, LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeShapes } from "../shape-rules.ts";
import { Elementwise } from "./elementwise.ts";
import { type UpdateRule, updateRules } from "./update-rules.ts";

/** Arguments of the variable's shape besides the variables themselves (sparse: of the updated rows' shape). */
const gradientNames = new Set(["grad", "delta"]);

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

function variableShape(c: InferenceContext, index: number, resource: boolean): Shape {
  return resource ? (c.handleShape(index)?.shape ?? Shape.unknown) : c.input(index);
}

function shapeFunction(names: readonly string[], variables: number, resource: boolean): ShapeFunction {
  const indices = names.indexOf("indices");
  return (c) => {
    let shape = variableShape(c, 0, resource);
    for (let i = 1; i < variables; i++) shape = mergeShapes(shape, variableShape(c, i, resource));
    names.forEach((name, i) => {
      if (i < variables) return;
      if (gradientNames.has(name)) {
        const grad = c.input(i);
        if (indices < 0) shape = mergeShapes(shape, grad);
        else if (grad.dims && shape.dims) {
          // Rows of the variable, as many as there are indices.
          const rows = c.input(indices).dim(0);
          mergeShapes(new Shape([rows, ...shape.dims.slice(1)]), grad);
        }
      } else if (name === "indices") mergeShapes(Shape.ofRank(1), c.input(i));
      else mergeShapes(Shape.scalar, c.input(i));
    });
    return resource ? [] : [shape];
  };
}

function scalarArgument(c: LoweringContext, name: string, index: number): HloInstruction {
  const value = c.input(index);
  // TensorFlow's IsLegacyScalar: one element of rank 0 or 1.
  if (value.dims.length > 1 || (value.dims[0] ?? 1) !== 1)
    c.fail("INVALID_ARGUMENT", `${name} is not a scalar: ${shown(value.dims)}`);
  return value.dims.length === 0 ? value : c.builder.reshape(value, []);
}

function sameShape(c: LoweringContext, a: HloInstruction, b: HloInstruction, name: string): void {
  if (shown(a.dims) !== shown(b.dims))
    c.fail("INVALID_ARGUMENT", `var and ${name} do not have the same shape${shown(a.dims)} ${shown(b.dims)}`);
}

function checkRows(
  c: LoweringContext,
  variable: HloInstruction,
  grad: HloInstruction,
  indices: HloInstruction,
): void {
  if (variable.dims.length < 1) c.fail("INVALID_ARGUMENT", "var must be at least 1 dimensional");
  if (indices.dims.length !== 1) c.fail("INVALID_ARGUMENT", "indices must be one-dimensional");
  if (grad.dims.length !== variable.dims.length)
    c.fail("INVALID_ARGUMENT", "var and grad must have the same rank");
  for (let d = 1; d < variable.dims.length; d++)
    if (variable.dims[d] !== grad.dims[d])
      c.fail("INVALID_ARGUMENT", `var and grad must match in dimension ${d}`);
  if (grad.dims[0] !== indices.dims[0])
    c.fail("INVALID_ARGUMENT", "grad must be the same size as indices in the first dimension.");
}

/** How one of the four ops of a rule lowers: `names` are all its arguments in order. */
function lowering(rule: UpdateRule, names: readonly string[], variables: number): OpSpec["lower"] {
  return (c): Lowered => {
    const { builder } = c;
    const values: Record<string, HloInstruction> = {};
    const at = new Map(names.map((name, i) => [name, i]));
    const variable = c.input(0);
    const sparse = at.has("indices");
    const indices = sparse ? c.input(at.get("indices")!) : undefined;
    names.forEach((name, i) => {
      if (i < variables) {
        const value = c.input(i);
        sameShape(c, variable, value, name);
        values[name] = value;
      } else if (gradientNames.has(name)) values.grad = c.input(i);
      else if (name === "global_step") {
        values[name] = builder.convert(scalarArgument(c, name, i), variable.dtype);
      } else if (name !== "indices" && rule.known !== name) values[name] = scalarArgument(c, name, i);
    });
    if (indices) {
      checkRows(c, variable, values.grad!, indices);
      for (const name of names.slice(0, variables)) values[name] = builder.gather(values[name]!, indices);
    } else {
      sameShape(c, variable, values.grad!, at.has("delta") ? "delta" : "grad");
    }
    const updated = rule.update(values, {
      e: new Elementwise(builder, variable.dtype),
      flag: (name) => c.attrs.has(name) && c.attrs.bool(name),
      known: (name) => numberOf(c, at.get(name)!),
    });
    const assign = new Map<number, HloInstruction>();
    for (const [name, value] of Object.entries(updated)) {
      const index = at.get(name)!;
      assign.set(index, indices ? builder.scatter(c.input(index), indices, value, "set") : value);
    }
    return { assign };
  };
}

function numberOf(c: LoweringContext, index: number): number {
  const { data, dtype } = c.hostInput(index);
  const value = Number((data as NumericData)[0]);
  return isNarrowFloat(dtype) ? fromBits(dtype, value) : value;
}

function entry(type: string, rule: UpdateRule, args: string, resource: boolean): OpEntry {
  const own = rule.variables.split(" ");
  const names = [...own, ...args.split(" ")];
  const known = rule.known === undefined ? -1 : names.indexOf(rule.known);
  return defineOp(type, {
    shape: shapeFunction(names, own.length, resource),
    lower: lowering(rule, names, own.length)!,
    variables: own.map((_, i) => i),
    ...(known < 0 ? {} : { hostInputs: [known] }),
    gradient: null,
  });
}

/** Entries of every training op of TensorFlow 1.15. */
export const trainingOps: readonly OpEntry[] = Object.entries(updateRules).flatMap(([name, rule]) => {
  const entries = [entry(`ResourceApply${name}`, rule, rule.dense, true)];
  if (!rule.resourceOnly) entries.push(entry(`Apply${name}`, rule, rule.dense, false));
  if (rule.sparse !== undefined) {
    entries.push(entry(`ResourceSparseApply${name}`, rule, rule.sparse, true));
    if (!rule.resourceOnly) entries.push(entry(`SparseApply${name}`, rule, rule.sparse, false));
  }
  return entries;
});
