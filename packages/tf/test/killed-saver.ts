// A program that saves over one prefix until it is killed; the test bundles it and runs it as a process of its own.
// Each line that it prints is the number that a finished save has put into every variable.
import * as tf from "../src/index.ts";

const prefix = process.argv[2]!;
const w = new tf.Variable(tf.zeros([300, 100]), { name: "w" });
const v = new tf.Variable(tf.zeros([7]), { name: "v" });
const x = tf.placeholder("float32", [], { name: "x" });
const set = tf.group([tf.assign(w, tf.fill([300, 100], x)), tf.assign(v, tf.fill([7], x))]);
const saver = new tf.train.Saver();
const session = new tf.Session({ backends: ["evaluator"] });
let n = 0;
if (await tf.train.checkpointExists(prefix)) {
  await saver.restore(session, prefix);
  n = tf.toNumbers(await session.run("v:0"))[0]!;
}
for (;;) {
  n++;
  await session.run(set, { feeds: { "x:0": n } });
  await saver.save(session, prefix);
  console.log(n);
}
