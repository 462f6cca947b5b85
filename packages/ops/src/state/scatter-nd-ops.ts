// Updates where index vectors say: ScatterNdUpdate, ScatterNdAdd, ScatterNdSub, their resource twins, and the same of a tensor
// (TensorScatterUpdate ..., ScatterNdNonAliasingAdd). Not by rows: scatter-ops.ts. Sources: tensorflow/core/ops/{state_ops,array_ops}.cc
// (ScatterNdUpdateShape), core/kernels/scatter_nd_op.cc, python/ops/array_grad.py.
import type { InferenceContext, Tensor } from "@org/graph";
import type { Combiner, HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { zerosLike } from "../array/fill.ts";
import { gatherNd } from "../array/gather.ts";
import { linearIndices } from "../array/linear-indices.ts";
import { defineOp, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { negative } from "../math/unary.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, subshape, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

const combiners = { Update: "set", Add: "add", Sub: "subtract" } as const satisfies Record<string, Combiner>;
type Kind = keyof typeof combiners;

/** Its rows: `sentence` of what does not fit, with what the merge said. */
function mustFit(a: Shape, b: Shape, sentence: string): void {
  try {
    mergeShapes(a, b);
  } catch (error) {
    invalid(`${sentence}: ${(error as Error).message}`);
  }
}

/** `what`: the word that the sentence has for the target. */
function updatedShape(c: InferenceContext, target: Shape, what: "input" | "output" = "input"): Shape {
  const indices = withRankAtLeast(c.input(1), 1);
  const updates = withRankAtLeast(c.input(2), 1);
  const isEmpty = (shape: Shape): boolean => shape.dims?.includes(0) ?? false;
  const isFilled = (shape: Shape): boolean => shape.isFullyDefined() && sizeOf(shape.toNumbers()) > 0;
  if (isEmpty(target) && (isFilled(indices) || isFilled(updates)))
    invalid("Indices and updates specified for empty output shape");
  const depth = indices.rank === null ? null : indices.dim(-1);
  if (indices.rank === null || updates.rank === null || depth === null) return target;
  const outer = indices.rank - 1;
  mustFit(
    subshape(indices, 0, outer),
    subshape(updates, 0, outer),
    `The outer ${outer} dimensions of indices.shape=${indices} must match the outer ${outer} dimensions of updates.shape=${updates}`,
  );
  if (target.rank !== null && depth > target.rank)
    invalid(`Subshape must have computed start <= end, but is ${depth} and ${target.rank}`);
  mustFit(
    subshape(target, depth),
    subshape(updates, outer),
    `The inner ${(target.rank ?? 0) - depth} dimensions of ${what}.shape=${target} must match the inner ${updates.rank - outer} dimensions of updates.shape=${updates}`,
  );
  return target;
}

/** The new value of `target`. */
function scatterNd(c: LoweringContext, combiner: Combiner): HloInstruction {
  const [target, updates] = [c.input(0), c.input(2)];
  let indices = c.input(1);
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const shown = (dims: readonly number[]): Shape => new Shape([...dims]);
  if (target.dims.length === 0) fail("Output must be at least 1-D, got shape: []");
  if (sizeOf(target.dims) === 0 && (sizeOf(indices.dims) > 0 || sizeOf(updates.dims) > 0))
    fail(`Indices and updates specified for empty output.  indices shape: ${shown(indices.dims)}`);
  if (indices.dims[0] !== updates.dims[0])
    fail(
      `The outermost dimension of updates and indices must match. Got indices.shape ${shown(indices.dims)}, updates.shape ${shown(updates.dims)}`,
    );
  // Index vectors of one number may stand without a dimension of their own.
  if (indices.dims.length === 1) indices = c.builder.reshape(indices, [...indices.dims, 1]);
  const depth = indices.dims.at(-1) ?? 0;
  const outer = indices.dims.slice(0, -1);
  const rest = target.dims.slice(depth);
  if (depth > target.dims.length || `${updates.dims}` !== `${[...outer, ...rest]}`)
    fail(
      `Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: ${shown(updates.dims)}, indices.shape: ${shown(c.input(1).dims)}, params_shape: ${shown(target.dims)}, slice_dim: ${depth}, and batch_dim: ${outer.length}`,
    );
  const rows = c.builder.reshape(target, [sizeOf(target.dims.slice(0, depth)), ...rest]);
  const filled = c.builder.scatter(rows, linearIndices(c, indices, target.dims), updates, combiner);
  return c.builder.reshape(filled, target.dims);
}

function ofVariable(kind: Kind): readonly OpEntry[] {
  const spec: Pick<OpSpec, "variables" | "gradient" | "lower"> = {
    variables: [0],
    gradient: null,
    lower: (c) => ({ assign: new Map([[0, scatterNd(c, combiners[kind])]]) }),
  };
  return [
    defineOp(`ScatterNd${kind}`, { ...spec, shape: (c) => [updatedShape(c, c.input(0))] }),
    defineOp(`ResourceScatterNd${kind}`, {
      ...spec,
      shape: (c) => {
        updatedShape(c, c.handleShape(0)?.shape ?? Shape.unknown);
        return [];
      },
    }),
  ];
}

/** The gradient of what is added to a tensor: `kept` of it for the tensor, `taken` of its part for the updates. */
const added = (kept: (grad: Grad) => Grad, taken: (part: Tensor) => Tensor): OpSpec["gradient"] =>
  single((op, grad) => {
    const part = gatherNd(grad, op.inputs[1]!);
    const whole = kept(grad);
    return [whole, undefined, taken(part)];
  });

const same = <T>(x: T): T => x;
const copy = (grad: Grad): Tensor => identity(dense(grad));

const ofTensor = (type: string, kind: Kind, gradient: OpSpec["gradient"]): OpEntry =>
  defineOp(type, {
    shape: (c) => [updatedShape(c, c.input(0), type.startsWith("Tensor") ? "output" : "input")],
    lower: (c) => scatterNd(c, combiners[kind]),
    gradient,
  });

/** Entries of the updates by index vectors. */
export const scatterNdOps: readonly OpEntry[] = [
  ...ofVariable("Update"),
  ...ofVariable("Add"),
  ...ofVariable("Sub"),
  ofTensor("ScatterNdNonAliasingAdd", "Add", added(same, same)),
  ofTensor("TensorScatterAdd", "Add", added(copy, same)),
  ofTensor("TensorScatterSub", "Sub", added(copy, negative)),
  ofTensor(
    "TensorScatterUpdate",
    "Update",
    single((op, grad) => {
      const indices = op.inputs[1]!;
      const taken = gatherNd(grad, indices);
      const kept = tensorScatterUpdate(copy(grad), indices, zerosLike(op.inputs[2]!));
      return [kept, undefined, taken];
    }),
  ),
];

/** tf.tensor_scatter_nd_update: `tensor` with `updates` where the index vectors say; which of two for one place counts is the last. @tfExport tensorScatterUpdate */
export function tensorScatterUpdate(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("TensorScatterUpdate", [tensor, indices, updates], options);
}

/** tf.tensor_scatter_nd_add: `tensor` with `updates` added where the index vectors say. @tfExport tensorScatterAdd */
export function tensorScatterAdd(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("TensorScatterAdd", [tensor, indices, updates], options);
}

/** tf.tensor_scatter_nd_sub: `tensor` with `updates` subtracted where the index vectors say. @tfExport tensorScatterSub */
export function tensorScatterSub(
  tensor: TensorLike,
  indices: TensorLike,
  updates: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("TensorScatterSub", [tensor, indices, updates], options);
}
