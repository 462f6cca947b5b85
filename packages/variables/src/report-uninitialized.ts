// Which variables hold no value yet: a vector of their names. It takes ops beyond `@org/graph/core-ops` (LogicalNot, Where,
// GatherV2 ...), named and wired as tf.boolean_mask of two vectors makes them.
// Source: python/ops/variables.py (report_uninitialized_variables), array_ops.py (boolean_mask).
import { canonicalDevice, type Graph, type Tensor } from "@org/graph";
import { convertToNdArray, type DType, type TensorLike } from "@org/tensor";
import { globalVariables, localVariables } from "./collections.ts";
import { graphOf, type InitializerOptions, isVariableInitialized } from "./initializers.ts";
import type { VariableBase } from "./variable-options.ts";

/**
 * A string vector of the names of those variables that hold no value yet; default: all global and local ones.
 * Throws TfError NOT_FOUND where the graph's registry lacks an op that this takes.
 */
export function reportUninitializedVariables(
  variables?: readonly (VariableBase | Tensor)[],
  options: InitializerOptions = {},
): Tensor {
  const graph = graphOf(variables ?? [], options.graph);
  const list = variables ?? defaultList(graph);
  return graph.nameScope(options.name ?? "report_uninitialized_variables", () => {
    const flags = list.map((variable) => isVariableInitialized(variable));
    return graph.device(canonicalDevice("/cpu:0"), () => {
      const opNames = list.map((variable) => variable.op.name);
      if (list.length === 0) return constant(graph, "Const", opNames, "string");
      const stacked = graph.createOp("Pack", [flags], { name: "stack", attrs: { axis: 0 } }).outputs[0]!;
      const mask = graph.createOp("LogicalNot", [stacked]).outputs[0]!;
      return maskVector(graph, constant(graph, "Const", opNames, "string"), mask, list.length);
    });
  });
}

function defaultList(graph: Graph): (VariableBase | Tensor)[] {
  const variables = [...globalVariables(graph), ...localVariables(graph)];
  if (variables.length > 0) return variables;
  const types = new Set(["Variable", "VariableV2", "AutoReloadVariable"]);
  return graph.getOperations().flatMap((op) => (types.has(op.type) ? [op.outputs[0]!] : []));
}

function constant(graph: Graph, name: string, value: TensorLike, dtype: DType): Tensor {
  const array = convertToNdArray(value, dtype);
  return graph.createOp("Const", [], { name, attrs: { value: array, dtype } }).outputs[0]!;
}

/** tf.boolean_mask of a vector of `length` by a vector of as many flags. */
function maskVector(graph: Graph, vector: Tensor, mask: Tensor, length: number): Tensor {
  const int = (name: string, value: TensorLike) => constant(graph, name, value, "int32");
  return graph.nameScope("boolean_mask", () => {
    const shape = () => int("Shape", [length]);
    const slice = (from: Tensor, begin: number, end: number, attrs: Record<string, number>) =>
      graph.nameScope("strided_slice", (scope) => {
        const bounds = [int("stack", [begin]), int("stack_1", [end]), int("stack_2", [1])];
        return graph.createOp("StridedSlice", [from, ...bounds], { name: scope, attrs }).outputs[0]!;
      });
    const sizes = slice(shape(), 0, 1, {});
    const size = graph.nameScope("Prod", (scope) => {
      const axes = int("reduction_indices", [0]);
      return graph.createOp("Prod", [sizes, axes], { name: scope }).outputs[0]!;
    });
    const before = slice(shape(), 0, 0, { begin_mask: 1 });
    const after = slice(shape(), 1, 0, { end_mask: 1 });
    const newShape = graph.nameScope("concat", (scope) => {
      const middle = graph.createOp("Pack", [[size]], { name: "values_1", attrs: { axis: 0 } }).outputs[0]!;
      return graph.createOp("ConcatV2", [[before, middle, after], int("axis", 0)], { name: scope })
        .outputs[0]!;
    });
    const flat = graph.createOp("Reshape", [vector, newShape]).outputs[0]!;
    const flags = graph.nameScope("Reshape", (scope) =>
      graph.createOp("Reshape", [mask, int("shape", [-1])], { name: scope }),
    ).outputs[0]!;
    const where = graph.createOp("Where", [flags]).outputs[0]!;
    const indices = graph.createOp("Squeeze", [where], { attrs: { squeeze_dims: [1] } }).outputs[0]!;
    return graph.nameScope("GatherV2", (scope) =>
      graph.createOp("GatherV2", [flat, indices, int("axis", 0)], { name: scope }),
    ).outputs[0]!;
  });
}
