// A program that saves until it is killed; killed-saves.node.test.ts bundles it and runs it as a process of its own.
//
//   killed-saver.mjs DIRECTORY KIND     KIND: see `ways`
//
// Each line that it prints has the number that a finished save has put into every variable, and how many milliseconds the save took.
import { joinPath } from "@org/io";
import * as tf from "../src/index.ts";
import { ways } from "./killed-saver-ways.ts";

const directory = process.argv[2]!;
const { sharded, writeVersion, rotates } = ways[process.argv[3]!]!;
const prefix = joinPath(directory, "model");

const w = tf.device("/cpu:0", () => new tf.Variable(tf.zeros([300, 100]), { name: "w" }));
const v = tf.device("/cpu:1", () => new tf.Variable(tf.zeros([7]), { name: "v" }));
const x = tf.placeholder("float32", [], { name: "x" });
const set = tf.group([tf.assign(w, tf.fill([300, 100], x)), tf.assign(v, tf.fill([7], x))]);
const saver = new tf.train.Saver(null, { sharded, writeVersion, maxToKeep: 2, onWarning: () => {} });
const session = new tf.Session({ backends: ["evaluator"] });

let n = 0;
const latest = await tf.train.latestCheckpoint(directory);
if (latest !== undefined) {
  await saver.restore(session, latest);
  n = tf.toNumbers(await session.run("v:0"))[0]!;
  const state = await tf.train.getCheckpointState(directory);
  await saver.recoverLastCheckpoints(state!.allModelCheckpointPaths);
}
for (;;) {
  n++;
  await session.run(set, { feeds: { "x:0": n } });
  const start = performance.now();
  await saver.save(session, prefix, rotates ? { globalStep: n } : {});
  console.log(n, performance.now() - start);
}
