// TensorFlow's cases of python/framework/graph_util_test.py, on our own session.
import { canonicalDevice, Graph, importGraphDef, type Operation } from "@org/graph";
import {
  cond,
  embeddingLookup,
  getVariable,
  less,
  multiply,
  operator,
  placeholder,
  randomUniform,
  standardOps,
  variableScope,
} from "@org/ops";
import { equals, GraphDef, type INodeDef } from "@org/proto";
import { createSession, type Session } from "@org/session";
import { type NdArray, toNumbers } from "@org/tensor";
import { globalVariables, Variable, variablesInitializer } from "@org/variables";
import { describe, expect, test } from "vitest";
import {
  convertVariablesToConstants,
  extractSubGraph,
  type NodeGraph,
  removeTrainingNodes,
} from "../../src/index.ts";
import { constant, lines, node, type } from "../nodes.ts";

const pinVariableToCpu = (op: Operation): string =>
  op.device || (op.type === "Variable" || op.type === "VariableV2" ? "/cpu:0" : op.device);

describe("DeviceFunctionsTest", () => {
  test("[graph_util_test/DeviceFunctionsTest.testTwoDeviceFunctions] a device function pins variables, inner devices go before it", () => {
    const graph = new Graph({ ops: standardOps });
    const variable = (name: string) =>
      graph.createOp("Variable", [], { name, attrs: { shape: [1], dtype: "float32" } }).device;
    const devices = [variable("var_0"), graph.device(pinVariableToCpu, () => variable("var_1"))];
    devices.push(variable("var_2"), variable("var_3"));
    graph.device(pinVariableToCpu, () => {
      devices.push(variable("var_4"));
      devices.push(graph.device("/device:GPU:0", () => variable("var_5")));
      devices.push(variable("var_6"));
    });
    expect(devices.map(canonicalDevice)).toEqual([
      "",
      "/device:CPU:0",
      "",
      "",
      "/device:CPU:0",
      "/device:GPU:0",
      "/device:CPU:0",
    ]);
  });

  test("[graph_util_test/DeviceFunctionsTest.testNestedDeviceFunctions] of nested ones the innermost wins", () => {
    const graph = new Graph({ ops: standardOps });
    const made = graph.asDefault(() => {
      const variable = (value: number) => new Variable(value, { graph });
      const first = [variable(0)];
      graph.device(pinVariableToCpu, () => {
        first.push(variable(1));
        first.push(
          graph.device(
            () => "/device:GPU:0",
            () => variable(2),
          ),
        );
        first.push(graph.device("/device:GPU:0", () => variable(3)));
      });
      return first;
    });
    expect(made.map(({ op }) => canonicalDevice(op.device))).toEqual([
      "",
      "/device:CPU:0",
      "/device:GPU:0",
      "/device:GPU:0",
    ]);
  });

  /** Devices of constants, each made inside one. */
  const constantsOn = (graph: Graph, devices: readonly (string | undefined)[]): string[] =>
    devices.map((device) => {
      const make = () =>
        graph.createOp("Const", [], {
          attrs: { dtype: "float32", value: { dtype: "float32", shape: [], data: Float32Array.of(5) } },
        }).device;
      return device === undefined ? make() : graph.device(device, make);
    });

  test("[graph_util_test/DeviceFunctionsTest.testExplicitDevice] constants are where they were put", () => {
    const graph = new Graph({ ops: standardOps });
    const devices = ["/device:GPU:0", "/device:GPU:1", "/device:CPU:0", "/device:CPU:1", "/job:ps"];
    expect(constantsOn(graph, [undefined, ...devices])).toEqual(["", ...devices]);
  });

  test("[graph_util_test/DeviceFunctionsTest.testDefaultDevice] under a device function, too", () => {
    const graph = new Graph({ ops: standardOps });
    const devices = [
      "/job:ps",
      "/device:GPU:0",
      "/device:GPU:1",
      "/device:CPU:0",
      "/device:CPU:1",
      "/replica:0",
    ];
    expect(graph.device(pinVariableToCpu, () => constantsOn(graph, devices))).toEqual(devices);
  });

  test("[graph_util_test/DeviceFunctionsTest.testExtractSubGraph] data and control inputs come along, loops too", () => {
    const graph = {
      node: [
        { name: "n1", input: ["n5"] },
        { name: "n2", input: ["n1:0"] },
        { name: "n3", input: ["^n2"] },
        { name: "n4" },
        { name: "n5", input: ["n1"] },
      ],
    };
    expect(extractSubGraph(graph, ["n3"]).node.map(({ name }) => name)).toEqual(["n1", "n2", "n3", "n5"]);
  });

  test("[graph_util_test/DeviceFunctionsTest.testExtractSubGraphWithInvalidDestNodes] one string is not a list", () => {
    const act = () => extractSubGraph({ node: [{ name: "n1" }] }, "n1");
    expect(act).toThrow(TypeError);
    expect(act).toThrow("must be a list");
  });

  test("[graph_util_test/DeviceFunctionsTest.testRemoveTrainingNodes] CheckNumerics go, and Identities that waited for them", () => {
    const add = node("Add", "add", ["a_identity", "b_identity"], { T: type("float32") });
    const graph = {
      node: [
        constant("a_constant", 1),
        node("CheckNumerics", "a_check", ["a_constant"]),
        node("Identity", "a_identity", ["a_constant", "^a_check"]),
        constant("b_constant", 1),
        node("CheckNumerics", "b_check", ["b_constant"]),
        node("Identity", "b_identity", ["b_constant", "^b_check"]),
        add,
      ],
    };
    const expected = {
      node: [
        constant("a_constant", 1),
        constant("b_constant", 1),
        { ...add, input: ["a_constant", "b_constant"] },
      ],
    };
    expect(equals(GraphDef, removeTrainingNodes(graph), expected)).toBe(true);
  });

  test("[graph_util_test/DeviceFunctionsTest.testRemoveIdentityChains] a chain of Identities goes at once", () => {
    const graph = {
      node: [
        node("Aop", "A", ["B"]),
        node("Identity", "B", ["C"]),
        node("Identity", "C", ["D"]),
        node("Dop", "D"),
      ],
    };
    expect(lines(removeTrainingNodes(graph))).toEqual(["Aop A(D)", "Dop D()"]);
  });

  test("[graph_util_test/DeviceFunctionsTest.testRemoveIdentityUsedAsControlInputInConst] what is waited for stays", () => {
    const graph = {
      node: [constant("C", 1, "float32", ["^I"]), node("Identity", "I", ["Base"]), node("BaseOp", "Base")],
    };
    expect(equals(GraphDef, removeTrainingNodes(graph), graph)).toBe(true);
  });
});

/** Variables of a kind, as in a scope without a name. */
const inScope = <R>(useResource: boolean, fn: () => R): R => variableScope("", fn, { useResource });

const variableOps = ["Variable", "VariableV2", "VarHandleOp", "ReadVariableOp"];

function expectNoVariables(graph: { readonly node: readonly INodeDef[] }): void {
  expect(graph.node.map(({ op }) => op).filter((op) => variableOps.includes(op ?? ""))).toEqual([]);
}

/** What a frozen graph computes. */
async function evaluate(
  graphDef: NodeGraph,
  name: string,
  feeds: Record<string, NdArray> = {},
): Promise<number[]> {
  const graph = new Graph({ ops: standardOps });
  importGraphDef(graphDef, { graph, name: "" });
  const session = await createSession(graph);
  return toNumbers((await session.run(name, { feeds })) as NdArray).flat(Infinity) as number[];
}

async function initializedSession(graph: Graph, variables = globalVariables(graph)): Promise<Session> {
  const init = graph.asDefault(() => variablesInitializer(variables, { graph, name: "init" }));
  const session = await createSession(graph);
  await session.run([], { targets: [init] });
  return session;
}

describe("ConvertVariablesToConstantsTest", () => {
  async function variableToConst(useResource: boolean): Promise<void> {
    const graph = new Graph({ ops: standardOps });
    const [variable, unused] = graph.asDefault(() =>
      inScope(useResource, () => {
        const made = ["variable_node", "unused_variable_node"].map((name) =>
          getVariable(name, { initializer: 1 }),
        );
        multiply(made[0]!, 2, { name: "output_node" });
        return made as [Variable, Variable];
      }),
    );
    const session = await createSession(graph);
    await session.run([], { targets: [variable.initializer] });
    expect(toNumbers((await session.run("output_node:0")) as NdArray)).toBeCloseTo(2);
    const def = graph.asGraphDef();
    const frozen = await convertVariablesToConstants(session, def, ["output_node"], {
      variableNamesWhitelist: new Set(["variable_node"]),
    });
    await session.run([], { targets: [unused.initializer] });
    const withoutWhitelist = await convertVariablesToConstants(session, def, ["output_node"]);
    expect(equals(GraphDef, frozen, withoutWhitelist)).toBe(true);

    const kept = await convertVariablesToConstants(session, def, ["output_node"], {
      variableNamesBlacklist: new Set(["variable_node"]),
    });
    expect(kept.node.find(({ name }) => name === "variable_node")?.op).toBe(
      useResource ? "VarHandleOp" : "VariableV2",
    );

    expect(frozen.node).toHaveLength(4);
    expectNoVariables(frozen);
    expect((await evaluate(frozen, "output_node:0"))[0]).toBeCloseTo(2, 5);
  }

  test("[graph_util_test/ConvertVariablesToConstantsTest.testReferenceVariables] [graph_util_test/DeviceFunctionsTest.testConvertVariablesToConsts] ref variables become constants", () =>
    variableToConst(false));

  test("[graph_util_test/ConvertVariablesToConstantsTest.testResourceVariables] resource variables become constants", () =>
    variableToConst(true));

  test("[graph_util_test/ConvertVariablesToConstantsTest.testGraphWithSwitch] handles that go through a Switch become values", async () => {
    const graph = new Graph({ ops: standardOps });
    graph.asDefault(() =>
      inScope(true, () => {
        const variable = (name: string, initializer: number) => getVariable(name, { initializer });
        const [x, y] = [variable("var_x", 1), variable("var_y", 2)];
        const [f1, f2] = [variable("var_f1", 17), variable("var_f2", 23)];
        const taken = cond(
          less(x, y),
          () => multiply(f1, 1),
          () => multiply(f2, 1),
        );
        multiply(taken, 2, { name: "output_node" });
      }),
    );
    const def = graph.asGraphDef();
    expect(def.node!.some(({ op, attr }) => op === "Switch" && attr?.T?.type === 20)).toBe(true);
    const session = await initializedSession(graph);
    const frozen = await convertVariablesToConstants(session, def, ["output_node"]);
    expectNoVariables(frozen);
    expect(await evaluate(frozen, "output_node:0")).toEqual([34]);
  });

  test("[graph_util_test/ConvertVariablesToConstantsTest.testWithEmbeddings] a ResourceGather becomes a GatherV2", async () => {
    const graph = new Graph({ ops: standardOps });
    graph.asDefault(() =>
      inScope(true, () => {
        const ids = placeholder("int32", [null, 1], { name: "state_input" });
        const state = getVariable("state/embeddings", { initializer: randomUniform([100, 16], { seed: 5 }) });
        operator.add(embeddingLookup(state, ids), 0, { name: "state/output" });
      }),
    );
    const session = await initializedSession(graph);
    const def = graph.asGraphDef();
    expect(def.node!.some(({ op }) => op === "ResourceGather")).toBe(true);
    const frozen = await convertVariablesToConstants(session, def, ["state/output"]);
    expectNoVariables(frozen);
    expect(frozen.node.some(({ op }) => op === "ResourceGather")).toBe(false);
    const feeds = { "state_input:0": { dtype: "int32", shape: [1, 1], data: Int32Array.of(7) } as NdArray };
    const before = toNumbers((await session.run("state/output:0", { feeds })) as NdArray).flat(Infinity);
    expect(before).toHaveLength(16);
    expect(await evaluate(frozen, "state/output:0", feeds)).toEqual(before);
  });

  test("[graph_util_test/ConvertVariablesToConstantsTest.testWithFunctions] functions that take values stay, with the library", async () => {
    const graph = new Graph({ ops: standardOps });
    const float = { name: "x", type: 1 };
    const library = {
      function: [
        {
          signature: { name: "plus_one", inputArg: [float], outputArg: [{ name: "add", type: 1 }] },
          nodeDef: [constant("one", 1), node("Add", "add", ["x", "one:output:0"], { T: type("float32") })],
          ret: { add: "add:z:0" },
        },
      ],
    };
    graph.asDefault(() =>
      inScope(true, () => {
        getVariable("variable_node", { initializer: 1 });
        getVariable("unused_variable_node", { initializer: 1 });
      }),
    );
    const session = await initializedSession(graph, [globalVariables(graph)[0]!]);
    const built = graph.asGraphDef();
    const def = {
      ...built,
      library,
      node: [
        ...built.node!,
        node("plus_one", "plus_one", ["variable_node/Read/ReadVariableOp"]),
        constant("output_node/y", 2),
        node("Mul", "output_node", ["plus_one", "output_node/y"], { T: type("float32") }),
      ],
    };
    const frozen = await convertVariablesToConstants(session, def, ["output_node"]);
    expectNoVariables(frozen);
    expect(frozen.library).toBe(library);
    expect(lines(frozen)).toContain("plus_one plus_one(variable_node/Read/ReadVariableOp)");
  });
});
