import { Graph } from "@org/graph";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { Saver, type SaverSession } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

it("has a README whose examples run", async () => {
  const { checkpoint } = (await runReadme(import.meta.url)) as {
    checkpoint: (session: SaverSession, graph: Graph) => Promise<string | undefined>;
  };
  const { manage } = (await runReadme(import.meta.url, 2)) as {
    manage: (saver: Saver, session: SaverSession) => Promise<readonly string[]>;
  };
  const graph = new Graph();
  const session = new FakeSession(graph);
  expect(await checkpoint(session, graph)).toBe("model-10");
  expect(await session.fs.list(".")).toEqual([
    "checkpoint",
    "model-10.data-00000-of-00001",
    "model-10.index",
    "model-10.meta",
  ]);
  expect(await manage(new Saver(null, { graph }), session)).toEqual(["train/ckpt-2", "train/ckpt-3"]);
});
