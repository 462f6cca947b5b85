// Updates of some rows of a variable: ScatterAdd, ScatterUpdate ... and their resource twins. Rows are named along
// axis 0. Not ScatterNd. Sources: tensorflow/core/ops/state_ops.cc (ScatterUpdateShape), core/kernels/scatter_op.cc.
import type { InferenceContext } from "@org/graph";
import type { Combiner } from "@org/hlo";
import { Shape } from "@org/tensor";
import { defineOp } from "../define.ts";
import type { Lowered, LoweringContext, OpEntry } from "../op-entry.ts";
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
  }),
]);
