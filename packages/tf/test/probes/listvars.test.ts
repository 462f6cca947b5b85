// listVariables and initFromCheckpoint.
import { join } from "node:path";
import * as tf from "../../src/index.ts";
import { writeCheckpoints } from "./files.ts";
import { type Probe, probes } from "./probes.ts";

/** Starts a variable "a" of a shape from the key `key` of checkpoint a; named, or itself. */
const start =
  (shape: number[], key: string, name?: string): Probe =>
  (directory) => {
    const a = new tf.Variable(tf.zeros(shape), { name: "a" });
    return tf.train.initFromCheckpoint(join(directory, "a"), { [key]: name ?? a });
  };

probes(
  ["listvars", "initfrom"],
  {
    "listvars.missing": (directory) => tf.train.listVariables(join(directory, "zzz")),
    "initfrom.missing_key": start([2, 3], "zz"),
    "initfrom.shape": start([3, 3], "a"),
    "initfrom.no_var": start([2, 3], "a", "nope"),
  },
  writeCheckpoints,
);
