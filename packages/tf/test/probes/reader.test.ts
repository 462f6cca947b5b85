// openCheckpoint, as pywrap_tensorflow.NewCheckpointReader.
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import { cut, damaged, dataFile, flip, indexFile, writeCheckpoints } from "./files.ts";
import { type GoodProbe, type Probe, probes } from "./probes.ts";

type Reader = Awaited<ReturnType<typeof tf.train.openCheckpoint>>;
const within = async <R>(path: string, use: (reader: Reader) => R | Promise<R>): Promise<R> => {
  const reader = await tf.train.openCheckpoint(path);
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
};
const open =
  (name: string, use: (reader: Reader) => unknown = () => {}): Probe =>
  (directory) =>
    within(join(directory, name), use);
const good = (name: string, gives: unknown): GoodProbe => ({
  run: open(name, (reader) => [
    Object.fromEntries(reader.names().map((key) => [key, reader.shape(key)])),
    reader.has("a"),
    reader.debugString(),
  ]),
  gives,
});
const found = [{ a: [2, 3], b: [] }, true, "a (DT_FLOAT) [2,3]\nb (DT_FLOAT) []\n"];

probes(
  ["reader"],
  {
    "reader.missing": open("nope"),
    "reader.ok": good("a", found),
    "reader.v1.ok": good("a1", found),
    "reader.missing_tensor": open("a", (reader) => reader.get("zz")),
    "reader.missing_tensor.v1": open("a1", (reader) => reader.get("zz")),
    "reader.index.empty": open("c5"),
    "reader.index.magic": open("c7"),
    "reader.data.flip": open("c1", (reader) => reader.get("a")),
    "reader.datafile": open("a.data-00000-of-00001"),
    "reader.meta": open("a.meta"),
  },
  async (directory) => {
    await writeCheckpoints(directory);
    await damaged(directory, "a", "c1", dataFile, flip(0));
    await damaged(directory, "a", "c5", indexFile, cut(0));
    await damaged(directory, "a", "c7", indexFile, flip(-1));
  },
);
