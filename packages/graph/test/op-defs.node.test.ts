// The OpDefs that come as data, and the shape functions of the core ops.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encode, OpList } from "@org/proto";
import { ndArray, type Shape } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import { Graph, type Tensor } from "../src/index.ts";
import { opDef, opDefs, opList, versionOfProducer } from "../src/op-defs.ts";
import { shared } from "./shared.ts";

describe("opDefs", () => {
  it("prefers 1.15, then 2.21, then 1.0", () => {
    const all = opDefs();
    const attrs = (type: string, version?: "1.0" | "1.15" | "2.21") =>
      opDefs(version)
        .get(type)
        ?.opDef.attr?.map((attr) => attr.name);
    expect(attrs("MatMul")).toEqual(["transpose_a", "transpose_b", "T"]);
    expect(attrs("MatMul", "2.21")).toContain("grad_a");
    expect(opDefs("1.15").get("DisableCopyOnRead")).toBeUndefined();
    expect(all.get("DisableCopyOnRead")?.opDef.name).toBe("DisableCopyOnRead");
    for (const version of ["1.0", "1.15", "2.21"] as const)
      for (const name of opDefs(version).names()) expect(all.get(name)?.opDef.name).toBe(name);
    expect(all.get("NoSuchOp")).toBeUndefined();
    expect(() => opDef("NoSuchOp")).toThrow("Op type not registered 'NoSuchOp' in binary");
  });

  it.skipIf(shared === undefined).each([
    ["1.0", "1.0.1"],
    ["1.15", "1.15.5"],
    ["2.21", "2.21.0"],
  ] as const)("of %s are those that TensorFlow prints (skipped without ../shared)", (version, file) => {
    const theirs = readFileSync(join(shared!, `tf/ops-${file}.pb`));
    const ours = encode(OpList, opList(version));
    // The lists come without texts, so the bytes are the same.
    expect(ours.length).toBe(theirs.length);
  });

  it("know the version of a producer", () => {
    expect([21, 134, 2474].map(versionOfProducer)).toEqual(["1.0", "1.15", "2.21"]);
  });

  it("describe the core ops alike", () => {
    for (const name of coreOps.names()) expect(opDef(name)).toEqual(coreOps.get(name)!.opDef);
  });
});

describe("shapes of the core ops", () => {
  const graph = new Graph();
  const strings = (...values: string[]): Tensor =>
    graph.createOp("Const", [], {
      attrs: {
        dtype: "string",
        value: ndArray(
          "string",
          [values.length],
          values.map((v) => new TextEncoder().encode(v)),
        ),
      },
    }).outputs[0]!;
  const text = (value: string): Tensor =>
    graph.createOp("Const", [], {
      attrs: { dtype: "string", value: ndArray("string", [], [new TextEncoder().encode(value)]) },
    }).outputs[0]!;
  const float = (...shape: (number | null)[]): Tensor =>
    graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape } }).outputs[0]!;
  const shapes = (outputs: readonly Tensor[]): string[] =>
    outputs.map(({ shape }: { shape: Shape }) => shape.toString());

  it("restore slices as a Saver names them", () => {
    const restore = (...specs: string[]) =>
      graph.createOp(
        "RestoreV2",
        [text("model"), strings(...specs.map((_, i) => `v${i}`)), strings(...specs)],
        {
          attrs: { dtypes: specs.map(() => "float32") },
        },
      );
    expect(shapes(restore("", "4 5 0,2:-").outputs)).toEqual(["<unknown>", "[2,5]"]);
    expect(() => restore("4 5")).toThrow("shape_and_slice");
    expect(() => restore("4 x 0,2:-")).toThrow("Non numerical dimension in shape_and_slice: 4 x 0,2:-");
  });

  it("check what is saved", () => {
    const save = (names: number) =>
      graph.createOp("SaveV2", [
        text("model"),
        strings(..."ab".slice(0, names)),
        strings("", ""),
        [float(1), float(2)],
      ]);
    expect(() => save(2)).not.toThrow();
    expect(() => save(1)).toThrow("Dimension must be 2 but is 1");
  });

  it("of assignments merge both sides, unless the shape need not fit", () => {
    const v = graph.createOp("VariableV2", [], { attrs: { dtype: "float32", shape: [2, 3] } }).outputs[0]!;
    expect(shapes(graph.createOp("Assign", [v, float(null, 3)]).outputs)).toEqual(["[2,3]"]);
    expect(() => graph.createOp("Assign", [v, float(3, 3)])).toThrow(
      "Dimension 0 in both shapes must be equal, but are 2 and 3. Shapes are [2,3] and [3,3].",
    );
    expect(
      shapes(graph.createOp("Assign", [v, float(7)], { attrs: { validate_shape: false } }).outputs),
    ).toEqual(["[7]"]);
  });

  it("pass through resource handles", () => {
    const handle = graph.createOp("VarHandleOp", [], { attrs: { dtype: "float32", shape: [2, null] } })
      .outputs[0]!;
    const passed = graph.createOp("Identity", [handle]).outputs[0]!;
    const read = (attrs: { dtype: string }) => graph.createOp("ReadVariableOp", [passed], { attrs });
    expect(shapes(read({ dtype: "float32" }).outputs)).toEqual(["[2,?]"]);
    expect(() => read({ dtype: "int32" })).toThrow(
      "Trying to read variable with wrong dtype. Expected float got int32",
    );
    expect(() => graph.createOp("AssignVariableOp", [handle, float(3, 3)])).toThrow(
      "Dimension 0 in both shapes must be equal, but are 2 and 3.",
    );
    expect(shapes(graph.createOp("VariableShape", [handle]).outputs)).toEqual(["[2]"]);
  });

  it("of a placeholder in a file of 1.0 cannot tell a scalar from no shape", () => {
    graph.versions.producer = 21;
    expect(
      shapes(graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [] } }).outputs),
    ).toEqual(["<unknown>"]);
    graph.versions.producer = 134;
    expect(
      shapes(graph.createOp("Placeholder", [], { attrs: { dtype: "float32", shape: [] } }).outputs),
    ).toEqual(["[]"]);
  });

  it("infer the one open dimension of a Reshape, and pack", () => {
    const dims = (...values: number[]): Tensor =>
      graph.createOp("Const", [], {
        attrs: { dtype: "int32", value: ndArray("int32", [values.length], Int32Array.from(values)) },
      }).outputs[0]!;
    const reshape = (x: Tensor, ...to: number[]) =>
      shapes(graph.createOp("Reshape", [x, dims(...to)]).outputs)[0];
    expect(reshape(float(4, 6), 8, -1)).toBe("[8,3]");
    expect(reshape(float(null, 6), 8, -1)).toBe("[8,?]");
    expect(() => reshape(float(4, 6), 7, -1)).toThrow(
      "Dimension size must be evenly divisible by 7 but is 24",
    );
    expect(
      shapes(graph.createOp("Pack", [[float(null, 2), float(3, null)]], { attrs: { axis: -1 } }).outputs),
    ).toEqual(["[3,2,2]"]);
    expect(() => graph.createOp("Pack", [[float(1), float(2)]])).toThrow(
      "From merging shape 0 with other shapes.",
    );
    expect(shapes(graph.createOp("StringJoin", [[text("a"), strings("b", "c")]]).outputs)).toEqual(["[2]"]);
  });
});
