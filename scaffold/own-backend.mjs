// A backend from outside: it counts launches, and leaves the work to another. A model is trained through it. On public exports alone.
import assert from "node:assert/strict";
import { cpu } from "@org/kernels-cpu";
import * as tf from "@org/tf";

function counting(inner) {
  const backend = {
    ...inner,
    name: "COUNTING",
    launched: 0,
    launch(...args) {
      backend.launched++;
      inner.launch(...args);
    },
  };
  return backend;
}

const backend = counting(cpu());
const x = tf.constant([
  [1, 2],
  [3, 4],
  [5, 7],
]);
const w = new tf.Variable(tf.zeros([2, 1]), { name: "w" });
const loss = tf.reduceMean(tf.square(tf.subtract(tf.matmul(x, w), [[1], [2], [4]])), { name: "loss" });
const trainOp = new tf.train.GradientDescentOptimizer(0.01).minimize(loss);

// Without a fallback, all that is computed is computed there.
const session = new tf.Session({ backends: [backend], fallback: false });
await session.run(tf.globalVariablesInitializer());
const [before] = tf.toNumbers(await session.run(loss));
backend.launched = 0;
await session.run(trainOp);
const step = backend.launched;
assert.ok(step > 0, "nothing was launched");
for (let i = 0; i < 9; i++) await session.run(trainOp);
assert.equal(backend.launched, 10 * step, "every step launches the same");
const [after] = tf.toNumbers(await session.run(loss));
assert.ok(after < before / 2, `the loss went from ${before} to ${after}`);

const stats = await session.stats();
assert.deepEqual(
  stats.backends.map(({ name }) => name),
  ["COUNTING"],
);
await session.close();
console.log(`a backend of one's own: ${step} launches a training step, ${backend.launched} in all`);
