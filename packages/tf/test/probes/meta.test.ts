// tf.train.importMetaGraph: files that are none, graphs that are not whole, collections that do not fit.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import * as tf from "../../src/index.ts";
import { writeCheckpoints } from "./files.ts";
import { type GoodProbe, type Probe, probes } from "./probes.ts";

type Edit = (def: tf.protos.MetaGraphDef, graphDef: tf.protos.GraphDef) => void;

/** Import of a.meta (variables a and b, a Saver), changed by `edit`; what `gives` makes of the imported graph. */
const imported =
  (edit: Edit, gives: (saver: tf.train.Saver | undefined) => unknown = () => {}): Probe =>
  async (directory) => {
    const bytes = new Uint8Array(await readFile(join(directory, "a.meta")));
    const def = tf.protos.decode(tf.protos.MetaGraphDef, bytes);
    edit(def, def.graphDef!);
    const path = join(directory, "edited.meta");
    await writeFile(path, tf.protos.encode(tf.protos.MetaGraphDef, def));
    return gives(await tf.train.importMetaGraph(path, { onWarning: () => {} }));
  };
const file =
  (name: string): Probe =>
  async (directory) =>
    (await tf.train.importMetaGraph(join(directory, name)))?.saverDef?.saveTensorName;
const good = (edit: Edit, gives: () => unknown = () => undefined): GoodProbe => ({
  run: imported(edit, (saver) => [saver instanceof tf.train.Saver, gives()]),
  gives: [true, expect.anything()],
});
const yields = (edit: Edit, gives: () => unknown, wanted: unknown): GoodProbe => ({
  ...good(edit, gives),
  gives: [true, wanted],
});
const node = (graphDef: tf.protos.GraphDef, name: string) => graphDef.node.find((one) => one.name === name)!;
const unknownOp: Edit = (_, graphDef) => {
  graphDef.node.push(tf.protos.create(tf.protos.NodeDef, { name: "strange", op: "NoSuchOp" }));
};
const extraAttr: Edit = (_, graphDef) => {
  node(graphDef, "a/read").attr.bogus = { i: 1n } as never;
};
const withoutList =
  (edit: Edit): Edit =>
  (def, graphDef) => {
    edit(def, graphDef);
    def.metaInfoDef!.strippedOpList = null;
  };
const collection =
  (key: string, kind: string | undefined, value: unknown[] = []): Edit =>
  (def) => {
    def.collectionDef[key] = tf.protos.decode(
      tf.protos.MetaGraphDef,
      tf.protos.encode(tf.protos.MetaGraphDef, {
        collectionDef: { key: kind ? { [kind]: { value } } : {} },
      } as never),
    ).collectionDef.key!;
  };
const ghost = (): Uint8Array =>
  tf.protos.encode(tf.protos.VariableDef, {
    variableName: "ghost:0",
    initializerName: "ghost/Assign",
    snapshotName: "ghost/read:0",
  });
const versions =
  (edit: object): Edit =>
  (_, graphDef) =>
    Object.assign(graphDef.versions!, edit);

probes(
  ["meta"],
  {
    "meta.missing": file("nope.meta"),
    "meta.garbage": file("bad.meta"),
    "meta.empty": file("empty.meta"),
    "meta.trunc": file("trunc.meta"),
    "meta.dir": (directory) => tf.train.importMetaGraph(directory),
    "meta.notstring": () => tf.train.importMetaGraph(5 as never),
    "meta.unknown_op": good(unknownOp, () => true),
    "meta.unknown_op.nolist": good(withoutList(unknownOp), () => true),
    "meta.extra_attr": good(extraAttr, () => true),
    "meta.extra_attr.nolist": good(withoutList(extraAttr), () => true),
    "meta.missing_attr": imported((_, graphDef) => {
      delete node(graphDef, "a/read").attr.T;
    }),
    "meta.missing_input": imported((_, graphDef) => {
      node(graphDef, "a/read").input[0] = "ghost";
    }),
    "meta.dup_node": imported((_, graphDef) => {
      graphDef.node.push(node(graphDef, "a/initial_value"));
    }),
    "meta.min_consumer": imported(versions({ minConsumer: 1 << 30 })),
    "meta.producer_neg": imported(versions({ producer: -1 })),
    "meta.col.garbage_bytes": imported(collection("variables", "bytesList", [Uint8Array.of(255, 255, 255)])),
    "meta.col.node_missing": imported(collection("nodes", "nodeList", ["ghost:0"])),
    "meta.col.no_kind": yields(collection("odd", undefined), () => tf.getCollection("odd"), []),
    "meta.col.bytes_unregistered": yields(
      collection("odd", "bytesList", [new TextEncoder().encode("xyz")]),
      () => tf.getCollection("odd"),
      ["xyz"],
    ),
    "meta.col.any": yields(
      collection("odd", "anyList", [
        { typeUrl: "type.googleapis.com/tensorflow.NodeDef", value: new Uint8Array(0) },
      ]),
      () => tf.getCollection("odd"),
      [expect.objectContaining({ typeUrl: "type.googleapis.com/tensorflow.NodeDef" })],
    ),
    "meta.col.var_ghost": imported(collection("variables", "bytesList", [ghost()])),
    "meta.no_saver": good(
      (def) => {
        def.saverDef = null;
      },
      () => true,
    ),
    "meta.bad_input_map": async (directory) => {
      const ghosts = { "ghost:0": tf.constant(1, { dtype: "float32" }) };
      await tf.train.importMetaGraph(join(directory, "a.meta"), { inputMap: ghosts });
    },
    "meta.twice": {
      run: async (directory) => {
        const path = join(directory, "a.meta");
        const savers = [await tf.train.importMetaGraph(path), await tf.train.importMetaGraph(path)];
        return [
          savers.map((saver) => saver instanceof tf.train.Saver),
          tf.globalVariables().map(({ name }) => name),
        ];
      },
      gives: [
        [true, true],
        ["a:0", "b:0", "a:0", "b:0"],
      ],
    },
  },
  async (directory) => {
    await writeCheckpoints(directory);
    const bytes = await readFile(join(directory, "a.meta"));
    await writeFile(join(directory, "trunc.meta"), bytes.subarray(0, bytes.length / 2));
    await writeFile(join(directory, "bad.meta"), "Test test!\n");
    await writeFile(join(directory, "empty.meta"), "");
  },
);
