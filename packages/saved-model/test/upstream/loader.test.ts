// The cases of TensorFlow's loader_test.py, each for both of upstream's builders: 0 the public one, whose main op is in a collection,
// 1 the internal one, whose init op is in a signature.
import { type FileSystem, memoryFileSystem } from "@org/io";
import { add, assign, group, multiply } from "@org/ops";
import { Saver } from "@org/saver";
import { allSaveableObjects, Variable, variablesInitializer } from "@org/variables";
import { beforeEach, describe, expect, it } from "vitest";
import { buildSignatureDef, buildTensorInfo, SavedModelBuilder, SavedModelLoader } from "../../src/index.ts";
import { failure, initialize, intVariable, newGraph, numberOf, withSession } from "../models.ts";

let fs: FileSystem;

beforeEach(() => {
  fs = memoryFileSystem();
});

describe.each([
  [0, "mainOp"],
  [1, "initOp"],
] as const)("builder %i", (which, option) => {
  const title = (name: string, text: string) => `[loader_test/SavedModelLoaderTest.${name}${which}] ${text}`;

  /** x = 5, y = 11, z = x + y, and where asked an op that runs after a load and makes y 7. */
  async function exported(dir: string, withMainOp: boolean): Promise<SavedModelLoader> {
    await withSession(fs, async (session, graph) => {
      const [x, y] = [intVariable(graph, "x", 5), intVariable(graph, "y", 11)];
      const z = add(x, y);
      const signatureDefMap = {
        foo: buildSignatureDef({ foo_input: buildTensorInfo(x) }, { foo_output: buildTensorInfo(z) }),
        bar: buildSignatureDef(
          { bar_x: buildTensorInfo(x), bar_y: buildTensorInfo(y) },
          { bar_z: buildTensorInfo(z) },
        ),
      };
      await initialize(session);
      const op = withMainOp ? { [option]: group([assign(y, 7)]) } : {};
      const builder = new SavedModelBuilder(dir, { fs });
      await builder.addMetaGraphAndVariables(session, ["foo_graph"], { signatureDefMap, ...op });
      await builder.save();
    });
    return SavedModelLoader.open(dir, { fs });
  }
  const simple = () => exported("simple", false);
  const withMainOp = () => exported("main_op", true);

  it(title("test_load_function", "a load restores, then runs the op"), async () => {
    for (const [loader, y] of [
      [await simple(), 11],
      [await withMainOp(), 7],
    ] as const)
      await withSession(fs, async (session) => {
        await loader.load(session, ["foo_graph"]);
        expect(await numberOf(session, "x:0")).toBe(5);
        expect(await numberOf(session, "y:0")).toBe(y);
      });
  });

  it(title("test_load_graph", "the graph alone brings no values"), async () => {
    const loader = await simple();
    await withSession(fs, async (session, graph) => {
      loader.loadGraph(graph, ["foo_graph"]);
      const [x, y] = [graph.getTensorByName("x:0"), graph.getTensorByName("y:0")];
      expect(await failure(() => graph.getTensorByName("z:0"))).toMatch(/^NOT_FOUND: /);
      for (const variable of [x, y])
        expect(await failure(session.run(variable))).toMatch(/^FAILED_PRECONDITION: /);
    });
  });

  it(title("test_load_with_import_scope", "under a scope, everything goes by scoped names"), async () => {
    const loader = await withMainOp();
    await withSession(fs, async (session, graph) => {
      const { saver } = loader.loadGraph(graph, ["foo_graph"], { importScope: "baz" });
      expect(await failure(loader.restoreVariables(session, new Saver(null, { graph })))).toMatch(
        /^NOT_FOUND: /,
      );
      await loader.restoreVariables(session, saver);
      if (which === 1) {
        expect(await failure(loader.runInitOps(session, ["foo_graph"]))).toMatch(
          /^NOT_FOUND: The __saved_model_init_op could not be found in the graph\./,
        );
        await loader.runInitOps(session, ["foo_graph"], { importScope: "baz" });
      } else await loader.runInitOps(session, ["foo_graph"]);
      expect(await numberOf(session, "baz/x:0")).toBe(5);
      expect(await numberOf(session, "baz/y:0")).toBe(7);
    });
    await withSession(fs, async (session) => {
      await loader.load(session, ["foo_graph"], { importScope: "baa" });
      expect(await numberOf(session, "baa/x:0")).toBe(5);
      expect(await numberOf(session, "baa/y:0")).toBe(7);
    });
  });

  it(title("test_restore_variables", "values go into a graph that is there"), async () => {
    const loader = await withMainOp();
    await withSession(fs, async (session, graph) => {
      const z = multiply(intVariable(graph, "x", 0), intVariable(graph, "y", 0));
      await initialize(session);
      expect(await failure(loader.restoreVariables(session, null))).toBe(
        "INVALID_ARGUMENT: No tf.train.Saver object was passed to the function SavedModelLoader.restore_variables. Since there are variables in the graph, a saver is required.",
      );
      await loader.restoreVariables(session, new Saver(null, { graph }));
      expect(await numberOf(session, z)).toBe(55);
    });
  });

  it(title("test_run_init_op", "the op can be run by itself"), async () => {
    const loader = await withMainOp();
    const graph = newGraph();
    const { saver } = loader.loadGraph(graph, ["foo_graph"]);
    await withSession(
      fs,
      async (session) => {
        await loader.restoreVariables(session, saver);
        expect(await numberOf(session, "x:0")).toBe(5);
        expect(await numberOf(session, "y:0")).toBe(11);
        await loader.runInitOps(session, ["foo_graph"]);
        expect(await numberOf(session, "x:0")).toBe(5);
        expect(await numberOf(session, "y:0")).toBe(7);
      },
      graph,
    );
  });

  it(title("test_parse_saved_model", "the message is there without a session"), async () => {
    const def = (await simple()).getMetaGraphDefFromTags(["foo_graph"]);
    expect(Object.keys(def.signatureDef).sort()).toEqual(["bar", "foo"]);
  });

  it(title("test_load_invalid_meta_graph", "tags that no graph has"), async () => {
    const loader = await simple();
    for (const tags of [[], [""], ["not_a_graph"]])
      expect(await failure(() => loader.getMetaGraphDefFromTags(tags))).toBe(
        `NOT_FOUND: MetaGraphDef associated with tags ${tags.map((tag) => `'${tag}'`).join()} could not be found in SavedModel. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: \`saved_model_cli\`\navailable_tags: [{'foo_graph'}]`,
      );
  });

  it(
    title("test_load_saved_model_with_no_variables", "a Saver restores what no collection names"),
    async () => {
      await withSession(fs, async (session, graph) => {
        const [x, y] = (["x", "y"] as const).map(
          (name) =>
            new Variable(name === "x" ? 5 : 11, {
              graph,
              name,
              dtype: "int32",
              collections: ["not_global_variable"],
              trainable: false,
            }),
        ) as [Variable, Variable];
        expect(allSaveableObjects(graph)).toEqual([]);
        const foo = buildSignatureDef(
          { foo_input: buildTensorInfo(x) },
          { foo_output: buildTensorInfo(add(x, y)) },
        );
        await session.run([], { targets: [variablesInitializer([x, y])] });
        const builder = new SavedModelBuilder("none", { fs });
        await builder.addMetaGraphAndVariables(session, ["foo_graph"], {
          signatureDefMap: { foo },
          saver: new Saver([x, y], { graph }),
        });
        await builder.save();
      });
      const loader = await SavedModelLoader.open("none", { fs });
      const graph = newGraph();
      expect(loader.loadGraph(graph, ["foo_graph"]).saver).toBeDefined();
      expect(allSaveableObjects(graph)).toEqual([]);
      await withSession(fs, async (session) => {
        await loader.load(session, ["foo_graph"]);
        expect(await numberOf(session, "x:0")).toBe(5);
        expect(await numberOf(session, "y:0")).toBe(11);
      });
    },
  );

  it(title("test_load_saved_model_graph_with_return_elements", "elements are given back"), async () => {
    const loader = await simple();
    const graph = newGraph();
    const { returned } = loader.loadGraph(graph, ["foo_graph"], { returnElements: ["y:0", "x:0"] });
    expect(returned).toEqual([graph.getTensorByName("y:0"), graph.getTensorByName("x:0")]);
    expect(
      await failure(() => loader.loadGraph(newGraph(), ["foo_graph"], { returnElements: ["z:0"] })),
    ).toMatch(/^INVALID_ARGUMENT: .*not found in graph/);
  });
});
