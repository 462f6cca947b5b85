// createOp: what is inferred, what is filled in, what is refused. Source: op_def_library_test.py, by understanding.
import { DataType } from "@org/proto";
import { Shape } from "@org/tensor";
import { beforeEach, describe, expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import { createOpRegistry, Graph, type Tensor } from "../src/index.ts";
import { op, testOps } from "./test-ops.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const extra = [
  op("Attr", [], [], [{ name: "a", type: "int", hasMinimum: true, minimum: 5n }]),
  op(
    "Kinds",
    [],
    [],
    [
      {
        name: "s",
        type: "string",
        defaultValue: { s: bytes("x") },
        allowedValues: { list: { s: [bytes("x"), bytes("y")] } },
      },
      { name: "i", type: "int", defaultValue: { i: 1n } },
      { name: "f", type: "float", defaultValue: { f: 1 } },
      { name: "b", type: "bool", defaultValue: { b: true } },
      { name: "t", type: "type", defaultValue: { type: DataType.DT_FLOAT } },
      { name: "sh", type: "shape", defaultValue: { shape: { unknownRank: true } } },
      { name: "fn", type: "func", defaultValue: { func: { name: "f" } } },
      { name: "li", type: "list(int)", defaultValue: { list: {} } },
      { name: "lsh", type: "list(shape)", defaultValue: { list: {} } },
    ],
  ),
  op(
    "Polymorphic",
    ["a: T"],
    ["out: T"],
    [{ name: "T", type: "type", allowedValues: { list: { type: [DataType.DT_INT32, DataType.DT_FLOAT] } } }],
  ),
  op("Two", ["a: T", "b: T"], [], [{ name: "T", type: "type" }]),
  op(
    "Pairs",
    ["a: N * T", "b: N * T"],
    ["c: N * T"],
    [
      { name: "N", type: "int" },
      { name: "T", type: "type" },
    ],
  ),
  op("AtLeast", ["a: N * int32"], [], [{ name: "N", type: "int", hasMinimum: true, minimum: 3n }]),
  op("Any", ["a: T"], ["b: T"], [{ name: "T", type: "list(type)" }]),
  op("Old", [], [], [], { def: { deprecation: { version: 10, explanation: "Use New" } } }),
];
const ops = createOpRegistry(coreOps, testOps, extra);
let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops });
});
const make = (type: string): Tensor => graph.createOp(type, []).outputs[0]!;

describe("createOp", () => {
  it("infers types and numbers, and fills in defaults", () => {
    const [a, b] = [make("IntOutput"), make("IntOutput")];
    expect(graph.createOp("Polymorphic", [a]).attrs.type("T")).toBe("int32");
    const pairs = graph.createOp("Pairs", [
      [a, b],
      [b, a],
    ]);
    expect(pairs.attrs.int("N")).toBe(2);
    expect(pairs.outputs.map((t) => t.name)).toEqual(["Pairs:0", "Pairs:1"]);
    const any = graph.createOp("Any", [[a, make("FloatOutput")]]);
    expect(any.attrs.types("T")).toEqual(["int32", "float32"]);
    expect(any.outputs.map((t) => t.dtype)).toEqual(["int32", "float32"]);
    expect(graph.createOp("OpWithDefaultAttr", []).attrs.float("default_float")).toBe(123);
  });

  it("reads attributes as the OpDef says", () => {
    const { attrs } = graph.createOp("Kinds", [], {
      attrs: {
        s: "y",
        i: 7,
        f: 0.1,
        b: false,
        t: "int64",
        sh: [2, null],
        fn: { func: "g", attrs: { n: 3 } },
        li: [1, 2],
        lsh: [Shape.scalar, Shape.unknown],
        _mine: ["a", "b"],
      },
    });
    expect(attrs.string("s")).toBe("y");
    expect(attrs.bigint("i")).toBe(7n);
    expect(attrs.float("f")).toBe(Math.fround(0.1));
    expect(attrs.bool("b")).toBe(false);
    expect(attrs.type("t")).toBe("int64");
    expect(attrs.shape("sh").toString()).toBe("[2,?]");
    expect(attrs.func("fn").attrs.int("n")).toBe(3);
    expect(attrs.ints("li")).toEqual([1, 2]);
    expect(attrs.shapes("lsh").map(String)).toEqual(["[]", "<unknown>"]);
    expect(attrs.strings("_mine")).toEqual(["a", "b"]);
    expect(() => attrs.int("s")).toThrow(
      "AttrValue had value with type 'string' when 'int' expected for attr 's'",
    );
    expect(graph.createOp("Kinds", [], { attrs: { sh: null, i: null } }).attrs.int("i")).toBe(1);
  });

  const cases: [string, () => unknown, string][] = [
    ["an unknown op", () => graph.createOp("Nope", []), "Op type not registered 'Nope' in binary"],
    [
      "an op that was removed",
      () => graph.createOp("Old", []),
      "Op Old is not available in GraphDef version 134. It has been removed in version 10. Use New.",
    ],
    ["a missing input", () => graph.createOp("IntInput", []), "No argument for input a"],
    ["a missing attribute", () => graph.createOp("Attr", []), "No argument for attr a"],
    [
      "an attribute below its minimum",
      () => graph.createOp("Attr", [], { attrs: { a: 4 } }),
      "Attr 'a' of 'Attr' Op passed 4 less than minimum 5.",
    ],
    [
      "a string that is not allowed",
      () => graph.createOp("Kinds", [], { attrs: { s: "z" } }),
      `Attr 's' of 'Kinds' Op passed string 'z' not in: "x", "y".`,
    ],
    [
      "a value of another kind",
      () => graph.createOp("Kinds", [], { attrs: { i: "z" } }),
      "Expected int for argument 'i' not 'z'.",
    ],
    [
      "an attribute that the op lacks",
      () => graph.createOp("None", [], { attrs: { x: 1 } }),
      "apply_op() got unexpected keyword arguments: x",
    ],
    [
      "an inferred attribute that disagrees",
      () => graph.createOp("Polymorphic", [make("IntOutput")], { attrs: { T: "float32" } }),
      "Should not specify value for inferred attr 'T'",
    ],
    [
      "a type that is not allowed",
      () =>
        graph.createOp("Polymorphic", [
          graph.createOp("Placeholder", [], { attrs: { dtype: "string" } }).outputs[0]!,
        ]),
      "Value passed to parameter 'a' has DataType string not in list of allowed values: int32, float32",
    ],
    [
      "a type of another kind",
      () => graph.createOp("IntInput", [make("FloatOutput")]),
      "Input 'a' of 'IntInput' Op has type float32 that does not match expected type of int32.",
    ],
    [
      "types that disagree",
      () => graph.createOp("Two", [make("IntOutput"), make("FloatOutput")]),
      "Input 'b' of 'Two' Op has type float32 that does not match type int32 of argument 'a'.",
    ],
    [
      "a value where a ref is needed",
      () => graph.createOp("RefInputIntInput", [make("IntOutput"), make("IntOutput")]),
      "'RefInputIntInput' Op requires that input 'a' be a mutable tensor (e.g.: a tf.Variable)",
    ],
    [
      "a tensor where a list is needed",
      () => graph.createOp("AtLeast", [make("IntOutput")]),
      "Expected list for 'a' argument to 'AtLeast' Op",
    ],
    [
      "a list that is too short",
      () => graph.createOp("AtLeast", [[make("IntOutput")]]),
      "List argument 'a' to 'AtLeast' Op with length 1 shorter than minimum length 3.",
    ],
    [
      "lists of two lengths",
      () => graph.createOp("Pairs", [[make("IntOutput")], []]),
      "List argument 'b' to 'Pairs' Op with length 0 must match length 1 of argument 'a'.",
    ],
    [
      "an empty list without type",
      () => graph.createOp("Pairs", [[], []]),
      "Don't know how to infer type variable from empty input list passed to input 'a' of 'Pairs' Op.",
    ],
    [
      "a list of two types",
      () => graph.createOp("ListInput", [[make("IntOutput"), make("FloatOutput")]]),
      "Tensors in list passed to 'a' of 'ListInput' Op have types [int32, float32] that don't all match.",
    ],
    [
      "a tensor of another graph",
      () => graph.createOp("IntInput", [new Graph({ ops }).createOp("IntOutput", []).outputs[0]!]),
      "must be from the same graph",
    ],
    [
      "what is no tensor",
      () => graph.createOp("IntInput", [5 as never]),
      "Input 'a' of 'IntInput' Op is not a Tensor: 5",
    ],
  ];
  it.each(cases)("refuses %s", (_, run, sentence) => {
    expect(run).toThrow(sentence);
  });

  it("names the node, its input shapes and values where a shape function refuses", () => {
    const constant = (data: Int32Array) =>
      graph.createOp("Const", [], {
        attrs: { dtype: "int32", value: { dtype: "int32", shape: [data.length], data } },
      }).outputs[0]!;
    expect(() =>
      graph.createOp("Reshape", [constant(Int32Array.of(1, 2, 3)), constant(Int32Array.of(2))]),
    ).toThrow(
      "Cannot reshape a tensor with 3 elements to shape [2] (2 elements) for 'Reshape' (op: 'Reshape') with input shapes: [3], [1] and with input tensors computed as partial shapes: input[1] = [2].",
    );
    expect(graph.findOperation("Reshape")).toBeUndefined();
  });

  it("refuses a finalized graph", () => {
    graph.finalize();
    expect(() => graph.createOp("None", [])).toThrow("Graph is finalized and cannot be modified.");
    expect(() => graph.addToCollection("x", 1)).toThrow("Graph is finalized");
  });
});

describe("createOpRegistry", () => {
  it("names both origins of a clash, and lets a fallback stand behind", () => {
    const mine = { ...coreOps.get("Const")!, origin: "mine" };
    expect(() => createOpRegistry(coreOps, [mine])).toThrow(
      "Op 'Const' is registered by @org/graph/core-ops and by mine",
    );
    expect(createOpRegistry([mine], { fallback: coreOps }).get("Const")).toBe(mine);
    expect(createOpRegistry([mine], { fallback: coreOps }).get("Identity")).toBe(coreOps.get("Identity"));
    expect(createOpRegistry(coreOps, coreOps, [{ ...coreOps.get("Const")! }]).get("Const")).toBe(
      coreOps.get("Const"),
    );
    expect(createOpRegistry({ op: [{ name: "Z" }, { name: "B" }] }).names()).toEqual(["B", "Z"]);
    expect(createOpRegistry({ op: [{ name: "Z" }] }).get("constructor")).toBeUndefined();
  });
});
