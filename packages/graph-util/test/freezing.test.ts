// Freezing beyond upstream's cases: what it is that a constant cannot serve, checkpoints without a session, tables, messages.
import { openCheckpoint, writeCheckpoint } from "@org/checkpoint";
import { isTfError, type TfError } from "@org/errors";
import { createOpRegistry, Graph, importGraphDef } from "@org/graph";
import { opDefs, opList } from "@org/graph/op-defs";
import { memoryFileSystem } from "@org/io";
import { encode, type IGraphDef, TrackableObjectGraph } from "@org/proto";
import { convertToNdArray, type NdArray, ndArray, type TensorLike, tensorFromProto } from "@org/tensor";
import { describe, expect, it, test } from "vitest";
import { readerRule } from "../src/frozen-readers.ts";
import {
  convertVariablesToConstants,
  type FreezeSession,
  freezeGraph,
  type NodeGraph,
  restoredKeys,
} from "../src/index.ts";
import { constant, int, lines, node, text, type } from "./nodes.ts";

const T = type("float32");
const resource = type("resource");
const shape = (...dims: number[]) => ({ shape: { dim: dims.map((size) => ({ size: BigInt(size) })) } });
const refVariable = (name: string, ...dims: number[]) =>
  node("VariableV2", name, [], { dtype: T, shape: shape(...dims) });
const handle = (name: string, ...dims: number[]) =>
  node("VarHandleOp", name, [], { dtype: T, shape: shape(...dims), shared_name: text(name) });

/** A session that holds values of tensors. */
const holding = (values: Record<string, TensorLike>): FreezeSession => ({
  run: async (names) => names.map((name) => convertToNdArray(values[name]!, "float32")),
});

async function failure(promise: Promise<unknown>): Promise<TfError> {
  try {
    await promise;
  } catch (error) {
    if (isTfError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail");
}

/** The graph imports strictly: every type, attribute and input is what its op's definition asks for. */
function expectValid(graphDef: NodeGraph): void {
  const graph = new Graph({ ops: createOpRegistry([], { fallback: opDefs("1.15") }) });
  importGraphDef(graphDef, { graph, name: "", strict: true });
  for (const op of graph.getOperations())
    for (const tensor of op.inputs) expect(tensor.op.type, op.name).not.toBe("VarHandleOp");
}

/** A checkpoint of float32 values, in memory. */
async function checkpoint(values: Record<string, TensorLike>) {
  const fs = memoryFileSystem();
  await writeCheckpoint(
    "model",
    Object.entries(values).map(
      ([name, value]) => [name, convertToNdArray(value, "float32")] as [string, NdArray],
    ),
    { fs },
  );
  return { fs, reader: await openCheckpoint("model", { fs }) };
}

describe("refs", () => {
  it("[users/4.15] what took a ref takes a value: RefSwitch becomes Switch, AssignSub Sub, without use_locking", async () => {
    const graph: IGraphDef = {
      node: [
        refVariable("mean"),
        constant("delta", 0.5),
        node("Placeholder", "training", [], { dtype: type("bool"), shape: shape() }),
        node("Switch", "cond/Switch", ["training", "training"], { T: type("bool") }),
        node("Identity", "cond/switch_t", ["cond/Switch:1"], { T: type("bool") }),
        node("RefSwitch", "cond/mean", ["mean", "training"], { T }),
        node("AssignSub", "cond/AssignSub", ["cond/mean:1", "delta", "^cond/switch_t"], {
          T,
          use_locking: { b: false },
        }),
        node("RefMerge", "cond/Merge", ["cond/mean", "cond/AssignSub"], { T, N: int(2) }),
        node("AssignAdd", "more", ["cond/Merge", "delta"], { T, use_locking: { b: true } }),
        node("Assign", "set", ["more", "delta"], {
          T,
          use_locking: { b: true },
          validate_shape: { b: true },
        }),
        node("IsVariableInitialized", "there", ["mean"], { dtype: T }),
        node("Select", "out", ["there", "more", "set"], { T }),
      ],
      versions: { producer: 134 },
    };
    const frozen = await convertVariablesToConstants(holding({ "mean:0": 2 }), graph, ["out"]);
    expect(lines(frozen)).toEqual([
      "Const mean()",
      "Const delta()",
      "Placeholder training()",
      "Switch cond/Switch(training, training)",
      "Identity cond/switch_t(cond/Switch:1)",
      "Switch cond/mean(mean, training)",
      "Sub cond/AssignSub(cond/mean:1, delta, ^cond/switch_t)",
      "Merge cond/Merge(cond/mean, cond/AssignSub)",
      "Add more(cond/Merge, delta)",
      "Identity set(delta)",
      "Const there()",
      "Select out(there, more, set)",
    ]);
    expectValid(frozen);
    expect(frozen.versions).toEqual({ producer: 134 });
  });

  it("[users/4.15] ops that change a variable and have no counterpart are named at once; nothing is emitted", async () => {
    const graph: IGraphDef = {
      node: [
        refVariable("w", 2),
        constant("i", [0], "int32"),
        constant("u", [1]),
        node("ScatterSub", "scatter", ["w", "i", "u"], { T, Tindices: type("int32") }),
        node("ApplyGradientDescent", "train", ["w", "u", "u"], { T }),
        node("AddN", "out", ["scatter", "train"], { T, N: int(2) }),
      ],
    };
    const error = await failure(convertVariablesToConstants(holding({ "w:0": [1, 2] }), graph, ["out"]));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.sentence).toContain("scatter (ScatterSub)");
    expect(error.sentence).toContain("train (ApplyGradientDescent)");
    expect(error.hint).toContain("variableNamesBlacklist");
    const kept = await convertVariablesToConstants(holding({}), graph, ["out"], {
      variableNamesBlacklist: ["w"],
    });
    expect(lines(kept)[0]).toBe("VariableV2 w()");
  });

  it("every op of 1.0, 1.15 and 2.21 that takes a ref of numbers has a rule, and no other is refused", () => {
    const refused: string[] = [];
    // TensorFlow's own tests have these.
    const testOps = /^(RefIn|RefInput.*|TwoRefsIn)$/;
    const all = (["1.0", "1.15", "2.21"] as const).flatMap((version) => opList(version).op ?? []);
    expect(all.length).toBeGreaterThan(3000);
    for (const opDef of all) {
      const name = opDef.name ?? "";
      const args = opDef.inputArg ?? [];
      // Refs of strings and resources are queues, readers, tables, stacks.
      const takesRef =
        args.some((arg) => arg.isRef && arg.type !== 7 && arg.type !== 20) && !testOps.test(name);
      const rule = readerRule(name, "ref");
      if (takesRef && rule === undefined) refused.push(`${name} takes a ref and has no rule`);
      if (!takesRef && rule === "none") refused.push(`${name} takes no ref and is refused`);
    }
    expect(refused).toEqual([]);
  });
});

describe("resources", () => {
  it("a handle in a loop becomes a value all the way round", async () => {
    const frame = {
      T: resource,
      frame_name: text("while"),
      is_constant: { b: true },
      parallel_iterations: int(10),
    };
    const graph: IGraphDef = {
      node: [
        handle("w"),
        node("ReadVariableOp", "w/Read/ReadVariableOp", ["w"], { dtype: T }),
        constant("start", 0),
        constant("limit", 10),
        node("Enter", "while/w", ["w"], { ...frame, _output_shapes: { list: { shape: [{}] } } }),
        node("Enter", "while/limit", ["limit"], { ...frame, T }),
        node("Enter", "while/x", ["start"], { ...frame, T, is_constant: { b: false } }),
        node("Merge", "while/Merge", ["while/x", "while/next"], { T, N: int(2) }),
        node("Less", "while/Less", ["while/Merge", "while/limit"], { T }),
        node("LoopCond", "while/LoopCond", ["while/Less"]),
        node("Switch", "while/Switch", ["while/Merge", "while/LoopCond"], { T }),
        node("ReadVariableOp", "while/read", ["while/w", "^while/Switch"], { dtype: T }),
        node("AddV2", "while/add", ["while/Switch:1", "while/read"], { T }),
        node("NextIteration", "while/next", ["while/add"], { T }),
        node("Exit", "out", ["while/Switch"], { T }),
      ],
      versions: { producer: 134 },
    };
    const frozen = await convertVariablesToConstants(holding({ "w/Read/ReadVariableOp:0": 3 }), graph, [
      "out",
    ]);
    expect(lines(frozen)).toContain("Identity while/read(while/w, ^while/Switch)");
    expect(frozen.node.find(({ name }) => name === "while/w")?.attr).toEqual({ ...frame, T });
    expect(lines(frozen)).not.toContain("ReadVariableOp w/Read/ReadVariableOp(w)");
    expectValid(frozen);
  });

  it("gathers, shapes, tests and writes of a resource become what a constant allows", async () => {
    const graph: IGraphDef = {
      node: [
        handle("w", 2, 2),
        node("Placeholder", "ids", [], { dtype: type("int64") }),
        constant("gather/axis", 5),
        node("ResourceGather", "gather", ["w", "ids"], {
          dtype: T,
          Tindices: type("int64"),
          batch_dims: int(1),
        }),
        node("ResourceGatherNd", "nd", ["w", "ids"], { dtype: T, Tindices: type("int64") }),
        node("VariableShape", "shape", ["w"], { out_type: type("int32") }),
        node("VarIsInitializedOp", "there", ["w"]),
        constant("zero", [
          [0, 0],
          [0, 0],
        ]),
        node("AssignSubVariableOp", "update", ["w", "zero"], { dtype: T }),
        node("ReadVariableOp", "after", ["w", "^update"], { dtype: T }),
        node("IdentityN", "out", ["gather", "nd", "shape", "there", "after", "gather/axis"], {
          T: { list: { type: [1, 1, 3, 10, 1, 1] } },
        }),
      ],
      versions: { producer: 134 },
    };
    const values = {
      "after:0": [
        [1, 2],
        [3, 4],
      ],
    };
    const frozen = await convertVariablesToConstants(holding(values), graph, ["out"]);
    expect(lines(frozen)).toEqual([
      "Const w()",
      "Placeholder ids()",
      "Const gather/axis()",
      "Const gather/axis_1()",
      "GatherV2 gather(w, ids, gather/axis_1)",
      "GatherNd nd(w, ids)",
      "Shape shape(w)",
      "Const there()",
      "NoOp update()",
      "Identity after(w, ^update)",
      "IdentityN out(gather, nd, shape, there, after, gather/axis)",
    ]);
    const axis = frozen.node.find(({ name }) => name === "gather/axis_1")!;
    expect(tensorFromProto(axis.attr!.value!.tensor!)).toEqual(convertToNdArray(1n, "int64"));
    expectValid(frozen);
  });

  it("a read without its variable, and a call that takes one, are errors", async () => {
    const read = node("ReadVariableOp", "out", ["given"], { dtype: T });
    const lost = { node: [node("Placeholder", "given", [], { dtype: resource }), read] };
    expect((await failure(convertVariablesToConstants(holding({}), lost, ["out"]))).sentence).toBe(
      "Cannot find the variable that is an input to the ReadVariableOp.",
    );
    const call = node("StatefulPartitionedCall", "out", ["w"], { f: { func: { name: "f" } } });
    const error = await failure(
      convertVariablesToConstants(holding({}), { node: [handle("w"), call] }, ["out"]),
    );
    expect(error.place).toMatchObject({ node: "out", op: "StatefulPartitionedCall" });
    expect(error.hint).toContain("functions");
  });

  it("a variable that is kept keeps its reads, and may not meet a frozen one in a Merge", async () => {
    const graph: IGraphDef = {
      node: [
        handle("a"),
        handle("b"),
        node("Merge", "either", ["a", "b"], { T: resource, N: int(2) }),
        node("ReadVariableOp", "read", ["b"], { dtype: T }),
        node("ReadVariableOp", "out", ["either"], { dtype: T }),
      ],
    };
    const options = { variableNamesBlacklist: ["b"] };
    const kept = await convertVariablesToConstants(holding({}), graph, ["read"], options);
    expect(lines(kept)).toEqual(["VarHandleOp b()", "ReadVariableOp read(b)"]);
    const error = await failure(convertVariablesToConstants(holding({}), graph, ["out"], options));
    expect(error.sentence).toContain("either (Merge)");
  });
});

describe("values out of a checkpoint", () => {
  const graph: IGraphDef = {
    node: [
      refVariable("w", 2),
      refVariable("b"),
      node("Identity", "w/read", ["w"], { T }),
      node("Add", "out", ["w/read", "b"], { T }),
    ],
  };

  it("needs no session; nodes that do not change are the same objects, constants the memory that was read", async () => {
    const { reader } = await checkpoint({ w: [1, 2], b: 3 });
    const read: NdArray[] = [];
    const spy = {
      prefix: reader.prefix,
      has: (name: string) => reader.has(name),
      names: () => reader.names(),
      get: async (name: string) => {
        const value = await reader.get(name);
        read.push(value);
        return value;
      },
    };
    const frozen = await convertVariablesToConstants(spy, graph, ["out"]);
    expect(frozen.node[2]).toBe(graph.node![2]);
    expect(frozen.node[3]).toBe(graph.node![3]);
    expect(frozen.node[0]!.attr!.value!.tensor!.tensorContent!.buffer).toBe(
      (read[0]!.data as Float32Array).buffer,
    );
  });

  it("names all keys that are missing, and what else there is", async () => {
    const { reader } = await checkpoint({ "model/w": [1, 2] });
    const error = await failure(convertVariablesToConstants(reader, graph, ["out"]));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.sentence).toBe("Key w not found in checkpoint");
    expect(error.hint).toContain("Missing are 2: w, b.");
    expect(error.hint).toContain('"model/w"');
    const keys = new Map([
      ["w", { key: "model/w" }],
      ["b", { key: "model/w", slice: { starts: [0], lengths: [1] } }],
    ]);
    const other = {
      node: [refVariable("w", 2), refVariable("b", 1), node("AddN", "out", ["w", "b"], { T, N: int(2) })],
    };
    const frozen = await convertVariablesToConstants(reader, other, ["out"], { checkpointKeys: keys });
    expect(
      frozen.node
        .slice(0, 2)
        .map(({ attr }) => Array.from(tensorFromProto(attr!.value!.tensor!).data as Float32Array)),
    ).toEqual([[1, 2], [1]]);
  });

  it("refuses a value of another shape or type", async () => {
    const { reader } = await checkpoint({ w: [1, 2, 3], b: 3 });
    expect((await failure(convertVariablesToConstants(reader, graph, ["out"]))).sentence).toBe(
      "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]",
    );
    const ints = { node: [node("VariableV2", "b", [], { dtype: type("int32") })] };
    const error = await failure(convertVariablesToConstants(reader, ints, ["b"]));
    expect(error.sentence).toBe("tensor_name = b; expected dtype int32 does not equal original dtype float");
  });

  it("stops at an AbortSignal", async () => {
    const { reader } = await checkpoint({ w: [1, 2], b: 3 });
    const promise = convertVariablesToConstants(reader, graph, ["out"], { signal: AbortSignal.abort() });
    expect((await failure(promise)).code).toBe("CANCELLED");
  });

  it("a Saver's ops say where renamed variables and slices lie", () => {
    const strings = (name: string, values: string[]) => constant(name, values, "string");
    const def: IGraphDef = {
      node: [
        refVariable("w", 2),
        handle("v", 1),
        node("Placeholder", "save/Const", [], { dtype: type("string") }),
        strings("save/names", ["old/w", "whole"]),
        strings("save/slices", ["", "4 1,1"]),
        node("RestoreV2", "save/RestoreV2", ["save/Const", "save/names", "save/slices"], {
          dtypes: { list: { type: [1, 1] } },
        }),
        node("Assign", "save/Assign", ["w", "save/RestoreV2"], { T }),
        node("Identity", "save/Identity", ["save/RestoreV2:1"], { T }),
        node("AssignVariableOp", "save/AssignVariableOp", ["v", "save/Identity"], { dtype: T }),
        node("NoOp", "save/restore_all", ["^save/Assign", "^save/AssignVariableOp"]),
      ],
    };
    expect(restoredKeys(def, { restoreOpName: "save/restore_all" })).toEqual(
      new Map([
        ["w", { key: "old/w" }],
        ["v", { key: "whole", slice: { starts: [1], lengths: [1] } }],
      ]),
    );
    expect(restoredKeys(def, { restoreOpName: "gone" }).size).toBe(0);
  });
});

describe("freezeGraph", () => {
  const tables: IGraphDef = {
    node: [
      refVariable("w", 2),
      constant("w/initial", [7, 8]),
      node("Assign", "w/Assign", ["w", "w/initial"], { T }),
      node("HashTableV2", "table", [], { key_dtype: type("string"), value_dtype: type("float32") }),
      constant("keys", ["a"], "string"),
      constant("values", [1]),
      node("InitializeTableV2", "table_init", ["table", "keys", "values"], { Tkey: type("string"), Tval: T }),
      constant("query", ["a"], "string"),
      constant("missing", 0),
      node("LookupTableFindV2", "find", ["table", "query", "missing"], { Tin: type("string"), Tout: T }),
      node("Add", "out", ["find", "w"], { T }),
      node("NoOp", "init", ["^w/Assign", "^table_init"]),
    ],
  };

  it("[users/4.17] what fills a table stays in the frozen graph; a variable of the initializer is frozen as it would be", async () => {
    const { fs } = await checkpoint({ other: 1 });
    const frozen = await freezeGraph({
      inputGraph: tables,
      inputCheckpoint: "model",
      outputNodeNames: "out",
      initializerNodes: "init",
      fs,
    });
    expect(lines(frozen)).toContain("InitializeTableV2 table_init(table, keys, values)");
    const w = frozen.node.find(({ name }) => name === "w")!;
    expect(Array.from(tensorFromProto(w.attr!.value!.tensor!).data as Float32Array)).toEqual([7, 8]);
  });

  it("[users/4.17] a MetaGraphDef's table initializers stay without being named", async () => {
    const { fs } = await checkpoint({ w: [1, 2] });
    const inputMetaGraph = {
      graphDef: tables,
      collectionDef: { table_initializer: { nodeList: { value: ["table_init"] } } },
    };
    const options = { inputMetaGraph, inputCheckpoint: "model", fs };
    expect(lines(await freezeGraph({ ...options, outputNodeNames: "out" }))).toContain(
      "InitializeTableV2 table_init(table, keys, values)",
    );
    expect(lines(await freezeGraph({ ...options, outputNodeNames: ["w"] }))).toEqual(["Const w()"]);
  });

  it("asks a session for initial values that constants do not tell", async () => {
    const { fs } = await checkpoint({ other: 1 });
    const inputGraph: IGraphDef = {
      node: [
        refVariable("w", 2),
        constant("size", [2], "int32"),
        node("RandomUniform", "random", ["size"], { dtype: T, T: type("int32") }),
        node("Assign", "w/Assign", ["w", "random"], { T }),
      ],
    };
    const options = {
      inputGraph,
      inputCheckpoint: "model",
      outputNodeNames: ["w"],
      initializerNodes: ["w/Assign"],
      fs,
    };
    const error = await failure(freezeGraph(options));
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.hint).toContain("session");
    const frozen = await freezeGraph({ ...options, session: holding({ "random:0": [0.25, 0.5] }) });
    expect(Array.from(tensorFromProto(frozen.node[0]!.attr!.value!.tensor!).data as Float32Array)).toEqual([
      0.25, 0.5,
    ]);
  });

  it("finds variables in an object-based checkpoint by their names", async () => {
    const fs = memoryFileSystem();
    const key = "model/dense/kernel/.ATTRIBUTES/VARIABLE_VALUE";
    const objects = encode(TrackableObjectGraph, {
      nodes: [{ attributes: [{ name: "VARIABLE_VALUE", fullName: "w", checkpointKey: key }] }],
    });
    await writeCheckpoint(
      "model",
      [
        ["_CHECKPOINTABLE_OBJECT_GRAPH", ndArray("string", [], [objects])],
        [key, convertToNdArray([5, 6], "float32")],
      ],
      { fs },
    );
    const inputGraph = { node: [refVariable("w", 2)] };
    const frozen = await freezeGraph({ inputGraph, inputCheckpoint: "model", outputNodeNames: "w", fs });
    expect(Array.from(tensorFromProto(frozen.node[0]!.attr!.value!.tensor!).data as Float32Array)).toEqual([
      5, 6,
    ]);
  });

  it("clears devices unless it is told not to, without touching what it was given", async () => {
    const { fs } = await checkpoint({ w: [1, 2] });
    const inputGraph = { node: [{ ...refVariable("w", 2), device: "/gpu:0" }] };
    const options = { inputGraph, inputCheckpoint: "model", outputNodeNames: "w", fs };
    expect((await freezeGraph(options)).node[0]!.device ?? "").toBe("");
    expect((await freezeGraph({ ...options, clearDevices: false })).node[0]!.device).toBe("/gpu:0");
    expect(inputGraph.node[0]!.device).toBe("/gpu:0");
  });

  test.each([
    [{ inputCheckpoint: "gone" }, "INVALID_ARGUMENT", "Input checkpoint 'gone' doesn't exist!"],
    [
      { outputNodeNames: "" },
      "INVALID_ARGUMENT",
      "You need to supply the name of a node to --output_node_names.",
    ],
    [{ inputGraph: null }, "INVALID_ARGUMENT", "There is no graph to freeze"],
    [{ inputGraph: "gone.pb" }, "NOT_FOUND", "Input graph file 'gone.pb' does not exist!"],
    [{ inputMetaGraph: "gone.meta" }, "NOT_FOUND", "Input meta graph file 'gone.meta' does not exist!"],
    [{ inputSaver: "gone" }, "NOT_FOUND", "Input saver file 'gone' does not exist!"],
    [{ checkpointVersion: 3 }, "INVALID_ARGUMENT", "Invalid checkpoint version (must be '1' or '2'): 3"],
    [
      { inputGraph: { node: [constant("w", 1)] } },
      "INVALID_ARGUMENT",
      "No variables were found in this model. It is likely the model was frozen previously. You cannot freeze a graph twice.",
    ],
    [{ outputNodeNames: "ghost" }, "NOT_FOUND", "ghost is not in graph"],
    [{ inputGraph: "model.index" }, "DATA_LOSS", expect.stringContaining("Cannot parse file model.index: ")],
  ])("%o: %s %s", async (wrong, code, sentence) => {
    const { fs } = await checkpoint({ w: [1, 2] });
    const right = {
      inputGraph: { node: [refVariable("w", 2)] },
      inputCheckpoint: "model",
      outputNodeNames: "w",
      fs,
    };
    expect(await failure(freezeGraph({ ...right, ...wrong }))).toMatchObject({ code, sentence });
  });
});
