import { isTfError } from "@org/errors";
import { createOpRegistry, Graph } from "@org/graph";
import { coreOps } from "@org/graph/core-ops";
import { opDefs } from "@org/graph/op-defs";
import { describe, expect, it } from "vitest";
import {
  isPartitionedVariable,
  PartitionedVariable,
  ResourceVariable,
  reportUninitializedVariables,
  SaveSliceInfo,
  Variable,
} from "../src/index.ts";

function parts(graph: Graph, count: number, Type: typeof Variable | typeof ResourceVariable = Variable) {
  return Array.from({ length: count }, (_, i) => {
    const part = new Type([[i, i]], { graph, name: `p/part_${i}`, dtype: "float32" });
    part.saveSliceInfo = new SaveSliceInfo({
      fullName: "p",
      fullShape: [count, 2],
      varOffset: [i, 0],
      varShape: [1, 2],
    });
    return part;
  });
}

const whole = (variables: readonly (Variable | ResourceVariable)[], more = {}) =>
  new PartitionedVariable({
    name: "p",
    shape: [variables.length, 2],
    dtype: "float32",
    variables,
    partitions: [variables.length, 1],
    ...more,
  });

const sentence = (fn: () => unknown) => {
  try {
    fn();
    return "no error";
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : String(error);
  }
};

describe("PartitionedVariable", () => {
  it("sorts its parts by offset, and joins them where a tensor is wanted", () => {
    const graph = new Graph();
    const [a, b] = parts(graph, 2);
    const variable = whole([b!, a!]);
    expect([...variable]).toEqual([a, b]);
    const before = graph.getOperations().length;
    const control = graph.createOp("NoOp", []);
    const copy = graph.controlDependencies([control], () => graph.createOp("Identity", [variable]));
    expect(copy.inputs[0]!.name).toBe("p:0");
    expect(copy.inputs[0]!.shape.dims).toEqual([2, 2]);
    const made = graph.getOperations().slice(before + 1);
    expect(made.map((op) => `${op.name} ${op.toNodeDef().input}`)).toEqual([
      "p/ConcatPartitions/concat/axis ",
      "p/ConcatPartitions/concat p/part_0/read,p/part_1/read,p/ConcatPartitions/concat/axis",
      "p p/ConcatPartitions/concat",
      "Identity p,^NoOp",
    ]);
    expect(isPartitionedVariable(variable) && !isPartitionedVariable(a)).toBe(true);
  });

  it("of one part is that part", () => {
    const graph = new Graph();
    const variable = whole(parts(graph, 1, ResourceVariable));
    expect(variable.asTensor().op.inputs[0]!.op.type).toBe("ReadVariableOp");
  });

  it("refuses parts that do not belong together", () => {
    const graph = new Graph();
    const [a, b] = parts(graph, 2);
    expect(sentence(() => whole([]))).toBe("INVALID_ARGUMENT: variable_list may not be empty");
    expect(sentence(() => whole([a!, b!], { partitions: [0, 1] }))).toContain(
      "partition values must be positive",
    );
    expect(sentence(() => whole([a!, b!], { partitions: [2] }))).toContain("len(shape) != len(partitions)");
    expect(sentence(() => whole([a!, b!], { shape: [3, 2] }))).toContain(
      "All variables' full shapes must match",
    );
    a!.saveSliceInfo = undefined;
    expect(sentence(() => whole([a!, b!]))).toContain("must have a save_slice_info");
    expect(
      sentence(() => SaveSliceInfo.fromProto({ fullName: "x", fullShape: [1n], varOffset: [0n, 0n] })),
    ).toBe(
      "DATA_LOSS: SaveSliceInfoDef of x: full_shape, var_offset and var_shape have 1, 2 and 0 dimensions",
    );
    expect(
      sentence(() => new SaveSliceInfo({ fullName: "x", fullShape: [1], varOffset: [], varShape: [1] })),
    ).toContain("TypeError");
  });

  it("does not join along two dimensions, nor stand for a ref", () => {
    const graph = new Graph();
    const variables = parts(graph, 2);
    expect(sentence(() => whole(variables, { partitions: [2, 2] }).asTensor())).toContain("UNIMPLEMENTED");
    expect(sentence(() => graph.createOp("Assign", [whole(variables), variables[0]!.value()]))).toContain(
      "TypeError",
    );
  });
});

describe("reportUninitializedVariables", () => {
  it("is TensorFlow's graph", () => {
    const graph = new Graph({ ops: createOpRegistry(coreOps, { fallback: opDefs() }) });
    new Variable(1, { graph, name: "a", dtype: "float32" });
    new ResourceVariable(1, { graph, name: "b", dtype: "float32", collections: ["local_variables"] });
    const before = graph.getOperations().length;
    const names = reportUninitializedVariables(undefined, { graph });
    expect(names.dtype).toBe("string");
    const scope = "report_uninitialized_variables/";
    const made = graph.getOperations().slice(before);
    expect(made.every((op) => op.name.startsWith(scope))).toBe(true);
    expect(made.map((op) => `${op.name.slice(scope.length)} ${op.type}`)).toEqual([
      "IsVariableInitialized IsVariableInitialized",
      "VarIsInitializedOp VarIsInitializedOp",
      "stack Pack",
      "LogicalNot LogicalNot",
      "Const Const",
      "boolean_mask/Shape Const",
      "boolean_mask/strided_slice/stack Const",
      "boolean_mask/strided_slice/stack_1 Const",
      "boolean_mask/strided_slice/stack_2 Const",
      "boolean_mask/strided_slice StridedSlice",
      "boolean_mask/Prod/reduction_indices Const",
      "boolean_mask/Prod Prod",
      "boolean_mask/Shape_1 Const",
      "boolean_mask/strided_slice_1/stack Const",
      "boolean_mask/strided_slice_1/stack_1 Const",
      "boolean_mask/strided_slice_1/stack_2 Const",
      "boolean_mask/strided_slice_1 StridedSlice",
      "boolean_mask/Shape_2 Const",
      "boolean_mask/strided_slice_2/stack Const",
      "boolean_mask/strided_slice_2/stack_1 Const",
      "boolean_mask/strided_slice_2/stack_2 Const",
      "boolean_mask/strided_slice_2 StridedSlice",
      "boolean_mask/concat/values_1 Pack",
      "boolean_mask/concat/axis Const",
      "boolean_mask/concat ConcatV2",
      "boolean_mask/Reshape Reshape",
      "boolean_mask/Reshape_1/shape Const",
      "boolean_mask/Reshape_1 Reshape",
      "boolean_mask/Where Where",
      "boolean_mask/Squeeze Squeeze",
      "boolean_mask/GatherV2/axis Const",
      "boolean_mask/GatherV2 GatherV2",
    ]);
    expect(graph.getOperationByName(`${scope}LogicalNot`).device).toBe("/device:CPU:0");
  });

  it("of no variables is an empty constant", () => {
    const graph = new Graph();
    expect(reportUninitializedVariables([], { graph }).shape.dims).toEqual([0]);
  });
});
