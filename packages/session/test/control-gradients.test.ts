// Gradients of conditionals, loops, the arrays that they write, and functions, against numeric ones.
import type { Graph } from "@org/graph";
import { checkGradient, numericGradient, type RunGraph } from "@org/ops/testing";
import { describe, it } from "vitest";
import { checks } from "../../ops/test/gradient-checks/control.ts";
import { createSession, type Session } from "../src/index.ts";
import { backends } from "./function-nodes.ts";

describe.each(backends)("on the %s, gradients of", (_, options) => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", async (_name, check) => {
    const sessions = new Map<Graph, Session>();
    const run: RunGraph = async (graph, tensors, feeds) => {
      const session = sessions.get(graph) ?? (await createSession(graph, options));
      sessions.set(graph, session);
      return await session.run([...tensors], feeds ? { feeds } : {});
    };
    try {
      await checkGradient(check, await numericGradient(check, run), run);
    } finally {
      for (const session of sessions.values()) await session.close();
    }
  });
});
