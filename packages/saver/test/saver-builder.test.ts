import { Graph, type Operation, type Tensor } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import { globalVariablesInitializer, Variable } from "@org/variables";
import { expect, it } from "vitest";
import { BaseSaverBuilder, BulkSaverBuilder, type SaveableObject, Saver } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

function twoVariables(): Graph {
  const graph = new Graph();
  graph.device("/cpu:1", () => new Variable(1, { graph, name: "a", dtype: "float32" }));
  new Variable(2, { graph, name: "b", dtype: "float32" });
  return graph;
}

async function roundTrip(graph: Graph, saver: Saver): Promise<unknown[]> {
  const session = new FakeSession(graph, memoryFileSystem());
  await session.run([], { targets: [globalVariablesInitializer(graph)] });
  await saver.save(session, "model");
  const second = new FakeSession(graph, session.fs);
  await saver.restore(second, "model");
  return ["a", "b"].map((name) => second.variables.get(name)?.data[0]);
}

it("BaseSaverBuilder reads each variable by an op of its own, beside the variable", async () => {
  const graph = twoVariables();
  const saver = new Saver(null, { graph, builder: new BaseSaverBuilder() });
  const restores = graph.getOperations().filter((op) => op.type === "RestoreV2");
  expect(restores.map(({ name, device }) => [name, device])).toEqual([
    ["save/RestoreV2", "/device:CPU:0"],
    ["save/RestoreV2_1", ""],
  ]);
  expect(saver.saverDef?.version).toBe(2);
  expect(await roundTrip(graph, saver)).toEqual([1, 2]);
});

it("a builder of one's own changes what is built, and says which format it writes", async () => {
  const saved: string[] = [];
  class Prefixed extends BulkSaverBuilder {
    override saveOp(filename: Tensor, saveables: readonly SaveableObject[]): Operation {
      saved.push(...saveables.map(({ name }) => name));
      return super.saveOp(filename, saveables);
    }
    override restoreOp(): readonly Tensor[] {
      throw new Error("Reading in bulk needs no op a variable");
    }
  }
  const graph = twoVariables();
  const saver = new Saver(null, { graph, builder: new Prefixed() });
  expect(saved).toEqual(["a", "b"]);
  expect(await roundTrip(graph, saver)).toEqual([1, 2]);
  const v1 = new Saver(null, { graph, builder: new Prefixed({ writeVersion: "V1" }), writeVersion: "V2" });
  expect(v1.saverDef?.version).toBe(1);
});

it("a builder that restores too little is refused", () => {
  class Lossy extends BulkSaverBuilder {
    override bulkRestore(filename: Tensor, saveables: readonly SaveableObject[]): readonly Tensor[] {
      return super.bulkRestore(filename, saveables).slice(1);
    }
  }
  expect(() => new Saver(null, { graph: twoVariables(), builder: new Lossy() })).toThrow(
    "The builder restores 1 tensors, where 2 are saved",
  );
});

it("shards are named by the builder", () => {
  const shards: number[] = [];
  class Named extends BulkSaverBuilder {
    override shardedFilename(filename: Tensor, shard: number, count: Tensor): Tensor {
      shards.push(shard);
      return super.shardedFilename(filename, shard, count);
    }
  }
  new Saver(null, { graph: twoVariables(), builder: new Named(), sharded: true });
  expect(shards).toEqual([0, 1]);
});
