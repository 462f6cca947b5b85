// initFromCheckpoint: the nodes, as TensorFlow 1.15.5 makes them for the same program, and what a map with mistakes does.
import { updateCheckpointState, writeCheckpoint } from "@org/checkpoint";
import { Graph, type Operation } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import {
  fixedSizePartitioner,
  type GetVariableOptions,
  getVariable,
  standardOps,
  variableScope,
} from "@org/ops";
import { convertToNdArray } from "@org/tensor";
import type { ResourceVariable, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { initFromCheckpoint } from "../src/index.ts";

const matrix = (rows: number, columns: number) =>
  convertToNdArray(Array.from({ length: rows }, () => new Array(columns).fill(0)));

async function checkpoint() {
  const fs = memoryFileSystem();
  await fs.makeDirectory("d");
  await writeCheckpoint(
    "d/m-1",
    { a: matrix(2, 3), "sc/b": convertToNdArray([1, 2, 3, 4]), p: matrix(4, 2) },
    { fs },
  );
  await updateCheckpointState("d", "d/m-1", { fs });
  return fs;
}

const line = (op: Operation) =>
  `${op.name} = ${op.type}(${op.inputs.map((input) => input.op.name).join(", ")}) ${op.device}`.trimEnd();

describe("initFromCheckpoint", () => {
  it("makes the nodes that TensorFlow makes", async () => {
    const fs = await checkpoint();
    const graph = new Graph({ ops: standardOps });
    const make = <V = Variable>(name: string, shape: number[], options: GetVariableOptions = {}) =>
      getVariable(name, shape, { graph, ...options }) as V;
    const partitioner = fixedSizePartitioner(2);
    const a = make("x/a", [2, 3]);
    const r = make<ResourceVariable>("x/r", [2, 3], { useResource: true });
    make("y/b", [4]);
    const [b, rb] = graph.device("/job:ps/task:1", () => [
      make("z/b", [4]),
      make<ResourceVariable>("rb", [4], { useResource: true }),
    ]);
    make("q", [4, 2], { partitioner });
    const pr = getVariable("qr", [4, 2], { graph, partitioner, useResource: true });
    const count = graph.getOperations().length;

    const options = { fs, graph };
    expect(await initFromCheckpoint("d", { a: "x/a", "sc/": "z/" }, options)).toBe("d/m-1");
    await graph.nameScope("ns", () => initFromCheckpoint("d", { a: r, p: "q" }, options));
    await initFromCheckpoint("d", { "sc/b": rb, p: pr.variables }, options);

    const made = graph.getOperations().slice(count);
    const restores = (name: string) =>
      `RestoreV2(${["prefix", "tensor_names", "shape_and_slices"].map((input) => `${name}/${input}`).join(", ")})`;
    expect(made.filter(({ type }) => type !== "Const").map(line)).toEqual([
      `checkpoint_initializer = ${restores("checkpoint_initializer")} /device:CPU:0`,
      "Assign = Assign(x/a, checkpoint_initializer)",
      `checkpoint_initializer_1 = ${restores("checkpoint_initializer_1")} /job:ps/task:1/device:CPU:0`,
      "Assign_1 = Assign(z/b, checkpoint_initializer_1) /job:ps/task:1",
      `ns/checkpoint_initializer = ${restores("ns/checkpoint_initializer")} /device:CPU:0`,
      "ns/Identity = Identity(ns/checkpoint_initializer)",
      "ns/AssignVariableOp = AssignVariableOp(x/r, ns/Identity)",
      `ns/checkpoint_initializer_1 = ${restores("ns/checkpoint_initializer_1")} /device:CPU:0`,
      "ns/Assign = Assign(q/part_0, ns/checkpoint_initializer_1)",
      `ns/checkpoint_initializer_2 = ${restores("ns/checkpoint_initializer_2")} /device:CPU:0`,
      "ns/Assign_1 = Assign(q/part_1, ns/checkpoint_initializer_2)",
      `checkpoint_initializer_2 = ${restores("checkpoint_initializer_2")} /device:CPU:0`,
      "Identity = Identity(checkpoint_initializer_2)",
      "AssignVariableOp = AssignVariableOp(qr/part_0, Identity)",
      `checkpoint_initializer_3 = ${restores("checkpoint_initializer_3")} /device:CPU:0`,
      "Identity_1 = Identity(checkpoint_initializer_3)",
      "AssignVariableOp_1 = AssignVariableOp(qr/part_1, Identity_1)",
      `checkpoint_initializer_4 = ${restores("checkpoint_initializer_4")} /job:ps/task:1/device:CPU:0`,
      "Identity_2 = Identity(checkpoint_initializer_4) /job:ps/task:1",
      "AssignVariableOp_2 = AssignVariableOp(rb, Identity_2) /job:ps/task:1",
    ]);
    expect([a, b].map((v) => [v.initializer.name, v.initialValue!.name])).toEqual([
      ["Assign", "checkpoint_initializer:0"],
      ["Assign_1", "checkpoint_initializer_1:0"],
    ]);
    expect([...new Set(made[3]!.attrs.names())]).toEqual(["dtypes"]);
    expect(graph.getOperationByName("Assign").colocationGroups()).toContainEqual("loc:@x/a");
    expect(graph.getTensorByName("ns/checkpoint_initializer_1:0").shape.toNumbers()).toEqual([2, 2]);
  });

  it("changes nothing where the map has a mistake, and says what is near", async () => {
    const fs = await checkpoint();
    const graph = new Graph({ ops: standardOps });
    const options = { fs, graph };
    variableScope("x", () => getVariable("a", [2, 3]), { graph });
    const before = graph.getOperations().length;
    await expect(initFromCheckpoint("d", { a: "x/a", "sc/c": "x/a" }, options)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Tensor sc/c is not found in d checkpoint {'a': [2, 3], 'p': [4, 2], 'sc/b': [4]}",
      hint: 'The checkpoint has "sc/b".',
    });
    await expect(initFromCheckpoint("d", { a: "x/b" }, options)).rejects.toMatchObject({
      sentence:
        "Assignment map with scope only name x should map to scope only a. Should be 'scope/': 'other_scope/'.",
      hint: 'getVariable has made no "x/b"; there is "x/a". A variable that was made otherwise is passed itself, not by name.',
    });
    await expect(initFromCheckpoint("d/none", {}, options)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const [p, q] = ["p", "q"].map((name) =>
      getVariable(name, [4, 2], { graph, partitioner: fixedSizePartitioner(2) }),
    );
    const mixed = [p!.variables[0]!, q!.variables[1]!];
    await expect(initFromCheckpoint("d", { p: mixed }, options)).rejects.toMatchObject({
      sentence: "Slices must all be from the same tensor: p != q",
    });
    await expect(initFromCheckpoint("d", { p: [7 as never] }, options)).rejects.toThrow(TypeError);
    await expect(initFromCheckpoint("d", { a: "x/a" }, { fs })).rejects.toThrow(/No graph/);
    expect(
      graph
        .getOperations()
        .slice(before)
        .filter(({ type }) => type === "RestoreV2"),
    ).toEqual([]);
  });
});
