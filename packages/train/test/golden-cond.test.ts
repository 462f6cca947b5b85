// Gradients through conditionals, on the forward part of a graph that TensorFlow 1.15.5 wrote: the nodes that it added.
import { CondContext, Graph, importGraphDef } from "@org/graph";
import { gradients, standardOps } from "@org/ops";
import { CondContextDef, create, decode, GraphDef, MetaGraphDef, VariableDef } from "@org/proto";
import { ResourceVariable, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { nodeDifferences, noReferences, referenceMeta } from "../../tf/test/reference-graph.ts";

describe.skipIf(noReferences)(`the graphs of TensorFlow 1.15.5 ${noReferences ?? ""}`, () => {
  it("cond_grad", () => {
    const meta = decode(MetaGraphDef, referenceMeta("cond_grad"));
    const all = meta.graphDef!.node;
    const from = all.findIndex(({ name }) => name.startsWith("grad/"));
    const to = all.findIndex(({ name }) => name === "LogicalNot");
    const graph = new Graph({ ops: standardOps });
    importGraphDef({ ...meta.graphDef!, node: all.slice(0, from) }, { graph, name: "" });
    for (const bytes of meta.collectionDef.cond_context!.bytesList!.value) {
      const def = decode(CondContextDef, bytes);
      if (/^cond\//.test(def.contextName)) CondContext.fromProto(def, graph);
    }
    const [v, r] = meta.collectionDef.variables!.bytesList!.value.map((bytes) => {
      const def = decode(VariableDef, bytes);
      return def.isResource ? ResourceVariable.fromProto(def, { graph }) : Variable.fromProto(def, { graph });
    }) as [Variable, ResourceVariable];
    graph.asDefault(() => {
      gradients(graph.getTensorByName("loss:0"), [v, r, graph.getTensorByName("x:0")], { name: "grad" });
    });
    const made = create(GraphDef, graph.asGraphDef({ addShapes: true })).node;
    expect(nodeDifferences(all.slice(from, to), made.slice(from)).join("\n")).toBe("");
  });
});
