// Ported by understanding from TensorFlow's importer_test.py: what an import gives, and what it refuses.

import type { IGraphDef, INodeDef } from "@org/proto";
import { dtypes } from "@org/tensor";
import { beforeEach, describe, expect, it } from "vitest";
import {
  Graph,
  type ImportGraphDefOptions,
  importGraphDef,
  type Operation,
  type Tensor,
  tensorConversion,
} from "../src/index.ts";
import { classAttr, node, registry } from "./test-ops.ts";

const int32 = { type: dtypes.int32.number };
const float32 = { type: dtypes.float32.number };
let graph: Graph;
beforeEach(() => {
  graph = new Graph({ ops: registry });
});

const load = (nodes: INodeDef[], options: Partial<ImportGraphDefOptions> = {}, more: IGraphDef = {}) =>
  importGraphDef(
    { node: nodes, versions: { producer: 134, minConsumer: 12 }, ...more },
    { graph, ...options },
  );
const take = (nodes: INodeDef[], names: string[], options: Partial<ImportGraphDefOptions> = {}) =>
  load(nodes, { ...options, returnElements: names }).returned as Operation[];
const constant = (value: number, name = "Const"): Tensor => {
  const whole = Number.isInteger(value);
  return graph.createOp("Const", [], {
    name,
    attrs: {
      dtype: whole ? "int32" : "float32",
      value: whole
        ? { dtype: "int32", shape: [], data: Int32Array.of(value) }
        : { dtype: "float32", shape: [], data: Float32Array.of(value) },
    },
  }).outputs[0]!;
};
const listInput = (name: string, inputs: string[], type: { type: number } = int32) =>
  node(name, "ListInput", inputs, { N: { i: BigInt(inputs.length) }, T: type });

describe("importGraphDef", () => {
  it("[importer_test/ImportGraphDefTest.testBasic] wires and types nodes", () => {
    const [a, b, c, d] = take(
      [
        node("A", "IntOutputFloatOutput"),
        node("B", "ListOutput", [], { T: { list: { type: [int32.type, float32.type] } } }),
        listInput("C", ["A:0", "B:0"]),
        listInput("D", ["A:1", "B:1"], float32),
      ],
      ["A", "B", "C", "D"],
    ) as [Operation, Operation, Operation, Operation];
    expect(new Set([...a.outputs, ...b.outputs].map((t) => t.name)).size).toBe(4);
    expect([a, b, c, d].map((op) => op.type)).toEqual([
      "IntOutputFloatOutput",
      "ListOutput",
      "ListInput",
      "ListInput",
    ]);
    expect(a.outputs.map((t) => t.dtype)).toEqual(["int32", "float32"]);
    expect([a, b, c, d].map((op) => op.name)).toEqual(["import/A", "import/B", "import/C", "import/D"]);
    expect(c.inputs).toEqual([a.outputs[0], b.outputs[0]]);
    expect(d.inputs).toEqual([a.outputs[1], b.outputs[1]]);
    expect(b.outputs.map((t) => t.dtype)).toEqual(["int32", "float32"]);
    expect(a.opDef?.name).toBe("IntOutputFloatOutput");
    expect(a.outputs[0]!.consumers()).toEqual([c]);
  });

  it("[importer_test/ImportGraphDefTest.testMultipleImport] makes names unique, import after import", () => {
    const nodes = [node("A", "IntOutput"), node("B", "IntInput", ["A:0"])];
    const names = (name: string): string[] => {
      const [a, b] = take(nodes, ["A", "B"], { name }) as [Operation, Operation];
      expect(b.inputs).toEqual([a.outputs[0]]);
      return [a.name, b.name];
    };
    expect(names("")).toEqual(["A", "B"]);
    expect(names("")).toEqual(["A_1", "B_1"]);
    expect(names("")).toEqual(["A_2", "B_2"]);
    expect(names("A")).toEqual(["A_3/A", "A_3/B"]);
    expect(names("A/")).toEqual(["A/A", "A/B"]);
    expect(names("A/")).toEqual(["A/A_1", "A/B_1"]);
    expect(
      take([node("A_1", "IntOutput"), node("B_1", "IntInput", ["A_1:0"])], ["A_1", "B_1"], { name: "" }).map(
        (op) => op.name,
      ),
    ).toEqual(["A_1_1", "B_1_1"]);
    graph.nameScope("foo", () => constant(1));
    expect(take([node("foo", "IntOutput")], ["foo"], { name: "" })[0]!.name).toBe("foo_1");
    graph.nameScope("outer", () => graph.nameScope("inner", () => constant(1, "c")));
    const five = ["outer", "inner", "c", "outer/inner", "outer/inner/c"];
    expect(
      take(
        five.map((name) => node(name, "IntOutput")),
        five,
        { name: "" },
      ).map((op) => op.name),
    ).toEqual(["outer_1", "inner", "c", "outer/inner_1", "outer/inner/c_1"]);
  });

  it("[importer_test/ImportGraphDefTest.testEmptyNameScope] takes the name of a scope that nothing was made in", () => {
    graph.nameScope("foo", () => undefined);
    expect(take([node("foo", "IntOutput")], ["foo"], { name: "" })[0]!.name).toBe("foo");
  });

  it("[importer_test/ImportGraphDefTest.testInputMap] [importer_test/ImportGraphDefTest.testInputMapBytes] [importer_test/ImportGraphDefTest.testInputMapUnicode] [importer_test/ImportGraphDefTest.testImplicitZerothOutput] [importer_test/ImportGraphDefTest.testInputMapImplicitZerothOutput] maps inputs, by names with and without an output index", () => {
    const [x, y] = [constant(0), constant(1)];
    const nodes = [
      node("A", "TwoIntOutputs"),
      node("B", "TwoIntOutputs"),
      listInput("C", ["A:0", "B"]),
      listInput("D", ["A:1", "B:1"]),
    ];
    const [a, b, c, d] = take(nodes, ["A", "B", "C", "D"], { inputMap: { "A:0": x, "B:1": y } }) as [
      Operation,
      Operation,
      Operation,
      Operation,
    ];
    expect(c.inputs).toEqual([x, b.outputs[0]]);
    expect(d.inputs).toEqual([a.outputs[1], y]);
    const bytes = new TextEncoder().encode("A:0");
    const keys = ["A", "A:0", new TextDecoder().decode(bytes), "\u0041\u003a\u0030"];
    for (const key of keys) {
      const [fromMap] = take(nodes, ["C"], { inputMap: new Map([[key, x]]) });
      const [fromRecord] = take(nodes, ["C"], { inputMap: { [key]: x } });
      expect([fromMap!.inputs[0], fromRecord!.inputs[0]]).toEqual([x, x]);
    }
  });

  it("[importer_test/ImportGraphDefTest.testMissingInputOpInGraphDefButAppearsInInputMap] maps what the file does not have, and control inputs", () => {
    const x = constant(0.5);
    const [b] = take([node("B", "FloatInput", ["A:0", "^gone"])], ["B"], {
      inputMap: { "A:0": x, "^gone": x.op },
    });
    expect(b!.inputs).toEqual([x]);
    expect(b!.controlInputs).toEqual([x.op]);
  });

  it("maps what converts to a tensor, under a scope of its own", () => {
    const convertible = { [tensorConversion]: () => constant(2.5, "converted") };
    const [b] = take([node("B", "FloatInput", ["A:0"])], ["B"], { inputMap: { "A:0": convertible } });
    expect(b!.inputs[0]!.name).toBe("import/_inputs/converted:0");
    expect(() =>
      load([node("B", "FloatInput", ["A:0"])], { inputMap: { "A:0": convertible }, name: "" }),
    ).toThrow(
      /^tf.import_graph_def\(\) requires a non-empty `name` if `input_map` contains non-Tensor values/,
    );
  });

  it("returns what a mapped tensor became", () => {
    const x = constant(1);
    expect(
      load([node("A", "IntOutput")], { inputMap: { "A:0": x }, returnElements: ["A:0"] }).returned,
    ).toEqual([x]);
  });

  it("[importer_test/ImportGraphDefTest.testWithControlDependency] takes control inputs, in the file's order and each once", () => {
    const [a, b, c] = take(
      [node("Z", "None"), node("A", "None"), node("C", "None", ["^Z", "^A", "^Z"])],
      ["Z", "A", "C"],
      {
        name: "",
      },
    );
    expect(c!.controlInputs).toEqual([a, b]);
    expect(c!.toNodeDef().input).toEqual(["^Z", "^A"]);
  });

  it("[importer_test/ImportGraphDefTest.testWithRefs] lets a ref stand where a value is read, and not the other way round", () => {
    const nodes = [
      node("A", "RefOutput"),
      node("B", "IntOutput"),
      node("C", "TwoIntInputs", ["A:0", "B:0"]),
      node("D", "RefInputIntInput", ["A:0", "B:0"]),
    ];
    const [a, b, c, d] = take(nodes, ["A", "B", "C", "D"]) as [Operation, Operation, Operation, Operation];
    expect(a.outputs[0]).toMatchObject({ dtype: "int32", isRef: true });
    for (const reader of [c, d]) {
      expect(reader.inputs).toEqual([a.outputs[0], b.outputs[0]]);
      expect(reader.outputs).toEqual([]);
    }
    expect(c.opDef!.inputArg!.map((arg) => Boolean(arg.isRef))).toEqual([false, false]);
    expect(d.opDef!.inputArg!.map((arg) => Boolean(arg.isRef))).toEqual([true, false]);
    expect(() => load([node("B", "IntOutput"), node("D", "RefInputIntInput", ["B:0", "B:0"])])).toThrow(
      "Input 0 of node import_1/D was passed int32 from import_1/B:0 incompatible with expected int32_ref.",
    );
  });

  it("takes forward references and keeps the file's order", () => {
    load([node("B", "IntInput", ["A"]), node("A", "IntOutput")], { name: "" });
    expect(graph.getOperations().map((op) => op.name)).toEqual(["B", "A"]);
  });

  it("[importer_test/ImportGraphDefTest.testNamePrefixColocationAttrs] [importer_test/ImportGraphDefTest.testNamePrefixColocationAttrsMultipleImport] rewrites colocation groups", () => {
    const nodes = [node("A", "None"), node("B", "None", [], classAttr("A"))];
    expect(take(nodes, ["B"], { name: "in" })[0]!.colocationGroups()).toEqual(["loc:@in/A"]);
    for (const suffix of ["", "_1"]) {
      const [a, b] = take(nodes, ["A", "B"], { name: "" }) as [Operation, Operation];
      expect([a.name, b.name]).toEqual([`A${suffix}`, `B${suffix}`]);
      expect(b.colocationGroups()).toEqual([`loc:@A${suffix}`]);
    }
  });

  it("[importer_test/ImportGraphDefTest.testColocationAndDevice] puts a colocated op where its group is", () => {
    const inGroup = classAttr("A");
    const onA = take(
      [node("A", "None", [], inGroup, "/device:CPU:0"), node("B", "None", [], inGroup)],
      ["A", "B"],
    );
    expect(onA.map((op) => op.device)).toEqual(["/device:CPU:0", "/device:CPU:0"]);
    expect(onA[1]!.toNodeDef().device).toBe("");
    const onB = take(
      [node("A", "None", [], inGroup), node("B", "None", [], inGroup, "/device:CPU:0")],
      ["A", "B"],
    );
    expect(onB.map((op) => op.device)).toEqual(["", ""]);
    expect(onB[1]!.toNodeDef().device).toBe("/device:CPU:0");
    for (const op of onA) expect(op.colocationGroups()).toEqual(["loc:@import/A"]);
    for (const op of onB) expect(op.colocationGroups()).toEqual(["loc:@import_1/A"]);
  });

  it("[importer_test/ImportGraphDefTest.testColocationWithDeviceFn] [importer_test/ImportGraphDefTest.testMultipleColocationWithDeviceFn] lets colocation win over device functions", () => {
    const nodes = [node("A", "None", [], classAttr("A")), node("B", "None", [], classAttr("A"))];
    const placed = (fn: (op: Operation) => string): string[] =>
      graph
        .device(fn, () => take(nodes, ["A", "B"]))
        .map((op, _, [a]) => {
          expect(op.colocationGroups()).toEqual([`loc:@${a!.name}`]);
          return op.device;
        });
    expect(placed((op) => (op.name.endsWith("A") ? "/device:A:0" : "/device:B:0"))).toEqual([
      "/device:A:0",
      "/device:A:0",
    ]);
    expect(placed((op) => (op.name.endsWith("B") ? "/device:B:0" : ""))).toEqual(["", ""]);
    expect(placed((op) => (op.name.endsWith("A") ? "/device:A:0" : ""))).toEqual([
      "/device:A:0",
      "/device:A:0",
    ]);
    const three = [node("A", "None"), node("B", "None"), node("C", "None", [], classAttr("A", "B"))];
    const devices = graph.device(
      (op) => (op.name.endsWith("B") ? "/device:B:0" : ""),
      () => take(three, ["A", "B", "C"]),
    );
    expect(devices.map((op) => op.device)).toEqual(["", "/device:B:0", "/device:B:0"]);
    const [a, b, c] = devices.map((op) => op.colocationGroups());
    expect([...a!, ...b!]).toEqual(c);
  });

  it("[importer_test/ImportGraphDefTest.testWithDevice] merges devices with the scopes around", () => {
    const nodes = [
      node("a", "None"),
      node("b", "None", [], {}, "/cpu:0"),
      node("c", "None", [], {}, "/job:worker"),
    ];
    const within = (device: string): string[] =>
      graph.device(device, () => take(nodes, ["a", "b", "c"])).map((op) => op.device);
    expect(take(nodes, ["a", "b", "c"]).map((op) => op.device)).toEqual(["", "/device:CPU:0", "/job:worker"]);
    expect(within("/task:0")).toEqual(["/task:0", "/task:0/device:CPU:0", "/job:worker/task:0"]);
    expect(within("/job:ps")).toEqual(["/job:ps", "/job:ps/device:CPU:0", "/job:worker"]);
    expect(within("/device:GPU:0")).toEqual(["/device:GPU:0", "/device:CPU:0", "/job:worker/device:GPU:0"]);
  });

  it("[importer_test/ImportGraphDefTest.testWithDeviceFunctionDependingOnInputs] shows device functions an op's inputs", () => {
    const nodes = [node("A", "TwoIntOutputs"), listInput("C", ["A:0", "A:1"]), listInput("D", ["A:0"])];
    const [c, d] = graph.device(
      (op) => (op.inputs.length > 1 ? "/cpu:1" : ""),
      () => take(nodes, ["C", "D"]),
    );
    expect([c!.device, d!.device]).toEqual(["/cpu:1", ""]);
  });

  it("puts imported nodes behind control dependencies", () => {
    const first = constant(1).op;
    const [a] = graph.controlDependencies([first], () => take([node("A", "None")], ["A"]));
    expect(a!.controlInputs).toEqual([first]);
  });

  it("[importer_test/ImportGraphDefTest.testDefaultAttrsAdded] [importer_test/ImportGraphDefTest.testDefaultAttrsRemoved] [users/4.2] fills in defaults and drops the producer's", () => {
    const [a] = take([node("A", "OpWithDefaultAttr")], ["A"]);
    expect(a!.attrs.float("default_float")).toBe(123);
    const producerOps = {
      op: [
        {
          name: "OpWithFutureDefaultAttr",
          attr: [{ name: "default_int", type: "int", defaultValue: { i: 456n } }],
        },
      ],
    };
    const future = (value: bigint) => [
      node("A", "OpWithFutureDefaultAttr", [], { default_int: { i: value } }),
    ];
    const [b] = take(future(456n), ["A"], { producerOps });
    expect(() => b!.attrs.int("default_int")).toThrow(
      "Operation 'import_1/A' has no attr named 'default_int'.",
    );
    const warnings: string[] = [];
    const [c] = take(future(987n), ["A"], {
      producerOps,
      onWarning: ({ message }) => warnings.push(message),
    });
    expect(c!.attrs.int("default_int")).toBe(987);
    expect(warnings).toHaveLength(1);
    expect(() => load(future(987n), { producerOps, strict: true })).toThrow(
      "NodeDef mentions attr 'default_int' not in Op<name=OpWithFutureDefaultAttr; signature= -> >; NodeDef: {{node import_3/A}}. (Check whether your GraphDef-interpreting binary is up to date with your GraphDef-generating binary.).",
    );
  });

  it("of TensorFlow 1.0's placeholders, whose scalar is no shape, survives export and import", () => {
    const shape = (...dims: bigint[]) => ({ shape: { dim: dims.map((size) => ({ size })) } });
    const x = node("x", "Placeholder", [], {
      dtype: float32,
      shape: shape(),
      _output_shapes: { list: { shape: [shape(-1n, 7n).shape] } },
    });
    graph = new Graph();
    load([x], { name: "" }, { versions: { producer: 21 } });
    const shapeOf = (of: Graph) => String(of.getOperationByName("x").outputs[0]!.shape);
    expect(shapeOf(graph)).toBe("[?,7]");
    const exported = graph.asGraphDef({ addShapes: true });
    expect(exported.versions?.producer).toBe(21);
    const again = new Graph();
    importGraphDef(exported, { graph: again, name: "" });
    expect(shapeOf(again)).toBe("[?,7]");
    // A placeholder that says its shape needs no old producer.
    graph = new Graph();
    load(
      [node("x", "Placeholder", [], { dtype: float32, shape: shape(7n) })],
      {},
      { versions: { producer: 21 } },
    );
    expect(graph.asGraphDef().versions?.producer).toBe(134);
  });

  it("keeps the oldest producer and the highest min_consumer, and exports the newest producer", () => {
    load([], {}, { versions: { producer: 21, minConsumer: 3, badConsumers: [7] } });
    load([], {}, { versions: { producer: 2474, minConsumer: 12 } });
    expect(graph.versions).toEqual({ producer: 21, minConsumer: 12, badConsumers: [7] });
    expect(graph.asGraphDef().versions).toEqual({ producer: 2474, minConsumer: 12, badConsumers: [7] });
  });

  it("[importer_test/ImportGraphDefTest.testVersionAppliesToOpConstruction] shows shape functions the file's producer", () => {
    load([node("A", "RequiresOlderGraphVersion")], {}, { versions: { producer: 21 } });
    graph = new Graph({ ops: registry });
    expect(() => load([node("A", "RequiresOlderGraphVersion")])).toThrow("Wrong graph version");
  });

  it("[importer_test/ImportGraphDefTest.testEmptyGraph] leaves the version of the graph alone for an empty file", () => {
    load([]);
    expect(graph.version).toBe(0);
  });

  it("[users/4.1] imports ops that nobody knows, lists them and gives them back", () => {
    const shapes = { _output_shapes: { list: { shape: [{ dim: [{ size: 2n }] }] } } };
    const attrs = { T: float32, odd: { s: new Uint8Array([1]) } };
    const { unknownOps } = load(
      [
        node("A", "NoSuchOp", [], { ...attrs, ...shapes }),
        node("B", "Unary", ["A"], { T: float32 }),
        node("C", "OtherOp", ["A:2"]),
      ],
      { name: "" },
    );
    expect(unknownOps).toEqual([
      { op: "NoSuchOp", nodes: ["A"], described: false },
      { op: "OtherOp", nodes: ["C"], described: false },
    ]);
    const a = graph.getOperationByName("A");
    expect(a.outputs.map(String)).toEqual([
      'Tensor("A:0", shape=(2,), dtype=float32)',
      'Tensor("A:1", dtype=float32)',
      'Tensor("A:2", dtype=float32)',
    ]);
    expect(graph.asGraphDef().node![0]).toMatchObject({ op: "NoSuchOp", attr: attrs });
    expect(() => load([node("A", "NoSuchOp")], { strict: true })).toThrow(
      "Op type not registered 'NoSuchOp' in binary",
    );
  });

  it("describes ops by the file's list and by its functions", () => {
    const producerOps = { op: [{ name: "Theirs", outputArg: [{ name: "x", type: dtypes.int64.number }] }] };
    const fn = { signature: { name: "fn", outputArg: [{ name: "y", type: dtypes.string.number }] } };
    const { unknownOps, operations } = load(
      [node("A", "Theirs"), node("F", "fn")],
      { producerOps },
      { library: { function: [fn] } },
    );
    expect(operations.map((op) => op.outputs[0]!.dtype)).toEqual(["int64", "string"]);
    // A function of the library is no unknown op.
    expect(unknownOps).toEqual([{ op: "Theirs", nodes: ["import/A"], described: true }]);
    expect(graph.asGraphDef().library!.function).toEqual([fn]);
    expect(() => load([], {}, { library: { function: [{ signature: { name: "fn" } }] } })).toThrow(
      "Cannot add function 'fn' because a different function with the same name already exists.",
    );
  });

  it("keeps `_output_shapes` of ops without shape function until an input changes", () => {
    const shapes = { _output_shapes: { list: { shape: [{ dim: [{ size: 3n }] }] } } };
    load([node("A", "FloatOutput"), node("B", "Unary", ["A"], { T: float32, ...shapes })], { name: "" });
    const b = graph.getOperationByName("B");
    expect(b.outputs[0]!.shape.toString()).toBe("[3]");
    b.updateInput(0, constant(0.5));
    expect(b.outputs[0]!.shape.toString()).toBe("<unknown>");
  });

  it("merges loops' back edges, and refuses other cycles", () => {
    const t = { T: float32 };
    const loop = [
      node("M", "Merge", ["E", "N"], { ...t, N: { i: 2n } }),
      node("N", "NextIteration", ["M"], t),
      node("E", "FloatOutput"),
    ];
    const { operations } = load(loop, { name: "" });
    expect(operations[0]!.inputs.map((x) => x.name)).toEqual(["E:0", "N:0"]);
    expect(() => load([node("A", "Unary", ["B:0"], t), node("B", "Unary", ["A:0"], t)])).toThrow(
      "2 nodes in a cycle",
    );
  });

  it("[importer_test/ImportGraphDefTest.testCyclic] takes other cycles where asked to, as TensorFlow 1.0", () => {
    const t = { T: int32 };
    const nodes = [
      node("A", "Unary", ["B:0"], t),
      node("B", "Unary", ["A:0"], t),
      node("C", "Unary", ["B:0"], t),
    ];
    const [a, b] = take(nodes, ["A", "B"], { allowCycles: true });
    expect([a!.inputs[0], b!.inputs[0]]).toEqual([b!.outputs[0], a!.outputs[0]]);
    expect(graph.asGraphDef().node!.map(({ name }) => name)).toEqual(["import/A", "import/B", "import/C"]);
  });
});

describe("what importGraphDef refuses", () => {
  const refuses: [string, INodeDef[], Partial<ImportGraphDefOptions>, string][] = [
    [
      "[importer_test/ImportGraphDefTest.testTypeMismatchInGraphDef] a type that does not fit",
      [node("A", "IntOutput"), node("B", "FloatInput", ["A:0"])],
      {},
      "Input 0 of node import/B was passed int32 from import/A:0 incompatible with expected float.",
    ],
    [
      "[importer_test/ImportGraphDefTest.testInvalidSignatureTooManyInputsInGraphDef] too many inputs",
      [node("A", "IntOutput"), node("B", "None", ["A:0"])],
      {},
      "NodeDef expected inputs '' do not match 1 inputs specified; Op<name=None; signature= -> >; NodeDef: {{node import/B}}",
    ],
    [
      "[importer_test/ImportGraphDefTest.testInvalidSignatureNotEnoughInputsInGraphDef] too few inputs",
      [node("A", "IntOutput"), node("B", "IntInputFloatInput", ["A:0"])],
      {},
      "NodeDef expected inputs 'int32, float' do not match 1 inputs specified; Op<name=IntInputFloatInput; signature=a:int32, b:float -> >; NodeDef: {{node import/B}}",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingInputOpInGraphDef] a missing input",
      [node("B", "FloatInput", ["A:0"])],
      {},
      "Node 'B': Unknown input node 'A:0'",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingInputTensorInGraphDef] a missing output",
      [node("A", "FloatOutput"), node("B", "FloatInput", ["A:1"])],
      {},
      "Node 'B': Connecting to invalid output 1 of source node A which has 1 outputs.",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingControlInputInGraphDef] a missing control input",
      [node("B", "None", ["^A"])],
      {},
      "Node 'B': Unknown input node '^A'",
    ],
    [
      "[importer_test/ImportGraphDefTest.testInvalidTensorNameOutputIndexInGraphDef] a bad output index",
      [node("B", "None", ["A:B"])],
      {},
      "Node 'B': Unknown input node 'A:B'",
    ],
    [
      "[importer_test/ImportGraphDefTest.testInvalidTensorNameInGraphDef] a bad tensor name",
      [node("B", "None", ["A:B:0"])],
      {},
      "Node 'B': Unknown input node 'A:B:0'",
    ],
    ["a bad node name", [node("_B!", "None")], {}, "Node '_B!': Node name contains invalid characters"],
    ["a node without op", [node("A", "")], {}, "Node 'A' does not specify an operation"],
    [
      "[importer_test/ImportGraphDefTest.testDuplicateOperationNames] a name that stands twice",
      [node("A", "IntOutput"), node("B", "IntOutput"), node("A", "IntOutput")],
      {},
      "Node 'A' is not unique",
    ],
    [
      "control inputs in front",
      [node("A", "IntOutput"), node("B", "IntInput", ["^A", "A"])],
      {},
      "Node 'B': Control dependencies must come after regular dependencies",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingReturnOperation] a returned op that is not there",
      [node("A", "None")],
      { returnElements: ["B"] },
      "Requested return node 'B' not found in graph def",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingReturnTensor] a returned tensor that is not there",
      [node("A", "IntOutput")],
      { returnElements: ["A:1"] },
      "Invalid return output 1 of node 'A', which has 1 output(s)",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingReturnTensor] a returned tensor of no op",
      [node("A", "IntOutput")],
      { returnElements: ["B:0"] },
      "Requested return tensor 'B:0' not found in graph def",
    ],
    [
      "[importer_test/ImportGraphDefTest.testMissingReturnTensor] a returned name that is none",
      [node("A", "IntOutput")],
      { returnElements: ["A:B:0"] },
      "Cannot convert 'A:B:0' to a tensor name.",
    ],
    [
      "[importer_test/ImportGraphDefTest.testNamePrefixColocationAttrsNotFound] colocation with nobody",
      [node("B", "None", [], classAttr("A"))],
      {},
      "Node 'B' expects to be colocated with unknown node 'A'",
    ],
    [
      "an attribute of another kind",
      [node("A", "Placeholder", [], { dtype: { i: 0n } })],
      {},
      "AttrValue had value with type 'int' when 'type' expected\n\t for attr 'dtype'\n\t; NodeDef: {{node import/A}}; Op<name=Placeholder; signature= -> output:dtype; attr=dtype:type; attr=shape:shape,default=<unknown>>",
    ],
    [
      "a missing attribute",
      [node("A", "Unary", [])],
      {},
      "NodeDef missing attr 'T' from Op<name=Unary; signature=a:T -> b:T; attr=T:type>; NodeDef: {{node import/A}}",
    ],
    [
      "a list that is too short",
      [node("A", "ListInput", [], { N: { i: 0n }, T: int32 })],
      {},
      "Value for attr 'N' of 0 must be at least minimum 1",
    ],
  ];
  it.each(refuses)("%s", (_, nodes, options, sentence) => {
    const error = (() => {
      try {
        load(nodes, options);
      } catch (e) {
        return e as { code: string; sentence: string };
      }
      return undefined;
    })();
    expect(error?.sentence).toContain(sentence);
    expect(error?.code).toBe("INVALID_ARGUMENT");
    expect(graph.getOperations()).toEqual([]);
  });

  it("[importer_test/ImportGraphDefTest.testMissingInputMap] [importer_test/ImportGraphDefTest.testInputMapUnusedAsInput] [importer_test/ImportGraphDefTest.testInputMapTypeMismatch] a map of what is neither used nor there", () => {
    const x = constant(5.5);
    expect(() => load([node("A", "None")], { inputMap: { "B:0": x } })).toThrow(
      "Attempted to map inputs that were not found in graph_def: [B:0]",
    );
    load([node("A", "IntOutput")], { inputMap: { "A:0": x } });
    expect(() => load([node("A", "IntOutput")], { inputMap: { "A:2": x } })).toThrow(
      "not found in graph_def: [A:2]",
    );
    expect(() =>
      load([node("A", "IntOutput"), node("B", "IntInput", ["A"])], { inputMap: { "A:0": x } }),
    ).toThrow("was passed float from Const:0 incompatible with expected int32.");
  });

  it("`_output_shapes` that contradict the shape function, but of a few old ops", () => {
    const shapes = { _output_shapes: { list: { shape: [{ dim: [{ size: 43n }] }] } } };
    const value = { dtype: float32, value: { tensor: { dtype: 1, tensorShape: {}, floatVal: [1] } } };
    expect(() => load([node("A", "Const", [], { ...value, ...shapes })])).toThrow(
      "Node 'import/A' has an _output_shapes attribute inconsistent with the GraphDef for output #0: Shapes must be equal rank, but are 0 and 1",
    );
    expect(() => load([node("A", "Const", [], { ...value, _output_shapes: { list: {} } })])).toThrow(
      "Node 'import_1/A' has 1 outputs but the _output_shapes attribute specifies shapes for 0 outputs",
    );
  });

  it("[importer_test/ImportGraphDefTest.testVersionLow] [importer_test/ImportGraphDefTest.testVersionHigh] versions that are not ours", () => {
    expect(() => load([], {}, { versions: { producer: -1 } })).toThrow(
      "GraphDef producer version -1 below min producer 0 supported by TensorFlow 1.15.5.  Please regenerate your graph.",
    );
    expect(() => load([], {}, { versions: { minConsumer: 1 << 30 } })).toThrow(
      "GraphDef min consumer version 1073741824 above current version 134 for TensorFlow 1.15.5.  Please upgrade TensorFlow.",
    );
    expect(() => load([], {}, { versions: { badConsumers: [134] } })).toThrow(
      "GraphDef disallows consumer version 134.  Please upgrade TensorFlow: this version is likely buggy.",
    );
  });

  it("[importer_test/ImportGraphDefTest.testInvalidInputForGraphDef] [importer_test/ImportGraphDefTest.testInvalidInputForReturnOperations] arguments of the wrong type", () => {
    expect(() => importGraphDef("" as never, { graph })).toThrow(
      new TypeError("graph_def must be a GraphDef proto."),
    );
    expect(() => load([], { inputMap: [constant(1)] as never })).toThrow(
      "input_map must be a dictionary mapping strings to Tensor objects.",
    );
    expect(() => load([], { inputMap: { "a:0": 5 } as never })).toThrow(TypeError);
    expect(() => load([], { returnElements: [7] as never })).toThrow(
      new TypeError("return_elements must be a list of strings."),
    );
    expect(() => load([], { returnElements: ["a:b:c"] })).toThrow("Cannot convert 'a:b:c' to a tensor name.");
  });

  it("a finalized graph", () => {
    graph.finalize();
    expect(() => load([])).toThrow("Graph is finalized and cannot be modified.");
  });
});
