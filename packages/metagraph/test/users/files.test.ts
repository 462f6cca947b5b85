// What people could not do with TensorFlow's files, or only with TensorFlow: read and write them in JavaScript, from any browser.
import { expect, test } from "vitest";
import {
  type DType,
  equals,
  exportMetaGraph,
  Graph,
  globalVariables,
  type IMetaGraphDef,
  importMetaGraph,
  MetaGraphDef,
  memoryFileSystem,
  ndArray,
  openCheckpoint,
  readMetaGraph,
  toNumbers,
  writeCheckpoint,
} from "../../src/index.ts";
import { fixture } from "../fixture.ts";

test("[users/4.3] attributes that are functions, and any under an underscore, are kept as they are", () => {
  const T = { type: 1 };
  const func = { func: { name: "body", attr: { N: { i: 3n }, inner: { func: { name: "other" } } } } };
  const def: IMetaGraphDef = {
    graphDef: {
      node: [
        { name: "x", op: "Placeholder", attr: { dtype: T, _made_by: func } },
        {
          name: "y",
          op: "Identity",
          input: ["x"],
          attr: { T, custom_gradient: func, _fns: { list: { func: [func.func] } } },
        },
      ],
    },
  };
  const warnings: string[] = [];
  const { graph } = importMetaGraph(def, { onWarning: ({ message }) => warnings.push(message) });
  const [x, y] = exportMetaGraph(graph).graphDef!.node;
  expect(x!.attr._made_by).toMatchObject(func);
  expect(y!.attr.custom_gradient).toMatchObject(func);
  expect(y!.attr._fns!.list!.func![0]).toMatchObject(func.func);
  expect(warnings).toEqual([expect.stringContaining("NodeDef mentions attr 'custom_gradient'")]);
});

test("[users/4.4] a .meta and its checkpoint are read as they are, from memory or a dropped file", async () => {
  const names = ["momentum.meta", "momentum.index", "momentum.data-00000-of-00001"];
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await fixture(name)] as const)),
  );
  const blob = new Blob([files["momentum.meta"] as Uint8Array<ArrayBuffer>]);
  const { graph } = importMetaGraph(await readMetaGraph(blob));
  const reader = await openCheckpoint("momentum", { fs: memoryFileSystem(files) });
  for (const variable of globalVariables(graph)) {
    const value = await reader.get(variable.op.name);
    expect([value.dtype, value.shape]).toEqual([variable.dtype, variable.shape.toNumbers()]);
  }
  expect(reader.names()).toHaveLength(globalVariables(graph).length);
  await reader.close();
});

test("[users/4.7] a checkpoint and a .meta are written and read with nothing else installed", async () => {
  const fs = memoryFileSystem();
  const types: readonly [DType, ArrayLike<number>][] = [
    ["float32", [1, 2]],
    ["int32", [3, 4]],
  ];
  await writeCheckpoint(
    "plain",
    Object.fromEntries(
      types.map(([dtype, values]) => [
        dtype,
        ndArray(
          dtype as "float32",
          [2],
          (dtype === "float32" ? Float32Array : Int32Array).from(values) as never,
        ),
      ]),
    ),
    { fs },
  );
  const reader = await openCheckpoint("plain", { fs });
  for (const [dtype, values] of types) expect(toNumbers(await reader.get(dtype))).toEqual(values);
  await reader.close();
  const graph = new Graph();
  graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32" } });
  const def = exportMetaGraph(graph);
  expect(equals(MetaGraphDef, exportMetaGraph(importMetaGraph(def).graph), def)).toBe(true);
});
