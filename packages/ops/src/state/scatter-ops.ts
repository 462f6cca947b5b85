// Updates of some rows of a variable: ScatterAdd, ScatterUpdate ... and their resource twins. Rows are named along
// axis 0. Not ScatterNd. Sources: tensorflow/core/ops/state_ops.cc (ScatterUpdateShape), core/kernels/scatter_op.cc.
import type { InferenceContext } from "@org/graph";
import type { Combiner } from "@org/hlo";
import { type NdArray, Shape, toNumbers } from "@org/tensor";
import { defineOp } from "../define.ts";
import type { HostContext, Lowered, LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeShapes, subshape, withRankAtLeast } from "../shape-rules.ts";

const combiners: Readonly<Record<string, Combiner>> = {
  Update: "set",
  Add: "add",
  Sub: "subtract",
  Mul: "multiply",
  Div: "divide",
  Max: "maximum",
  Min: "minimum",
};

function scatterShape(c: InferenceContext, variable: Shape): Shape {
  const indices = c.input(1);
  withRankAtLeast(variable, 1);
  const updates = c.input(2);
  // A scalar goes to every named row.
  if (updates.rank !== 0) mergeShapes(indices.concat(subshape(variable, 1)), updates);
  return variable;
}

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

function scatter(c: LoweringContext, combiner: Combiner): Lowered {
  const variable = c.input(0);
  const indices = c.input(1);
  let updates = c.input(2);
  if (variable.dims.length < 1)
    c.fail("INVALID_ARGUMENT", `params must be at least 1-D, got shape ${shown(variable.dims)}`);
  const wanted = [...indices.dims, ...variable.dims.slice(1)];
  if (updates.dims.length === 0) updates = c.builder.broadcastTo(updates, wanted);
  else if (shown(updates.dims) !== shown(wanted))
    c.fail(
      "INVALID_ARGUMENT",
      `Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape ${shown(updates.dims)}, indices.shape ${shown(indices.dims)}, params.shape ${shown(variable.dims)}`,
    );
  return { assign: new Map([[0, c.builder.scatter(variable, indices, updates, combiner)]]) };
}

/** Rows of what hlo has not (strings, complex numbers), set on the host. */
function setRows(c: HostContext): readonly NdArray[] {
  const [variable, at, updates] = [c.input(0), c.input(1), c.input(2)];
  const rows = variable.shape[0]!;
  const width = rows === 0 ? 0 : variable.data.length / rows;
  const data = variable.data.slice() as unknown[];
  const scalar = updates.shape.length === 0;
  const wanted = [...at.shape, ...variable.shape.slice(1)];
  if (!scalar && shown(updates.shape) !== shown(wanted))
    c.fail(
      "INVALID_ARGUMENT",
      `updates.shape ${shown(updates.shape)} must be indices.shape + params.shape[1:] ${shown(wanted)}`,
    );
  const unit = scalar ? updates.data.length : width;
  for (const [i, index] of toNumbers(at).entries()) {
    if (!(index >= 0 && index < rows))
      c.fail("INVALID_ARGUMENT", `indices[${i}] = ${index} is not in [0, ${rows})`);
    for (let j = 0; j < width; j++) data[index * width + j] = updates.data[scalar ? j % unit : i * width + j];
  }
  c.assign(0, { ...variable, data: data as never });
  return [];
}

/** Entries of the scatter updates. */
export const scatterOps: readonly OpEntry[] = Object.entries(combiners).flatMap(([name, combiner]) => [
  defineOp(`Scatter${name}`, {
    shape: (c) => [scatterShape(c, c.input(0))],
    variables: [0],
    gradient: null,
    lower: (c) => scatter(c, combiner),
  }),
  defineOp(`ResourceScatter${name}`, {
    shape: (c) => {
      scatterShape(c, c.handleShape(0)?.shape ?? Shape.unknown);
      return [];
    },
    variables: [0],
    gradient: null,
    lower: (c) => scatter(c, combiner),
    ...(name === "Update" ? { host: setRows } : {}),
  }),
]);
