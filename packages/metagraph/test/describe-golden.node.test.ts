// What `describe` says of graphs that real TensorFlows wrote (skipped without the golden files): what one would feed and fetch.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode, SavedModel } from "@org/proto";
import { nodeOps } from "@org/proto/nodes";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Description,
  decode as decodeMessage,
  describe as describeMetaGraph,
  encode,
  GraphDef,
  MetaGraphDef,
  parseMetaGraph,
} from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared");
const bytes = (file: string) => new Uint8Array(readFileSync(join(shared, file)));
const metas = ["golden", "graphs", "formats"].flatMap((folder) =>
  existsSync(join(shared, folder))
    ? (readdirSync(join(shared, folder), { recursive: true }) as string[])
        .filter((name) => name.endsWith(".meta") && !name.includes("meta_text"))
        .map((name) => join(folder, name))
        .sort()
    : [],
);

const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
const inputs = (found: Description) => found.inputs.map(({ name, kind }) => `${name} ${kind}`);

/** File -> what can be fed, what comes out. */
const expected: {
  readonly [file: string]: readonly [inputs: readonly string[], outputs: readonly string[]];
} = {
  "golden/1.0.1/howto/model-50.meta": [
    ["images:0 placeholder", "labels_in:0 placeholder"],
    ["xentropy_mean:0"],
  ],
  "golden/1.15.5/howto/infer-0.meta": [["images:0 placeholder"], ["softmax_linear/add:0"]],
  "golden/1.15.5/conv_bn_momentum/model.meta": [
    ["images:0 placeholder", "labels:0 placeholder", "is_training:0 default"],
    ["loss:0", "accuracy:0"],
  ],
  "golden/1.15.5/opt_adam/model.meta": [["x:0 placeholder", "y:0 placeholder"], ["loss:0"]],
  "golden/1.15.5/queue_pipeline/model.meta": [
    ["batch:0 queue", "batch:1 queue"],
    ["loss:0", "batch_labels:0"],
  ],
  "golden/1.0.1/queue_pipeline/model.meta": [
    ["batch:0 queue", "batch:1 queue"],
    ["loss:0", "batch_labels:0"],
  ],
  "golden/1.15.5/cond_while/model.meta": [
    ["x:0 placeholder", "n:0 placeholder", "flag:0 placeholder"],
    ["h:0", "loss:0"],
  ],
  "graphs/data_one_shot/graph.meta": [
    ["IteratorGetNext:0 iterator", "IteratorGetNext:1 iterator"],
    ["loss:0"],
  ],
  "graphs/queue_fifo/graph.meta": [
    ["image:0 placeholder", "label:0 placeholder", "random_shuffle_queue_DequeueMany:0 queue"],
    ["out:0"],
  ],
  "graphs/reader_parse_batch/graph.meta": [
    [
      "ReaderReadV2:1 reader",
      "batch:1 queue",
      "parse/parse:0 parse",
      "parse/parse:3 parse",
      "parse/parse:4 parse",
      "parse/parse:6 parse",
      "parse/parse:10 parse",
      "DecodeRaw:0 parse",
    ],
    [
      "ParseSingleSequenceExample/ParseSingleSequenceExample:0",
      "ParseSingleSequenceExample/ParseSingleSequenceExample:1",
      "logits:0",
      "SparseToDense:0",
    ],
  ],
  "graphs/layers_cnn/graph.meta": [
    ["features:0 placeholder", "labels:0 placeholder", "training:0 default"],
    ["total_loss:0", "softmax_tensor:0", "Mean:0"],
  ],
  "graphs/import_input_map/graph.meta": [["images:0 placeholder"], ["mean_squared_error/value:0"]],
  "graphs/while_grad/graph.meta": [["n:0 placeholder", "x:0 placeholder"], ["add_2:0"]],
  "graphs/monitored_scaffold/graph.meta": [["words:0 placeholder"], ["mean/value:0"]],
};

describe.skipIf(metas.length === 0)("describe (needs the golden files beside the repository)", () => {
  it.each(Object.entries(expected))("%s", async (file, [feeds, fetches]) => {
    const found = describeMetaGraph(await parseMetaGraph(bytes(file), file));
    expect(inputs(found)).toEqual(feeds);
    expect(names(found.outputs)).toEqual(fetches);
  });

  it.each(metas)("%s: all of it is told, and nothing is touched", async (file) => {
    const def = await parseMetaGraph(bytes(file), file);
    const found = describeMetaGraph(def);
    // Nodes that were bytes still are: the message is written as it was.
    expect(Buffer.from(encode(MetaGraphDef, def)).equals(bytes(file))).toBe(true);
    const plain = decode(MetaGraphDef, bytes(file));
    expect(describeMetaGraph(plain)).toEqual(found);
    expect(found.nodeCount).toBe(plain.graphDef!.node.length);
    expect(new Set(found.ops.map(({ op }) => op))).toEqual(nodeOps(plain.graphDef!.node));
    const known = new Set(plain.graphDef!.node.map(({ name }) => name));
    for (const { name } of [...found.inputs, ...found.outputs])
      expect(known).toContain(name.replace(/:\d+$/, ""));
    expect(found.hasSaver).toBe(plain.saverDef !== null);
    expect(found.savers.filter(({ isDefault }) => isDefault)).toHaveLength(plain.saverDef ? 1 : 0);
    expect(found.largestNodes.length).toBe(Math.min(10, found.nodeCount));
    expect(found.sizes.nodes).toBeLessThanOrEqual(bytes(file).length);
  });

  it("tables, with what fills them", async () => {
    const found = describeMetaGraph(await parseMetaGraph(bytes("graphs/lookup_tables/graph.meta")));
    expect(
      found.tables.map(({ name, keyDtype, valueDtype, initializers }) => [
        name,
        keyDtype,
        valueDtype,
        initializers.length,
      ]),
    ).toEqual([
      ["static", "string", "int64", 1],
      ["hash_table", "string", "int64", 1],
      ["colors/hash_table/hash_table", "string", "int64", 1],
      ["index_to_string/hash_table", "int64", "string", 1],
      ["counts", "string", "float32", 0],
      ["mutable", "int64", "float32", 0],
    ]);
  });

  it("several Savers, the MetaGraph's own first", async () => {
    const found = describeMetaGraph(await parseMetaGraph(bytes("graphs/saver_partial_multiple/graph.meta")));
    expect(found.savers).toHaveLength(4);
    expect(found.savers.map(({ isDefault }) => isDefault)).toEqual([true, false, false, false]);
    expect(new Set(found.savers.map(({ restoreOp }) => restoreOp)).size).toBe(4);
  });

  it("a frozen graph: what it computes, with nothing but a GraphDef", () => {
    for (const version of ["1.0.1", "1.15.5", "2.21.0"]) {
      const graphDef = decodeMessage(GraphDef, bytes(`formats/${version}/frozen/frozen.pb`));
      const found = describeMetaGraph({ graphDef });
      expect(inputs(found)).toEqual(["raw:0 placeholder"]);
      expect(names(found.outputs)).toEqual(["probs:0"]);
      expect(found.variables).toEqual([]);
      expect(found.sizes.constants).toBeGreaterThan(found.sizes.nodes / 4);
    }
  });

  it("a SavedModel's MetaGraphs: what signatures name is an output, read or not", () => {
    const { metaGraphs } = decodeMessage(SavedModel, bytes("formats/1.15.5/saved_model/pb/saved_model.pb"));
    const serve = metaGraphs.find(({ metaInfoDef }) => metaInfoDef?.tags.includes("serve"))!;
    const found = describeMetaGraph(serve);
    expect(inputs(found)).toEqual(expect.arrayContaining(["x:0 placeholder", "examples:0 placeholder"]));
    const signed = new Map(found.outputs.map(({ name, signatures }) => [name, signatures]));
    expect(signed.get("scores:0")).toEqual(expect.arrayContaining(["serving_default", 'two "heads"']));
    expect(signed.get("classes:0")).toEqual(["classify"]);
    expect(signed.get("value:0")).toEqual(["regress"]);
  });
});

beforeAll(() => {
  if (metas.length > 0) for (const file of Object.keys(expected)) expect(metas).toContain(file);
});
