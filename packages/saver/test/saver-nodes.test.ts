import { constantValue, Graph, type Operation } from "@org/graph";
import { toStrings } from "@org/tensor";
import { ResourceVariable, SaveSliceInfo, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { Saver, type SaverOptions } from "../src/index.ts";
import { fixture } from "./fixture.ts";

/** Nodes that TensorFlow 1.15.5 built for two variables on two devices, by arguments of the Saver. */
const recorded = new TextDecoder()
  .decode(await fixture("save-nodes-1.15.5.txt"))
  .split(/^-- 1\.15\.5 /m)
  .slice(1)
  .map((section) => {
    const [head = "", ...lines] = section.trimEnd().split("\n");
    const [, args = "", def = ""] = /^(\{.*?\}) (.*)$/.exec(head) ?? [];
    return { args, def: def.trim(), lines: lines.map((line) => line.trim()) };
  });

const options: Record<string, SaverOptions> = {
  "{}": {},
  "{'sharded': True}": { sharded: true },
  "{'write_version': 1}": { writeVersion: "V1" },
  "{'write_version': 1, 'sharded': True}": { writeVersion: "V1", sharded: true },
  "{'reshape': True}": { reshape: true },
};

function twoVariables(): Graph {
  const graph = new Graph();
  graph.device(
    "/cpu:0",
    () =>
      new Variable(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        { graph, name: "a", dtype: "float32" },
      ),
  );
  graph.device("/cpu:1", () => new Variable(2, { graph, name: "b", dtype: "float32" }));
  return graph;
}

/** A node as the recording has it: name, op, inputs, control inputs, device, strings of a constant. */
function line(op: Operation): string {
  const quoted = (names: string[]) => `[${names.map((name) => `'${name}'`).join(", ")}]`;
  const value = op.type === "Const" ? constantValue(op.outputs[0]!) : undefined;
  const strings =
    value?.dtype === "string"
      ? `[${toStrings(value)
          .map((text) => `b'${text.replace(/_temp_[0-9a-f]{32}/, "_temp_UUID")}'`)
          .join(", ")}]`
      : "";
  const inputs = quoted(op.inputs.map((input) => input.name));
  const controls = quoted(op.toNodeDef().input!.filter((name) => name.startsWith("^")));
  return `${op.name} ${op.type} ${inputs} ${controls} ${op.device} ${strings}`.trim();
}

/** The control inputs in the recording are in no order. */
const sortControls = (text: string) =>
  text.replace(/\[('\^[^\]]*)\]/, (_, list: string) => `[${list.split(", ").sort().join(", ")}]`);

describe("Saver's nodes", () => {
  it.each(recorded)("are TensorFlow 1.15.5's for $args", ({ args, lines, def }) => {
    const graph = twoVariables();
    const before = graph.getOperations().length;
    const saver = new Saver(null, { graph, ...options[args]! });
    const built = graph.getOperations().slice(before).map(line);
    expect(built.map(sortControls)).toEqual(lines.map(sortControls));
    expect(def).toContain(`save_tensor_name: "${saver.saverDef?.saveTensorName}"`);
    expect(def).toContain(`restore_op_name: "${saver.saverDef?.restoreOpName}"`);
    expect(def.includes("sharded: true")).toBe(saver.saverDef?.sharded);
    expect(def).toContain(`version: V${saver.saverDef?.version}`);
  });

  it("save the slices of a variable under its full name", () => {
    const graph = new Graph();
    const parts = [0, 1, 2].map((i) => {
      const part = new Variable(
        [
          [0, 0],
          [0, 0],
        ],
        { graph, name: `p/part_${i}`, dtype: "float32" },
      );
      part.saveSliceInfo = new SaveSliceInfo({
        fullName: "p",
        fullShape: [6, 2],
        varOffset: [2 * i, 0],
        varShape: [2, 2],
      });
      return part;
    });
    new Saver(parts);
    const strings = (name: string) => toStrings(constantValue(graph.getTensorByName(name))!);
    expect(strings("save/SaveV2/tensor_names:0")).toEqual(["p", "p", "p"]);
    expect(strings("save/SaveV2/shape_and_slices:0")).toEqual(["6 2 0,2:0,2", "6 2 2,2:0,2", "6 2 4,2:0,2"]);
    const save = graph.getOperationByName("save/SaveV2");
    expect(save.inputs.slice(3).map((input) => input.name)).toEqual(parts.map((part) => part.value().name));
    expect(graph.getOperationByName("save/Assign").inputs[0]).toBe(parts[0]!.asRef());
  });

  it("read a resource variable where it is, and assign through Identity", () => {
    const graph = new Graph();
    graph.device(
      "/job:ps/task:1/cpu:0",
      () => new ResourceVariable([1, 2], { graph, name: "r", dtype: "float32" }),
    );
    new Saver(null, { graph });
    expect(graph.getOperationByName("save/SaveV2").inputs[3]?.name).toBe("r/Read/ReadVariableOp:0");
    const assign = graph.getOperationByName("save/AssignVariableOp");
    expect(assign.inputs.map((input) => input.name)).toEqual(["r:0", "save/Identity:0"]);
    expect(assign.device).toBe("/job:ps/task:1/device:CPU:0");
  });

  it("of ten graphs with twenty resource variables are the same", () => {
    const graphs = Array.from({ length: 10 }, () => {
      const graph = new Graph();
      for (let i = 0; i < 20; i++) new ResourceVariable(i, { graph, name: `v${i}`, dtype: "float32" });
      new Saver(null, { graph });
      return graph.getOperations().map(line).join("\n");
    });
    expect(new Set(graphs).size).toBe(1);
  });

  it("stay within their scope", () => {
    const graph = new Graph();
    new ResourceVariable(1, { graph, name: "v", dtype: "float32" });
    const before = graph.getOperations().length;
    graph.nameScope("scope", () => new Saver(null, { graph }));
    expect(
      graph
        .getOperations()
        .slice(before)
        .every((op) => op.name.startsWith("scope/save/")),
    ).toBe(true);
  });

  it("of a second Saver are in save_1", () => {
    const graph = twoVariables();
    new Saver(null, { graph });
    expect(new Saver(null, { graph }).saverDef?.filenameTensorName).toBe("save_1/Const:0");
  });
});
