// Programs whose graphs a recording script took from TensorFlow 1.15.5's Python (fixtures/building.py), against what ours build.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import { expect, it } from "vitest";
import { standardOps } from "../src/index.ts";
import { printGraph } from "./nodes-text.ts";

/** A test for each program, under the title that it was recorded under in `fixtures/${file}`: the same nodes, in order. */
export function testPrograms(file: string, programs: Readonly<Record<string, () => void>>): void {
  const recorded = new Map(
    readFileSync(new URL(`fixtures/${file}`, import.meta.url), "utf8")
      .trim()
      .split(/^# /m)
      .slice(1)
      .map((part) => part.trimEnd().split("\n"))
      .map(([title, ...lines]) => [title!, lines] as const),
  );
  it("has the programs that were recorded", () => {
    expect(Object.keys(programs).sort()).toEqual([...recorded.keys()].sort());
  });
  it.each(Object.keys(programs))("%s", (title) => {
    const graph = new Graph({ ops: standardOps });
    graph.asDefault(programs[title]!);
    expect(printGraph(graph).slice(1)).toEqual(recorded.get(title));
  });
}
