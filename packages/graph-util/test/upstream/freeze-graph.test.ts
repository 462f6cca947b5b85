// TensorFlow's cases of python/tools/freeze_graph_test.py, on our own session and Saver, in a file system of memory.
import { Graph, importGraphDef } from "@org/graph";
import { memoryFileSystem, readFile } from "@org/io";
import { fixedSizePartitioner, getVariable, multiply, standardOps, variableScope } from "@org/ops";
import { decode, encode, GraphDef } from "@org/proto";
import { toText } from "@org/proto/text";
import { Saver, type SaverOptions } from "@org/saver";
import { createSession, type Session } from "@org/session";
import { type NdArray, toNumbers } from "@org/tensor";
import { globalVariables, Variable, variablesInitializer } from "@org/variables";
import { describe, expect, test } from "vitest";
import { freezeGraph } from "../../src/index.ts";
import { writeFile } from "../files.ts";

interface Trained {
  readonly graph: Graph;
  readonly fs: ReturnType<typeof memoryFileSystem>;
  readonly session: Session;
}

/** A session over what `build` makes, its variables initialized. */
async function trained(build: (graph: Graph) => void): Promise<Trained> {
  const graph = new Graph({ ops: standardOps });
  graph.asDefault(() => {
    build(graph);
    variablesInitializer(globalVariables(graph), { graph, name: "init" });
  });
  const fs = memoryFileSystem();
  await fs.makeDirectory("dir");
  const session = await createSession(graph, { fs });
  await session.run([], { targets: ["init"] });
  return { graph, fs, session };
}

/** A variable that holds 1, times 2. */
const twice = (graph: Graph): void => {
  multiply(new Variable(1, { graph, name: "variable_node", dtype: "float32" }), 2, { name: "output_node" });
};

async function save({ graph, session }: Trained, options: SaverOptions): Promise<string> {
  const saver = graph.asDefault(() => new Saver(null, { graph, ...options }));
  return (await saver.save(session, "dir/saved_checkpoint", {
    globalStep: 0,
    latestFilename: "checkpoint_state",
  }))!;
}

/** The frozen file has four nodes and no variable, and computes 2. */
async function expectTwo(fs: Trained["fs"], file: string): Promise<void> {
  const frozen = decode(GraphDef, await readFile(fs, file));
  expect(frozen.node).toHaveLength(4);
  expect(frozen.node.map(({ op }) => op)).not.toContain("VariableV2");
  expect(frozen.node.map(({ op }) => op)).not.toContain("Variable");
  const graph = new Graph({ ops: standardOps });
  importGraphDef(frozen, { graph, name: "" });
  const session = await createSession(graph);
  expect(toNumbers((await session.run("output_node:0")) as NdArray)).toBeCloseTo(2, 5);
}

describe("FreezeGraphTest", () => {
  async function freezes(writeVersion: "V1" | "V2"): Promise<void> {
    const model = await trained(twice);
    const { fs, graph } = model;
    const inputCheckpoint = await save(model, { writeVersion });
    await writeFile(fs, "dir/input_graph.pb", toText(GraphDef, graph.asGraphDef()));
    await freezeGraph({
      inputGraph: "dir/input_graph.pb",
      inputSaver: "",
      inputBinary: false,
      inputCheckpoint,
      outputNodeNames: "output_node",
      restoreOpName: "save/restore_all",
      filenameTensorName: "save/Const:0",
      outputGraph: "dir/output_graph.pb",
      clearDevices: false,
      initializerNodes: "",
      checkpointVersion: writeVersion === "V1" ? 1 : 2,
      fs,
    });
    await expectTwo(fs, "dir/output_graph.pb");
  }

  test("[freeze_graph_test/FreezeGraphTest.testFreezeGraphV1] a text graph and a V1 checkpoint", () =>
    freezes("V1"));

  test("[freeze_graph_test/FreezeGraphTest.testFreezeGraphV2] a text graph and a V2 checkpoint", () =>
    freezes("V2"));

  test("[freeze_graph_test/FreezeGraphTest.testFreezeMetaGraph] a .meta and its checkpoint", async () => {
    const model = await trained(twice);
    const { fs } = model;
    const inputCheckpoint = await save(model, {});
    await freezeGraph({
      inputMetaGraph: `${inputCheckpoint}.meta`,
      inputBinary: true,
      inputCheckpoint,
      outputNodeNames: "output_node",
      outputGraph: "dir/output_graph.pb",
      clearDevices: false,
      fs,
    });
    await expectTwo(fs, "dir/output_graph.pb");
  });

  test("[freeze_graph_test/FreezeGraphTest.testSinglePartitionedVariable] a GraphDef alone does not say where slices are; a MetaGraphDef does", async () => {
    const model = await trained(() => {
      variableScope("part", () => multiply(getVariable("filter", { shape: [3, 3] }), 2, { name: "node" }), {
        partitioner: fixedSizePartitioner(1),
      });
    });
    const { fs, graph, session } = model;
    const inputCheckpoint = await save(model, {});
    const inputGraph = graph.asGraphDef();
    expect(inputGraph.node!.some(({ name }) => /\/part_\d+\//.test(name!))).toBe(true);
    await expect(
      freezeGraph({
        inputGraph,
        inputCheckpoint,
        outputNodeNames: "save/restore_all",
        outputGraph: "dir/output_graph.pb",
        clearDevices: false,
        fs,
      }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence:
        "Models containing partition variables cannot be converted from checkpoint files. Please pass in a SavedModel using the flag --input_saved_model_dir.",
    });
    const frozen = await freezeGraph({
      inputMetaGraph: `${inputCheckpoint}.meta`,
      inputCheckpoint,
      outputNodeNames: "part/node",
      fs,
    });
    expect(frozen.node.map(({ op }) => op)).not.toContain("VariableV2");
    const copy = new Graph({ ops: standardOps });
    importGraphDef(decode(GraphDef, encode(GraphDef, frozen)), { graph: copy, name: "" });
    expect(await (await createSession(copy)).run("part/node:0")).toEqual(await session.run("part/node:0"));
  });
});
