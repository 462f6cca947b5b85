// Updates of parts of variables, against TensorFlow 1.15.5's kernels (recorded by fixtures/record-updates.py).
import { describe, it } from "vitest";
import { MiniSession } from "./mini-session.ts";
import { expectUpdate, updateCases } from "./update-cases.ts";

describe("updates of parts of variables", () => {
  it.each(updateCases)("%s", (_, one) =>
    expectUpdate(one, (graph) => {
      const session = new MiniSession(graph);
      return (fetches, feeds) => session.run(fetches, feeds);
    }),
  );
});
