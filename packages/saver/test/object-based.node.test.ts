import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openCheckpoint } from "@org/checkpoint";
import { Graph } from "@org/graph";
import { nodeFileSystem } from "@org/io/node";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { Saver } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const prefix = join(shared, "formats/1.15.5/object_based/graph/ckpt-1");

describe.skipIf(!existsSync(`${prefix}.index`))(
  "an object-based checkpoint (skipped: ../shared is not there)",
  () => {
    it("is restored by variable names", async () => {
      const graph = new Graph();
      const zeros = [0, 1, 2].map(() => [0, 0]);
      new Variable(zeros, { graph, name: "dense/kernel", dtype: "float32" });
      const saver = new Saver(null, { graph });
      const session = new FakeSession(graph, nodeFileSystem());
      await saver.restore(session, prefix);
      const reader = await openCheckpoint(prefix);
      const expected = await reader.get("model/kernel/.ATTRIBUTES/VARIABLE_VALUE");
      await reader.close();
      expect(session.variables.get("dense/kernel")).toEqual(expected);
      const built = graph.getOperations().length;
      await saver.restore(session, prefix);
      expect(graph.getOperations()).toHaveLength(built);
    });

    it("[saver_test/TrackableCompatibilityTests.testLoadFromObjectBasedGraph] gives variables, slots and an optimizer's own variables by their names, and twice without new ops", async () => {
      const names: Record<string, string> = {
        "dense/bias": "model/bias/.ATTRIBUTES/VARIABLE_VALUE",
        "dense/bias/Adam": "model/bias/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE",
        beta1_power: "optimizer/beta1_power/.ATTRIBUTES/VARIABLE_VALUE",
      };
      const graph = new Graph();
      const reader = await openCheckpoint(prefix);
      for (const [name, key] of Object.entries(names))
        new Variable(reader.shape(key).length === 0 ? 103 : [101, 102], { graph, name, dtype: "float32" });
      const saver = new Saver(null, { graph });
      const session = new FakeSession(graph, nodeFileSystem());
      await saver.restore(session, prefix);
      for (const [name, key] of Object.entries(names))
        expect(session.variables.get(name)).toEqual(await reader.get(key));
      await reader.close();
      const built = graph.getOperations().length;
      await saver.restore(session, prefix);
      expect(graph.getOperations()).toHaveLength(built);
      // Another object-based checkpoint, without these variables.
      const other = await saver
        .restore(session, join(shared, "formats/1.15.5/object_based/eager/ckpt-1"))
        .catch((error) => error);
      expect(other.code).toBe("NOT_FOUND");
      expect(other.sentence).toContain("Could not find some variables");
    });

    it("is restored in parts by variable names, too", async () => {
      const graph = new Graph();
      new Variable([0, 0], { graph, name: "dense/bias", dtype: "float32" });
      const session = new FakeSession(graph, nodeFileSystem());
      const report = await new Saver(null, { graph }).restore(session, prefix, { partial: true });
      expect([...report.restored]).toEqual([["dense/bias", "model/bias/.ATTRIBUTES/VARIABLE_VALUE"]]);
      expect(session.variables.get("dense/bias")?.shape).toEqual([2]);
    });

    it("says which names it lacks", async () => {
      const graph = new Graph();
      new Variable(0, { graph, name: "nowhere", dtype: "float32" });
      const saver = new Saver(null, { graph });
      const error = await saver
        .restore(new FakeSession(graph, nodeFileSystem()), prefix)
        .catch((caught) => caught);
      expect(error.code).toBe("NOT_FOUND");
      expect(error.sentence).toContain("Existing variables not in the checkpoint: nowhere.");
      expect(error.hint).toContain("object-based checkpoint");
    });
  },
);
