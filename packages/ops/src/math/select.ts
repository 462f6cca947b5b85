// Choice by a condition: Select (a vector condition picks rows) and SelectV2 (broadcasts).
// Source: core/ops/math_ops.cc, core/kernels/cwise_op_select.cc, python/ops/math_grad.py.
import type { Tensor } from "@org/graph";
import { applyOne, applyOp } from "../apply-op.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { allBut, movesElements } from "../array/move-elements.ts";
import { reshape } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { broadcastDims } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { broadcastShapes, invalid, mergeDims, mergeShapes } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import type { Operand } from "./operator.ts";
import { reduceSum } from "./reductions.ts";

/**
 * tf.where: `x` where `condition` holds, else `y` (all of one shape, or a vector condition for rows); without x and y
 * the indices of what holds, int64 [n, rank].
 * @tfExport where
 */
export function where(condition: Operand, x?: Operand, y?: Operand, options: NameOption = {}): Tensor {
  if (x === undefined && y === undefined) {
    const graph = resolveGraph([condition]);
    return withScope(graph, options.name, "Where", (scope) => {
      const tensor = convertToTensor(condition, { preferredDType: "bool", name: "condition", graph });
      return applyOne("Where", [tensor], { name: scope });
    });
  }
  if (x === undefined || y === undefined)
    throw new TypeError("x and y must both be non-None or both be None.");
  return applyOne("Select", [condition, x, y], options);
}

/** tf.where_v2: as `where`, with the three broadcast to one shape. @tfExport whereV2 */
export function whereV2(condition: Operand, x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return applyOne("SelectV2", [condition, x, y], options);
}

type Dims = readonly number[];

/** Fails, as Select's kernel does, for shapes that do not go together. */
function checkSelected(c: LoweringContext, condition: Dims, then: Dims, otherwise: Dims): void {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const batched = condition.length === 1 && then.length !== 1;
  if (condition.length === 0 || batched) {
    if (batched && then.length === 0) fail("'then' must be at least a vector, but saw shape: []");
    if (batched && then[0] !== condition[0])
      fail(`Number of batches of 'then' must match size of 'cond', but saw: ${then[0]} vs. ${condition[0]}`);
    if (`${then}` !== `${otherwise}`)
      fail(`'then' and 'else' must have the same size.  but received: [${then}] vs. [${otherwise}]`);
    return;
  }
  for (const [i, dims] of [then, otherwise].entries())
    if (`${dims}` !== `${condition}`)
      fail(
        `Inputs to operation ${c.node} of type Select must have the same size and shape.  Input 0: [${condition}] != input ${i + 1}: [${dims}]`,
      );
}

/** Select, SelectV2. */
export const selectOps: readonly OpEntry[] = defineOps({
  Select: movesElements(
    {
      shape: (c) => {
        const data = mergeShapes(c.input(1), c.input(2));
        const condition = c.input(0);
        if (condition.dims === null || data.dims === null) return [data];
        if (condition.dims.length === 1 && data.dims.length > 1) {
          mergeDims(data.dims[0]!, condition.dims[0]!);
          return [data];
        }
        if (condition.dims.length === 0) return [data];
        if (condition.dims.length !== data.dims.length) {
          invalid(`Shapes must be equal rank, but are ${data.dims.length} and ${condition.dims.length}`);
        }
        return [mergeShapes(condition, data)];
      },
      lower: (c) => {
        const [condition, x, y] = [c.input(0), c.input(1), c.input(2)];
        const { dims } = x;
        const rows = condition.dims.length === 1 && dims.length > 1;
        checkSelected(c, condition.dims, dims, y.dims);
        const predicate =
          condition.dims.length === 0
            ? c.builder.broadcastTo(condition, dims)
            : rows
              ? c.builder.broadcast(condition, dims, [0])
              : condition;
        return c.builder.select(predicate, x, y);
      },
      gradient: single((op, grad) => {
        const [condition, x] = op.inputs as [Tensor, Tensor];
        const none = zerosLike(x);
        return [undefined, where(condition, grad, none), where(condition, none, grad)];
      }),
    },
    allBut(0),
  ),
  SelectV2: movesElements(
    {
      shape: (c) => [broadcastShapes(broadcastShapes(c.input(1), c.input(2)), c.input(0))],
      lower: (c) => {
        const operands = [c.input(0), c.input(1), c.input(2)];
        const dims = operands.reduce<number[]>((all, x) => broadcastDims(c, all, x.dims), []);
        const [condition, x, y] = operands.map((operand) => c.builder.broadcastTo(operand, dims));
        return c.builder.select(condition!, x!, y!);
      },
      gradient: single((op, grad) => {
        const [condition, x, y] = op.inputs as [Tensor, Tensor, Tensor];
        const none = zeros([], grad.dtype);
        const taken = whereV2(condition, grad, none);
        const shapeX = shape(x);
        const shapeOut = shape(op.outputs[0]!);
        const back = (part: Tensor, to: Tensor): Tensor => {
          const axes = applyOp("BroadcastGradientArgs", [to, shapeOut]).outputs[0]!;
          return reshape(reduceSum(part, axes, { keepdims: true }), to);
        };
        const gx = back(taken, shapeX);
        const left = whereV2(condition, none, grad);
        return [undefined, gx, back(left, shape(y))];
      }),
    },
    allBut(0),
  ),
});
