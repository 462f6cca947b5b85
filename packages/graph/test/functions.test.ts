// Functions as messages and as graphs: there and back, attributes that calls give, and what is not well-formed.
import { isTfError } from "@org/errors";
import type { IFunctionDef, INodeDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  currentGraph,
  FuncGraph,
  FunctionLibrary,
  functionDefToGraph,
  functionDefToGraphDef,
  Graph,
  graphToFunctionDef,
} from "../src/index.ts";
import { opDefs } from "../src/op-defs.ts";

const ops = opDefs();
const opDef = (type: string) => ops.get(type)?.opDef;
const float = { type: 1 };

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : `${error}`;
  }
  return "it did not fail";
}

/** A function of one float "x" with these nodes. */
const functionOf = (nodeDef: readonly INodeDef[], ret: string, more: object = {}): IFunctionDef => ({
  signature: { name: "F", inputArg: [{ name: "x", ...float }], outputArg: [{ name: "y", ...float }] },
  nodeDef: [...nodeDef],
  ret: { y: ret },
  ...more,
});

describe("functionDefToGraphDef", () => {
  it("counts outputs as a graph does", () => {
    const split: INodeDef = {
      name: "u",
      op: "Unique",
      input: ["x"],
      attr: { T: float, out_idx: { type: 3 } },
    };
    const { nodes, outputs } = functionDefToGraphDef(
      functionOf(
        [split, { name: "i", op: "Identity", input: ["u:idx:0", "^u", "^x"], attr: { T: { type: 3 } } }],
        "u:y:0",
      ),
      { opDef },
    );
    expect(nodes.map(({ input }) => input)).toEqual([["x"], ["u:1", "^u", "^x"]]);
    expect(outputs).toEqual(["u"]);
  });

  it("takes attributes from the call, and lists as arguments of their own", () => {
    const list: IFunctionDef = {
      signature: {
        name: "Sum",
        attr: [
          { name: "T", type: "type" },
          { name: "N", type: "int", defaultValue: { i: 3n } },
        ],
        inputArg: [{ name: "args", numberAttr: "N", typeAttr: "T" }],
        outputArg: [{ name: "sum", typeAttr: "T" }],
      },
      nodeDef: [
        {
          name: "add",
          op: "AddN",
          input: ["args", "args:1", "args:2"],
          attr: { T: { placeholder: "T" }, N: { placeholder: "N" } },
        },
      ],
      ret: { sum: "add:sum:0" },
    };
    const made = functionDefToGraphDef(list, { opDef, attrs: { T: float } });
    expect(made.arguments.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "args_0 1",
      "args_1 1",
      "args_2 1",
    ]);
    expect(made.nodes[0]).toMatchObject({
      input: ["args_0", "args_1", "args_2"],
      attr: { T: float, N: { i: 3n } },
    });
    expect(failure(() => functionDefToGraphDef(list, { opDef }))).toMatch(
      /^INVALID_ARGUMENT: No attr named 'T'/,
    );
    expect(
      failure(() => functionDefToGraphDef(list, { opDef, attrs: { T: float, N: { i: 1n << 40n } } })),
    ).toMatch(/^INVALID_ARGUMENT: .*absurd/);
  });

  it.each([
    [
      "an input that is not there",
      functionOf([{ name: "n", op: "Neg", input: ["z:y:0"], attr: { T: float } }], "n:y:0"),
      "input z:y:0 is not found",
    ],
    [
      "an output that the op lacks",
      functionOf([{ name: "n", op: "Neg", input: ["x"], attr: { T: float } }], "n:other:0"),
      "input n:other:0 is not found",
    ],
    ["an index that is none", functionOf([], "x:y:-1"), "input x:y:-1 is not found"],
    ["a result that is missing", functionOf([], "x", { ret: {} }), "Return y missing."],
    [
      "a result that only a prototype has",
      { ...functionOf([], "x"), signature: { name: "F", outputArg: [{ name: "constructor", ...float }] } },
      "Return constructor missing.",
    ],
    [
      "a control output that is not there",
      functionOf([], "x", { controlRet: { c: "nobody" } }),
      "input nobody is not found",
    ],
    [
      "an attribute that nobody gives",
      functionOf([{ name: "n", op: "Neg", input: ["x"], attr: { T: { placeholder: "T" } } }], "n:y:0"),
      "Failed to bind all placeholders in T: $T",
    ],
  ])("refuses %s", (_, def, sentence) => {
    expect(failure(() => functionDefToGraphDef(def, { opDef }))).toBe(`INVALID_ARGUMENT: ${sentence}`);
  });
});

describe("a graph as a function", () => {
  it("comes back as it was, under names of its own", () => {
    const outer = new Graph({ ops });
    const outside = outer.createOp("Placeholder", [], { name: "outside", attrs: { dtype: "float32" } })
      .outputs[0]!;
    const body = new FuncGraph("Body", outer);
    const sum = body.asDefault(() => {
      expect(currentGraph()).toBe(body);
      const x = body.addInput("X", "float32");
      const add = body.createOp("AddV2", [x, outside], { name: "add" });
      return body.createOp("AddV2", [add.outputs[0]!, outside], { name: "x" }).outputs[0]!;
    });
    expect(body.captures).toEqual([outside]);
    const def = graphToFunctionDef(body, "Body", body.inputs, [sum, body.inputs[0]!]);
    expect(def.signature).toEqual({
      name: "Body",
      inputArg: [
        { name: "x_0", ...float },
        { name: "placeholder", ...float },
      ],
      outputArg: [
        { name: "x_1", ...float },
        { name: "x", ...float },
      ],
    });
    expect(def.nodeDef!.map(({ name, input }) => [name, ...input!])).toEqual([
      ["add", "x_0", "placeholder"],
      ["x_1_0", "add:z:0", "placeholder"],
    ]);
    expect(def.ret).toEqual({ x_1: "x_1_0:z:0", x: "x_0" });
    const { graph, inputs, outputs } = functionDefToGraph(def, {
      ops,
      library: new FunctionLibrary(),
      name: "call",
    });
    expect(graph.getOperations().map(({ name }) => name)).toEqual([
      "call/x_0",
      "call/placeholder",
      "call/add",
      "call/x_1_0",
    ]);
    expect(outputs).toEqual([graph.getTensorByName("call/x_1_0:0"), inputs[0]]);
  });

  it("has no references and no output names twice", () => {
    const graph = new Graph({ ops });
    const w = graph.createOp("VariableV2", [], { name: "w", attrs: { dtype: "float32", shape: [] } })
      .outputs[0]!;
    const c = graph.createOp("Identity", [w]).outputs[0]!;
    expect(failure(() => graphToFunctionDef(graph, "F", [], [w]))).toBe(
      "INVALID_ARGUMENT: Output 0 of node 'w' has a reference type float_ref",
    );
    expect(failure(() => graphToFunctionDef(graph, "F", [], [c, c], { outputNames: ["a", "a"] }))).toMatch(
      /Cannot have duplicate output names. Name 'a' appears/,
    );
  });

  it("is an op type of the graph that has it", () => {
    const graph = new Graph({ ops });
    const [x] = graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32" } }).outputs;
    expect(failure(() => graph.createOp("F", [x!]))).toBe("NOT_FOUND: Op type not registered 'F' in binary");
    graph.addFunction(functionOf([], "x"));
    expect(graph.createOp("F", [x!]).outputs.map(({ dtype }) => dtype)).toEqual(["float32"]);
    expect(graph.exportedVersions.minConsumer).toBe(12);
  });
});
