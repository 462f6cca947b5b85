// The test-suite of the CollectionType contract: a type is one if this passes.
//   import { describe, it } from "vitest";        // or node:test, or anything with these two
//   testCollectionType({ describe, it, name: "mine", type: myType, ops,
//     create: (graph) => { ... return items; }, describeItem: (item) => [item.name, item.size] });
// Not here: what an item means.
import { isTfError } from "@org/errors";
import { Graph, type OpRegistry } from "@org/graph";
import { decode, encode, type IMetaGraphDef, MetaGraphDef } from "@org/proto";
import { type CollectionType, createCollectionRegistry } from "./collection-type.ts";
import { exportScopedMetaGraph } from "./export-scoped-meta-graph.ts";
import { importScopedMetaGraph } from "./import-scoped-meta-graph.ts";

/** What the suite needs of a test framework. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => void) => unknown;
}

export interface CollectionTypeTestOptions<T, P extends object> extends TestFramework {
  readonly name: string;
  readonly type: CollectionType<T, P>;
  /** Ops that `create` uses; default: the graph's own. */
  readonly ops?: OpRegistry;
  /** Makes one item or more, with the nodes that they need, under the graph's current name scope. Called once a test or more. */
  readonly create: (graph: Graph) => readonly T[];
  /** What of an item has to come back, as plain values; names of nodes included, where it names some. */
  readonly describeItem: (item: T) => unknown;
  /** True where items name no nodes: scopes then change nothing. Default: false. */
  readonly scopeFree?: boolean;
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));

function assertEqual(actual: unknown, expected: unknown, what: string): void {
  assert(text(actual) === text(expected), `${what}: ${text(actual)} instead of ${text(expected)}`);
}

/** Defines the suite's tests. They throw plain Errors that say what is wrong. */
export function testCollectionType<T, P extends object>(options: CollectionTypeTestOptions<T, P>): void {
  const { type, create, describeItem, scopeFree = false } = options;
  const ops = options.ops ? { ops: options.ops } : {};
  const collections = createCollectionRegistry(type);

  const filled = (scope: string | null): Graph => {
    const graph = new Graph(ops);
    const items = graph.asDefault(() => graph.nameScope(scope, () => create(graph)));
    assert(items.length > 0, "create() makes no item");
    for (const item of items) graph.addToCollection(type.key, item);
    return graph;
  };
  const described = (graph: Graph): unknown[] => (graph.getCollection(type.key) as T[]).map(describeItem);
  /** Out to bytes, as a file has them. */
  const exported = (graph: Graph, exportScope?: string): IMetaGraphDef => {
    const warnings: string[] = [];
    const { metaGraphDef } = exportScopedMetaGraph(graph, {
      collections,
      ...(exportScope === undefined ? {} : { exportScope }),
      onWarning: ({ message }) => warnings.push(message),
    });
    assertEqual(warnings, [], "warnings");
    return decode(MetaGraphDef, encode(MetaGraphDef, metaGraphDef));
  };
  const imported = (def: IMetaGraphDef, importScope?: string): Graph => {
    const graph = new Graph(ops);
    graph.asDefault(() =>
      importScopedMetaGraph(def, {
        graph,
        collections,
        ...(importScope === undefined ? {} : { importScope }),
      }),
    );
    return graph;
  };

  options.describe(`${options.name}: CollectionType`, () => {
    options.it("gives its items back from a file", () => {
      const graph = filled(null);
      assertEqual(described(imported(exported(graph))), described(graph), "items");
    });

    options.it("writes messages of its type, the same again after a round", () => {
      const graph = filled(null);
      const once = exported(graph).collectionDef?.[type.key]?.bytesList?.value ?? [];
      assertEqual(once.length, graph.getCollection(type.key).length, "number of messages");
      for (const bytes of once) decode(type.protoType, bytes);
      const twice = exported(imported(exported(graph))).collectionDef?.[type.key]?.bytesList?.value ?? [];
      assertEqual(
        twice.map((bytes) => [...bytes]),
        once.map((bytes) => [...bytes]),
        "messages",
      );
    });

    options.it("puts an import scope in front of names", () => {
      const copy = imported(exported(filled(null)), "copy");
      const direct = filled(scopeFree ? null : "copy");
      assertEqual(described(copy), described(direct), "items under the scope");
    });

    options.it("takes an export scope off names", () => {
      const scoped = imported(exported(filled("part"), "part"));
      assertEqual(described(scoped), described(filled(null)), "items without the scope");
    });

    options.it("leaves out what lies outside of an export scope", () => {
      const graph = filled("part");
      const def = exported(graph, "elsewhere");
      if (scopeFree) return;
      assertEqual(def.collectionDef?.[type.key]?.bytesList?.value?.length ?? 0, 0, "items from outside");
    });

    options.it("says NOT_FOUND for items whose nodes are missing, or leaves them out with a warning", () => {
      if (scopeFree) return;
      const def = exported(filled(null));
      const warnings: string[] = [];
      const graph = new Graph(ops);
      const load = () =>
        importScopedMetaGraph(
          { ...def, graphDef: { versions: def.graphDef?.versions ?? null } },
          { graph, collections, onWarning: ({ message }) => warnings.push(message) },
        );
      if (type.mayNameOutside) {
        load();
        assert(warnings.length > 0, "nobody is told of items that are left out");
      } else {
        let code: unknown;
        try {
          load();
        } catch (error) {
          code = isTfError(error) ? error.code : String(error);
        }
        assertEqual(code, "NOT_FOUND", "the error for items whose nodes are missing");
      }
      assertEqual(graph.getCollection(type.key).length, 0, "items without nodes");
    });

    options.it("clashes with another type of its key, by name", () => {
      let sentence = "";
      try {
        createCollectionRegistry(collections, { ...type });
      } catch (error) {
        sentence = String(error);
      }
      assert(
        sentence.includes(`Registering two proto functions with name '${type.key}'!`),
        `no clash: ${sentence}`,
      );
    });
  });
}
