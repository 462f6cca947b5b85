// SymbolicGradient: the gradient of a function as a node. `gradients()` adds one for a call; where it is run, it stands for the function's
// body and what `gradients()` makes of it, or for the function that the library states as its gradient.
// Source: python/ops/gradients_util.py (_SymGrad), core/ops/functional_ops.cc, core/common_runtime/function.cc (SymbolicGradient).
import { TfError } from "@org/errors";
import type { IndexedSlices, Operation, OpRegistry, ShapeFunction, Tensor } from "@org/graph";
import type { IAttrValue } from "@org/proto";
import { type DType, dtypes, Shape } from "@org/tensor";
import { zeros, zerosLike } from "../array/fill.ts";
import { dense, type Grad } from "../gradient.ts";
import { gradients } from "../gradients.ts";
import type { Expansion, Gradient, OpEntry } from "../op-entry.ts";
import { variableShape } from "../state/resource-ops.ts";
import { bodyFor, expandCall, expansionOf, functionAttr } from "./call.ts";

/** The type of the gradient with respect to `input`: behind a handle, the variable's. */
export function gradientDType(input: Tensor): DType {
  if (input.dtype !== "resource") return input.dtype;
  const handle = input.op.handles[input.valueIndex];
  if (handle === undefined)
    throw new TfError("UNIMPLEMENTED", `Nothing tells what variable is behind ${input.name}`, {
      node: input.op.name,
      op: input.op.type,
      hint: "Differentiate with respect to tensors, or build the graph with the variable in it.",
    });
  return handle.dtype;
}

const isFloat = (dtype: DType): boolean => ["float", "complex"].includes(dtypes[dtype].kind);

/** (x, y, dz) to (dx, dy): as x and y; a variable's value for its handle. */
export const gradientShapes: ShapeFunction = (c) => {
  const { length } = c.attrs.types("Tout");
  if (c.inputCount < length) throw new TfError("INVALID_ARGUMENT", "len(inputs) < len(outputs)");
  return Array.from({ length }, (_, i) =>
    c.inputDType(i) === "resource" ? (c.handleShape(i)?.shape ?? Shape.unknown) : c.input(i),
  );
};

/** A SymbolicGradient node of function `name` for a call with `inputs`, beside the gradients of all its outputs. */
export function symbolicGradient(
  op: Operation,
  name: string,
  inputs: readonly Tensor[],
  grads: readonly (Tensor | IndexedSlices | undefined)[],
): readonly Tensor[] {
  const all = [...inputs, ...grads.map((grad) => dense(grad!))];
  const attr: Record<string, IAttrValue> = Object.fromEntries(op.attrMap);
  return op.graph.createOp("SymbolicGradient", [all], {
    attrs: { f: { raw: { func: { name, attr } } }, Tout: inputs.map(gradientDType) },
  }).outputs;
}

/** The gradient of a node that calls a function: PartitionedCall, or one whose type is the function's name. */
export const callGradient: Gradient = (op, grads) => {
  const name = op.attrs.has("f") ? functionAttr(op, "f").name : op.type;
  return symbolicGradient(op, name, op.inputs, grads);
};

/** The function's body and its gradients, in one graph. */
export function expandSymbolicGradient(op: Operation, ops: OpRegistry): Expansion {
  const ref = functionAttr(op, "f");
  const stated = op.graph.library.gradientOf(ref.name);
  if (stated) return expandCall(op, { name: stated, attrs: ref.attrs }, ops);
  const body = bodyFor(op, ref, ops);
  const { graph, inputs, outputs } = body;
  if (op.inputs.length !== inputs.length + outputs.length || op.outputs.length !== inputs.length)
    throw new TfError(
      "INVALID_ARGUMENT",
      `SymbolicGradient of ${ref.name} takes ${inputs.length} arguments and ${outputs.length} gradients, got ${op.inputs.length} inputs`,
      { node: op.name, op: op.type },
    );
  return graph.asDefault(() => {
    const given = op.inputs.slice(inputs.length).map(
      ({ dtype }) =>
        graph.createOp("Placeholder", [], {
          name: `${op.name}/grad_y`,
          attrs: { dtype, shape: Shape.unknown },
        }).outputs[0]!,
    );
    const flows = outputs.map((y, i) => isFloat(y.dtype) && isFloat(given[i]!.dtype));
    const ys = outputs.filter((_, i) => flows[i]);
    const found =
      ys.length === 0
        ? []
        : gradients(ys, inputs, {
            gradYs: given.filter((_, i) => flows[i]),
            name: `${op.name}/gradients`,
            ops: ops as OpRegistry<OpEntry>,
          });
    const none = (x: Tensor): Tensor =>
      x.dtype === "resource" ? zeros(variableShape(x), gradientDType(x)) : zerosLike(x);
    const results = inputs.map((x, i) => {
      const grad: Grad | undefined = found[i];
      return grad === undefined ? none(x) : dense(grad);
    });
    return { ...expansionOf(body), inputs: [...inputs, ...given], outputs: results, done: [] };
  });
}
