// Samples that our own writers make: the same bytes on every machine, no golden files needed.
import { createCheckpointWriter, type V1Entry, writeCheckpoint, writeV1 } from "@org/checkpoint";
import {
  concatBytes,
  type FileSystem,
  frameRecord,
  memoryFileSystem,
  openRecordWriter,
  type RecordCompression,
  readFile,
} from "@org/io";
import { decode, Event, encode, GraphDef, MetaGraphDef, SavedModel } from "@org/proto";
import { toText } from "@org/proto/text";
import { parseSavedModel } from "@org/saved-model";
import { convertToNdArray, type DType, dtypes, type NdArray, ndArray } from "@org/tensor";
import * as tf from "@org/tf";
import { writeNpz } from "../../packages/cli/src/tensors/npz.ts";
import { writeSafetensors } from "../../packages/cli/src/tensors/safetensors.ts";
import type { Form, Sample, SampleFile } from "./sample.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a sample's graph is run and saved by. */
interface Model {
  readonly init: tf.Operation;
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** Small graphs: each has other parts of what a MetaGraph can hold. */
const models: Readonly<Record<string, () => Model>> = {
  variable() {
    const x = tf.placeholder(tf.float32, [null, 2], { name: "x" });
    const w = tf.nameScope("layer", () => new tf.Variable(tf.zeros([2, 1]), { name: "w" }));
    return { init: tf.globalVariablesInitializer(), x, y: tf.matmul(x, w, { name: "y" }) };
  },
  conditional() {
    const x = tf.placeholder(tf.float32, [], { name: "x" });
    const v = new tf.Variable(1.5, { name: "v", trainable: false });
    const y = tf.cond(
      tf.less(x, 1),
      () => tf.square(x),
      () => tf.add(x, 1),
    ) as tf.Tensor;
    tf.addToCollection("results", tf.add(y, v));
    return { init: tf.globalVariablesInitializer(), x, y };
  },
  trained() {
    const x = tf.placeholder(tf.float32, [], { name: "x" });
    const v = new tf.Variable(1.5, { name: "v" });
    const step = new tf.Variable(convertToNdArray(0n, "int64"), { name: "global_step", trainable: false });
    const y = tf.multiply(x, v);
    tf.summary.scalar("loss", y);
    const train = new tf.train.MomentumOptimizer(0.1, 0.9).minimize(y, { globalStep: step });
    tf.addToCollection("train_op", train);
    return { init: tf.globalVariablesInitializer(), x, y };
  },
};

async function filesUnder(fs: FileSystem, directory: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of await fs.list(directory)) {
    const path = `${directory}/${name}`;
    if ((await fs.stat(path))?.isDirectory)
      for (const [inner, bytes] of await filesUnder(fs, path)) files.set(inner, bytes);
    else files.set(path, await readFile(fs, path));
  }
  return files;
}

const formOf = (path: string): Form =>
  path.endsWith(".index")
    ? "table"
    : /\.(pb|meta)$/.test(path)
      ? "proto"
      : /\.pbtxt$|checkpoint$/.test(path)
        ? "text"
        : "bytes";

const withForms = (files: Iterable<[string, Uint8Array]>): Record<string, SampleFile> =>
  Object.fromEntries([...files].map(([path, bytes]) => [path, { form: formOf(path), bytes }]));

const one = (name: string, kind: Sample["kind"], path: string, form: Form, bytes: Uint8Array): Sample => ({
  name,
  kind,
  path,
  files: { [path]: { form, bytes } },
});

async function graphSamples(name: string, build: () => Model): Promise<Sample[]> {
  const fs = memoryFileSystem();
  const graph = new tf.Graph();
  const model = graph.asDefault(build);
  await using session = new tf.Session({ graph, backends: ["evaluator"], fs });
  await session.run(model.init);
  const saver = graph.asDefault(() => new tf.train.Saver());
  const prefix = (await saver.save(session, "run/model", { globalStep: 1 }))!;
  const files = await filesUnder(fs, "run");
  const def = decode(MetaGraphDef, files.get(`${prefix}.meta`)!);

  await graph.asDefault(() => tf.savedModel.simpleSave(session, "saved", { x: model.x }, { y: model.y }));
  const saved = await filesUnder(fs, "saved");
  const message = await parseSavedModel("saved", { fs });
  const asText = new Map(saved);
  asText.delete("saved/saved_model.pb");
  asText.set("saved/saved_model.pbtxt", utf8(toText(SavedModel, message)));

  const { [`${prefix}.meta`]: meta, "run/checkpoint": state, ...checkpoint } = withForms(files);
  return [
    { name, kind: "metaGraph", path: `${prefix}.meta`, files: { [`${prefix}.meta`]: meta! } },
    one(`${name} as text`, "metaGraph", "m.pbtxt", "text", utf8(toText(MetaGraphDef, def))),
    one(`${name}: graph`, "graphDef", "g.pb", "proto", encode(GraphDef, def.graphDef!)),
    one(`${name}: graph as text`, "graphDef", "g.pbtxt", "text", utf8(toText(GraphDef, def.graphDef!))),
    { name: `${name}: values`, kind: "checkpoint", path: prefix, files: checkpoint },
    {
      name: `${name}: state`,
      kind: "state",
      path: "run",
      files: { "run/checkpoint": state!, ...checkpoint },
    },
    { name: `${name}: saved`, kind: "savedModel", path: "saved", files: withForms(saved) },
    { name: `${name}: saved as text`, kind: "savedModel", path: "saved", files: withForms(asText) },
  ];
}

/** A small array of each type that files can hold. */
function arrays(types: readonly DType[]): Record<string, NdArray> {
  const all: Record<string, NdArray> = {};
  for (const dtype of types) {
    const array = ndArray(dtype, [2, 3]);
    if (dtypes[dtype].storage === "bytes")
      for (let i = 0; i < 6; i++) (array.data as Uint8Array[])[i] = utf8("s".repeat(i));
    else new Uint8Array((array.data as Uint8Array).buffer).fill(1);
    all[`v/${dtype}`] = array;
    all[`scalar/${dtype}`] = ndArray(dtype, []);
    all[`none/${dtype}`] = ndArray(dtype, [0, 2]);
  }
  return all;
}

const numbers: readonly DType[] = [
  "float32",
  "float64",
  "int32",
  "int64",
  "uint8",
  "bool",
  "complex64",
  "float16",
];

async function checkpointSamples(): Promise<Sample[]> {
  const fs = memoryFileSystem();
  const tensors = arrays([...numbers, "bfloat16", "qint8", "string"]);
  await writeCheckpoint("v2/all", tensors, { fs });
  const parts = await createCheckpointWriter("v2/parts", { fs });
  const whole = [4, 5];
  for (const start of [0, 2])
    await parts.add("part", ndArray("float32", [2, 5]), {
      fullShape: whole,
      slice: { starts: [start, 0], lengths: [2, -1] },
    });
  await parts.finish();
  const v1 = Object.entries(arrays([...numbers, "string"])).map(
    ([name, value]): V1Entry => ({ name, value }),
  );
  await fs.makeDirectory("v1");
  await writeV1("v1/all", v1, { fs });
  await writeV1(
    "v1/parts",
    [0, 2].map((start) => ({
      name: "part",
      value: ndArray("int32", [2, 5]),
      part: { fullShape: whole, slice: { starts: [start, 0], lengths: [2, -1] } },
    })),
    { fs },
  );
  const v2 = await filesUnder(fs, "v2");
  const startingWith = (prefix: string) => withForms([...v2].filter(([path]) => path.startsWith(prefix)));
  return [
    { name: "V2", kind: "checkpoint", path: "v2/all", files: startingWith("v2/all.") },
    { name: "V2 in parts", kind: "checkpoint", path: "v2/parts", files: startingWith("v2/parts.") },
    one("V1", "checkpoint", "v1/all", "table", await readFile(fs, "v1/all")),
    one("V1 in parts", "checkpoint", "v1/parts", "table", await readFile(fs, "v1/parts")),
  ];
}

async function recordSamples(): Promise<Sample[]> {
  const fs = memoryFileSystem();
  const samples: Sample[] = [];
  for (const [compression, form] of [
    ["", "records"],
    ["GZIP", "gzip"],
    ["ZLIB", "zlib"],
  ] as [RecordCompression, Form][]) {
    const path = `data.${form}`;
    const writer = await openRecordWriter(path, { fs, compression });
    for (const length of [0, 1, 100, 5000]) await writer.write(new Uint8Array(length).fill(length));
    await writer.close();
    samples.push(one(form, "records", path, form, await readFile(fs, path)));
  }
  const events = [
    { fileVersion: "brain.Event:2" },
    {
      step: 1n,
      summary: {
        value: [
          { tag: "loss", simpleValue: 0.5 },
          { tag: "h", histo: { min: 0, max: 1, num: 2, bucketLimit: [0, 1], bucket: [1, 1] } },
          { tag: "t", tensor: { dtype: 1, tensorShape: { dim: [{ size: 1n }] }, floatVal: [1] } },
        ],
      },
    },
    { step: 2n, sessionLog: { status: 1 } },
  ].map((event) => frameRecord(encode(Event, { wallTime: 1e9, ...event })));
  samples.push(one("events", "events", "runs/tfevents", "records", concatBytes(events)));
  return samples;
}

async function tensorFileSamples(): Promise<Sample[]> {
  const fs = memoryFileSystem();
  const tensors = Object.entries(arrays(numbers)).map(([name, value]) => ({
    name,
    dtype: value.dtype,
    shape: value.shape,
    read: async () => value,
  }));
  const written = async (path: string, write: typeof writeNpz, options = {}): Promise<Uint8Array> => {
    const sink = await fs.create(path);
    await write(sink, tensors, options);
    await sink.close();
    return readFile(fs, path);
  };
  return [
    one("npz", "npz", "a.npz", "zip", await written("a.npz", writeNpz)),
    one("packed npz", "npz", "b.npz", "zip", await written("b.npz", writeNpz, { compress: true })),
    one(
      "safetensors",
      "safetensors",
      "a.safetensors",
      "safetensors",
      await written("a.safetensors", writeSafetensors),
    ),
  ];
}

/** All of them. */
export async function ownSamples(): Promise<Sample[]> {
  const all = await Promise.all([
    ...Object.entries(models).map(([name, build]) => graphSamples(name, build)),
    checkpointSamples(),
    recordSamples(),
    tensorFileSamples(),
  ]);
  return all.flat();
}
