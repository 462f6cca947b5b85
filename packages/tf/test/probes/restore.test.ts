// Saver.restore: paths, keys, shapes, types; files that are damaged.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import {
  cut,
  damaged,
  dataFile,
  flip,
  indexFile,
  openSession,
  saveInitial,
  variables,
  writeCheckpoints,
} from "./files.ts";
import { type GoodProbe, type Probe, probes } from "./probes.ts";

type Options = ConstructorParameters<typeof tf.train.Saver>[1];

/** Restores into variables a and b, or what `build` makes; the values afterwards. */
const restore =
  (name: string | null, build: () => unknown = variables, options: Options = {}): Probe =>
  async (directory) => {
    build();
    const all = tf.globalVariables();
    const saver = new tf.train.Saver(null, { onWarning: () => {}, ...options });
    const session = openSession();
    try {
      await saver.restore(session, name ? join(directory, name) : name);
      return (await session.run(all.map((variable) => variable.name))).map((value) => tf.toArray(value));
    } finally {
      await session.close();
    }
  };
const values = [
  [
    [0, 1, 2],
    [3, 4, 5],
  ],
  7,
];
const restored = (run: Probe, gives: unknown = values): GoodProbe => ({ run, gives });
const one =
  (name: string, shape: number[], dtype: "float32" | "int32" = "float32") =>
  () =>
    new tf.Variable(tf.zeros(shape, dtype), { name });
const strings = () => new tf.Variable(["hello", "world"], { name: "s", dtype: "string" });

probes(
  ["restore", "corrupt", "v1"],
  {
    "restore.None": restore(null),
    "restore.missing": restore("nope"),
    "restore.missing.emptystr": restore(""),
    "restore.datafile_as_path.V2": restore("a.data-00000-of-00001"),
    "restore.indexfile_as_path": restore("a.index"),
    "restore.ok": restored(restore("a")),
    "restore.V1file.with.V2saver": restored(restore("a1")),
    "restore.V2.with.V1saver": restored(restore("a", variables, { writeVersion: "V1" })),
    "restore.missingkey.V2": restore("a", one("zz", [])),
    "restore.missingkey.V1": restore("a1", one("zz", [])),
    "restore.shape.V2": restore("a", one("a", [3, 2])),
    "restore.shape.V2.reshape": restored(restore("a", one("a", [3, 2]), { reshape: true }), [
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ]),
    "restore.shape.V2.reshape.bad": restore("a", one("a", [4, 2]), { reshape: true }),
    "restore.shape.V1": restore("a1", one("a", [3, 2])),
    "restore.dtype.V2": restore("a", one("a", [2, 3], "int32")),
    "restore.dtype.V1": restore("a1", one("a", [2, 3], "int32")),
    "corrupt.data.flip": restore("c1"),
    "corrupt.data.trunc": restore("c2"),
    "corrupt.data.empty": restore("c3"),
    "corrupt.data.missing": restore("c4"),
    "corrupt.index.empty": restore("c5"),
    "corrupt.index.trunc": restore("c6"),
    "corrupt.index.magic": restore("c7"),
    "corrupt.index.block": restore("c8"),
    "corrupt.index.header0": restore("c8b"),
    "corrupt.string.len": restore("c9", strings),
    "corrupt.string.body": restore("c10", strings),
    "v1.trunc": restore("v1a"),
    "v1.flip": restore("v1b"),
    "v1.empty": restore("v1c"),
  },
  async (directory) => {
    await writeCheckpoints(directory);
    await new tf.Graph().asDefault(() => {
      strings();
      return saveInitial(join(directory, "s"));
    });
    await damaged(directory, "a", "c1", dataFile, flip(0));
    await damaged(directory, "a", "c2", dataFile, cut(10));
    await damaged(directory, "a", "c3", dataFile, cut(0));
    await damaged(directory, "a", "c4", dataFile, () => undefined);
    await damaged(directory, "a", "c5", indexFile, cut(0));
    await damaged(directory, "a", "c6", indexFile, cut(60));
    await damaged(directory, "a", "c7", indexFile, flip(-1));
    await damaged(directory, "a", "c8", indexFile, flip(10));
    await damaged(directory, "a", "c8b", indexFile, flip(0));
    await damaged(directory, "s", "c9", dataFile, flip(0));
    await damaged(directory, "s", "c10", dataFile, flip(-9));
    const v1 = new Uint8Array(await readFile(join(directory, "a1")));
    await writeFile(join(directory, "v1a"), v1.subarray(0, v1.length / 2));
    await writeFile(join(directory, "v1b"), flip(5)(v1.slice()));
    await writeFile(join(directory, "v1c"), new Uint8Array(0));
  },
);
