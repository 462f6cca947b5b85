import { isTfError } from "@org/errors";
import { Graph, type Operation } from "@org/graph";
import { decode, encode, VariableDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  globalVariables,
  globalVariablesInitializer,
  isVariable,
  ResourceVariable,
  trainableVariables,
  Variable,
  type VariableOptions,
  variablesInitializer,
} from "../src/index.ts";

/** name | op | inputs | device | colocation */
const line = (op: Operation) => {
  const { input = [] } = op.toNodeDef();
  const groups = op.attrs.has("_class") ? op.attrs.strings("_class").join() : "";
  return [op.name, op.type, input?.join(), op.device, groups].join(" | ");
};
const lines = (graph: Graph, from = 0) => graph.getOperations().slice(from).map(line);
const sentence = (fn: () => unknown) => {
  try {
    fn();
    return "no error";
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : String(error);
  }
};

describe("Variable", () => {
  it("is VariableV2, Assign and Identity, beside each other", () => {
    const graph = new Graph();
    graph.device("/job:ps/task:0/cpu:0", () => new Variable([1, 2], { graph, name: "w", dtype: "float32" }));
    const device = "/job:ps/task:0/device:CPU:0";
    expect(lines(graph)).toEqual([
      `w/initial_value | Const |  | ${device} | `,
      `w | VariableV2 |  | ${device} | `,
      `w/Assign | Assign | w,w/initial_value | ${device} | loc:@w`,
      `w/read | Identity | w | ${device} | loc:@w`,
    ]);
    const w = graph.getOperationByName("w");
    expect([w.attrs.type("dtype"), w.attrs.shape("shape").dims, w.attrs.string("shared_name")]).toEqual([
      "float32",
      [2],
      "",
    ]);
    const assign = graph.getOperationByName("w/Assign");
    expect([assign.attrs.bool("use_locking"), assign.attrs.bool("validate_shape")]).toEqual([true, true]);
  });

  it("builds a function's value beside itself, on no device", () => {
    const graph = new Graph();
    graph.device("/gpu:0", () => new Variable(() => 1, { graph, name: "w", dtype: "float32" }));
    expect(lines(graph)).toEqual([
      "w/Initializer/initial_value | Const |  |  | loc:@w",
      "w | VariableV2 |  | /device:GPU:0 | loc:@w",
      "w/Assign | Assign | w,w/Initializer/initial_value | /device:GPU:0 | loc:@w",
      "w/read | Identity | w | /device:GPU:0 | loc:@w",
    ]);
  });

  it("takes a tensor as it is, with its graph and type", () => {
    const graph = new Graph();
    const zeros = graph.createOp("Const", [], {
      name: "zeros",
      attrs: { dtype: "int64", value: { dtype: "int64", shape: [], data: BigInt64Array.of(0n) } },
    }).outputs[0]!;
    const v = new Variable(zeros);
    expect([v.graph, v.name, v.dtype, v.initialValue]).toEqual([graph, "Variable:0", "int64", zeros]);
    expect(new Variable(zeros).name).toBe("Variable_1:0");
  });

  it("is in the collections asked for", () => {
    const graph = new Graph();
    const make = (options: VariableOptions) => new Variable(0, { graph, ...options });
    const a = make({ name: "a" });
    const b = make({ name: "b", trainable: false });
    const c = make({ name: "c", collections: ["local_variables"] });
    expect(globalVariables(graph)).toEqual([a, b]);
    expect(trainableVariables(graph)).toEqual([a, c]);
    expect(graph.getCollection("local_variables")).toEqual([c]);
    expect(globalVariables(graph, "a")).toEqual([a]);
    expect([a, b].map((variable) => variable.trainable)).toEqual([true, false]);
    expect(isVariable(a) && !isVariable({ name: "a" })).toBe(true);
  });

  it("stands where a tensor is expected, as ref where an op wants one", () => {
    const graph = new Graph();
    const v = new Variable([1, 2], { graph, name: "v", dtype: "float32" });
    expect(graph.createOp("Identity", [v]).inputs[0]).toBe(v.value());
    const assign = graph.createOp("Assign", [v, v.value()]);
    expect(assign.inputs[0]).toBe(v.asRef());
    expect(`${v}`).toBe("<tf.Variable 'v:0' shape=(2,) dtype=float32_ref>");
  });

  it("is assigned to and added to", () => {
    const graph = new Graph();
    const v = new Variable([1, 2], { graph, name: "v", dtype: "float32" });
    const from = graph.getOperations().length;
    v.assign([3, 4]);
    v.assignAdd([1, 1], { name: "more" });
    v.assignSub(v);
    expect(lines(graph, from)).toEqual([
      "Assign/value | Const |  |  | ",
      "Assign | Assign | v,Assign/value |  | loc:@v",
      "more/value | Const |  |  | ",
      "more | AssignAdd | v,more/value |  | loc:@v",
      "AssignSub | AssignSub | v,v/read |  | loc:@v",
    ]);
    expect(sentence(() => v.assign([1, 2, 3]))).toContain(
      "INVALID_ARGUMENT: Dimension 0 in both shapes must be equal",
    );
  });

  it("caches its read on another device", () => {
    const graph = new Graph();
    const v = new Variable(1, { graph, name: "v", dtype: "float32", cachingDevice: "/job:worker" });
    expect(line(v.value().op)).toBe("v/read | Identity | v | /job:worker | ");
  });

  it("is built free of control dependencies", () => {
    const graph = new Graph();
    const before = graph.createOp("NoOp", []);
    graph.controlDependencies([before], () => new Variable(1, { graph, name: "v" }));
    expect(graph.getOperations().every((op) => op.controlInputs.length === 0)).toBe(true);
  });

  it("refuses what has no shape, unless told not to look", () => {
    const graph = new Graph();
    const unknown = graph.createOp("PlaceholderWithDefault", [new Variable([1], { graph }).value()], {
      attrs: { shape: null },
    }).outputs[0]!;
    expect(sentence(() => new Variable(unknown))).toContain(
      "INVALID_ARGUMENT: initial_value must have a shape specified",
    );
    const v = new Variable(unknown, { validateShape: false, name: "v" });
    expect(v.shape.dims).toBeNull();
    expect(v.initializer.attrs.bool("validate_shape")).toBe(false);
    expect(sentence(() => new Variable(undefined as never, { graph }))).toBe(
      "TypeError: initial_value must be specified.",
    );
    expect(sentence(() => new Variable(1))).toContain("TypeError: A variable needs a graph");
  });

  it("starts from another variable's initialised value", () => {
    const graph = new Graph();
    const w = new Variable([1, 2], { graph, name: "w", dtype: "float32" });
    const from = graph.getOperations().length;
    new Variable(w.value(), { name: "u" });
    expect(lines(graph, from)).toEqual([
      "u | VariableV2 |  |  | ",
      "u/IsVariableInitialized | IsVariableInitialized | w |  | loc:@w",
      "u/cond/Switch | Switch | u/IsVariableInitialized,u/IsVariableInitialized |  | ",
      "u/cond/switch_t | Identity | u/cond/Switch:1 |  | ",
      "u/cond/switch_f | Identity | u/cond/Switch |  | ",
      "u/cond/pred_id | Identity | u/IsVariableInitialized |  | ",
      "u/cond/read | Identity | u/cond/read/Switch:1 |  | ",
      "u/cond/read/Switch | RefSwitch | w,u/cond/pred_id |  | loc:@w",
      "u/cond/Switch_1 | Switch | w/initial_value,u/cond/pred_id |  | loc:@w/initial_value",
      "u/cond/Merge | Merge | u/cond/Switch_1,u/cond/read |  | ",
      "w/read_u | Identity | u/cond/Merge |  | loc:@w",
      "u/Assign | Assign | u,w/read_u |  | loc:@u",
      "u/read | Identity | u |  | loc:@u",
    ]);
  });
});

describe("ResourceVariable", () => {
  it("is a handle, its check, its assignment and its read", () => {
    const graph = new Graph();
    graph.device(
      "/job:ps/task:0/cpu:0",
      () => new ResourceVariable([1, 2], { graph, name: "d", dtype: "float32" }),
    );
    const device = "/job:ps/task:0/device:CPU:0";
    expect(lines(graph)).toEqual([
      "d/Initializer/initial_value | Const |  |  | loc:@d",
      `d | VarHandleOp |  | ${device} | loc:@d`,
      `d/IsInitialized/VarIsInitializedOp | VarIsInitializedOp | d | ${device} | `,
      `d/Assign | AssignVariableOp | d,d/Initializer/initial_value | ${device} | `,
      `d/Read/ReadVariableOp | ReadVariableOp | d | ${device} | `,
    ]);
    expect(graph.getOperationByName("d").attrs.string("shared_name")).toBe("d");
    expect(graph.getTensorByName("d/Read/ReadVariableOp:0").shape.dims).toEqual([2]);
  });

  it("reads anew each time it stands for a tensor", () => {
    const graph = new Graph();
    const r = new ResourceVariable([1, 2], { graph, name: "r", dtype: "float32" });
    const from = graph.getOperations().length;
    graph.createOp("Identity", [r], { name: "copy" });
    r.readValue();
    expect(lines(graph, from)).toEqual([
      "copy/ReadVariableOp | ReadVariableOp | r |  | ",
      "copy | Identity | copy/ReadVariableOp |  | ",
      "Read/ReadVariableOp | ReadVariableOp | r |  | ",
      "Identity | Identity | Read/ReadVariableOp |  | ",
    ]);
    expect(sentence(() => graph.createOp("Assign", [r, r.value()]))).toContain("TypeError");
  });

  it("is assigned to, and read after that", () => {
    const graph = new Graph();
    const r = new ResourceVariable([1, 2], { graph, name: "r", dtype: "float32" });
    const from = graph.getOperations().length;
    const after = r.assign([3, 4]);
    const op = r.assignAdd([1, 1], { readValue: false });
    expect(lines(graph, from)).toEqual([
      "Const | Const |  |  | ",
      "AssignVariableOp | AssignVariableOp | r,Const |  | ",
      "ReadVariableOp | ReadVariableOp | r,^AssignVariableOp |  | ",
      "Const_1 | Const |  |  | ",
      "AssignAddVariableOp | AssignAddVariableOp | r,Const_1 |  | ",
    ]);
    expect(after.op.name).toBe("ReadVariableOp");
    expect(op.type).toBe("AssignAddVariableOp");
    expect(sentence(() => r.assign([1, 2, 3]))).toBe("INVALID_ARGUMENT: Shapes [2] and [3] are incompatible");
  });
});

describe("VariableDef", () => {
  it.each([
    ["ref", Variable],
    ["resource", ResourceVariable],
  ] as const)("brings a %s variable back, under a scope", (_, Type) => {
    const graph = new Graph();
    const made = graph.nameScope(
      "s",
      () => new Type([1, 2], { graph, name: "v", dtype: "float32", trainable: false }),
    );
    const def = decode(VariableDef, encode(VariableDef, made.toProto("s")!));
    expect(def.variableName).toBe("v:0");
    const back = Type.fromProto(def, { graph, importScope: "s" });
    expect(back.toProto()).toEqual(made.toProto());
    expect([
      back.name,
      back.initializer,
      back.initialValue,
      back.trainable,
      back.dtype,
      back.shape.dims,
    ]).toEqual(["s/v:0", made.initializer, made.initialValue, false, "float32", [2]]);
    expect(made.toProto("other")).toBeUndefined();
  });

  it("of TensorFlow 1.0 has no initial value", () => {
    const graph = new Graph();
    new Variable(1, { graph, name: "v", dtype: "float32" });
    const old = { variableName: "v:0", initializerName: "v/Assign", snapshotName: "v/read:0" };
    const v = Variable.fromProto(old, { graph });
    expect(v.initialValue).toBeUndefined();
    expect(v.toProto()).toEqual({ ...old, trainable: false, synchronization: 0, aggregation: 0 });
  });

  it("that names a missing node is an error", () => {
    const graph = new Graph();
    expect(sentence(() => Variable.fromProto({ variableName: "ghost:0" }, { graph }))).toBe(
      "NOT_FOUND: The name 'ghost:0' refers to a Tensor which does not exist. The operation, 'ghost', does not exist in the graph.",
    );
  });
});

describe("variablesInitializer", () => {
  it("groups by device", () => {
    const graph = new Graph();
    const none = variablesInitializer([], { graph, name: "none" });
    expect(line(none)).toBe("none | NoOp |  |  | ");
    new Variable(1, { graph, name: "b" });
    new Variable(1, { graph, name: "a" });
    expect(line(globalVariablesInitializer(graph))).toBe("init | NoOp | ^a/Assign,^b/Assign |  | ");
    graph.device("/cpu:1", () => new Variable(1, { graph, name: "c" }));
    const from = graph.getOperations().length;
    globalVariablesInitializer(graph);
    expect(lines(graph, from)).toEqual([
      "init_1/NoOp | NoOp | ^a/Assign,^b/Assign |  | ",
      "init_1/NoOp_1 | NoOp | ^c/Assign | /device:CPU:1 | ",
      "init_1 | NoOp | ^init_1/NoOp,^init_1/NoOp_1 |  | ",
    ]);
  });
});
