// Ported by understanding from TensorFlow's importer_test.py, on text GraphDefs and ops that only tests have. Its other cases
// are shown in @org/graph's import.test.ts (what is refused, names, maps, colocation) and in @org/tf's (what runs).
import { createOpRegistry, importGraphDef } from "@org/graph";
import { coreOps } from "@org/graph/core-ops";
import { opDefs } from "@org/graph/op-defs";
import { GraphDef, type IOpDef, OpDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import { Shape } from "@org/tensor";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/index.ts";

const testOp = (text: string): IOpDef => fromText(OpDef, text);
const theirs = (name: string): IOpDef => opDefs().get(name)!.opDef;
const ops = createOpRegistry(coreOps, [
  { opDef: testOp('name: "None"'), origin: "test" },
  {
    opDef: testOp(
      'name: "TwoIntOutputs" output_arg { name: "a" type: DT_INT32 } output_arg { name: "b" type: DT_INT32 }',
    ),
    origin: "test",
  },
  { opDef: testOp('name: "FloatOutput" output_arg { name: "a" type: DT_FLOAT }'), origin: "test" },
  // A Barrier is a vector of two strings, an L2Loss a scalar.
  { opDef: theirs("Barrier"), origin: "test", shape: () => [Shape.of([2])] },
  { opDef: theirs("L2Loss"), origin: "test", shape: () => [Shape.of([])] },
]);
const load = (text: string, options = {}, versions = { producer: 134, minConsumer: 12 }) => {
  const graph = new Graph({ ops });
  return { graph, ...importGraphDef({ ...fromText(GraphDef, text), versions }, { graph, ...options }) };
};
const named = (name: string): string => `[importer_test/ImportGraphDefTest.${name}]`;

describe("importGraphDef of text GraphDefs", () => {
  test(`${named("testNoReturns")} returns no elements where none are asked for, and the node is there`, () => {
    const { graph, returned } = load("node { name: 'A' op: 'None' }");
    expect(returned).toBeUndefined();
    expect(graph.getOperationByName("import/A").type).toBe("None");
  });

  test(`${named("testOverrideNamePrefix")} takes another prefix`, () => {
    const { returned } = load("node { name: 'A' op: 'None' }", {
      returnElements: ["A"],
      name: "imported_graph",
    });
    expect(returned!.map(({ name }) => name)).toEqual(["imported_graph/A"]);
  });

  test(`${named("testDefaultNamePrefix")} has "import" for no prefix`, () => {
    const { returned } = load("node { name: 'A' op: 'None' }", { returnElements: ["A"], name: null });
    expect(returned!.map(({ name }) => name)).toEqual(["import/A"]);
  });

  test(`${named("testShapeWhitelist")} lets a Barrier state a shape that it has not`, () => {
    const { returned } = load(
      `node { name: 'A' op: 'Barrier'
         attr { key: '_output_shapes' value { list { shape { } } } }
         attr { key: 'component_types' value { list { type: DT_FLOAT } } } }`,
      { returnElements: ["A:0"], name: "import" },
    );
    expect(String((returned![0] as { shape: Shape }).shape)).toBe("[2]");
  });

  test(`${named("testShapeWhitelistViolation")} and no other op`, () => {
    expect(() =>
      load(
        `node { name: 'A' op: 'FloatOutput' }
         node { name: 'B' op: 'L2Loss' input: 'A:0'
           attr { key: 'T' value { type: DT_FLOAT } }
           attr { key: '_output_shapes' value { list { shape { dim { size: 43 } } } } } }`,
        { returnElements: ["B"], name: "import" },
      ),
    ).toThrow(
      "Node 'import/B' has an _output_shapes attribute inconsistent with the GraphDef for output #0: Shapes must be equal rank, but are 0 and 1",
    );
  });

  const versions = [0, 67, 134];
  test.each(versions.flatMap((producer) => versions.map((minConsumer) => ({ producer, minConsumer }))))(
    `${named("testVersion")} a graph takes over producer $producer and min_consumer $minConsumer`,
    (version) => {
      const { returned } = load(
        "node { name: 'A' op: 'TwoIntOutputs' }",
        { returnElements: ["A:0"] },
        version,
      );
      expect((returned![0] as { graph: Graph }).graph.versions).toMatchObject(version);
    },
  );
});
