// A backend of your own: this one counts what it launches, by kind, and leaves the work to another.
import type { Backend } from "@org/hlo";
import { cpu } from "@org/kernels-cpu";
import * as tf from "@org/tf";

function counting(inner: Backend): Backend & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>();
  return {
    ...inner,
    name: "COUNTING",
    counts,
    launch(executable, ...rest) {
      const { kind } = executable.fusion;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      inner.launch(executable, ...rest);
    },
  };
}

const backend = counting(cpu());
const x = tf.constant([
  [1, 2],
  [3, 4],
]);
const w = new tf.Variable(tf.zeros([2, 1]), { name: "w" });
const loss = tf.reduceMean(tf.square(tf.subtract(tf.matmul(x, w), 1)));
const trainOp = new tf.train.GradientDescentOptimizer(0.05).minimize(loss);

await using sess = new tf.Session({ backends: [backend], fallback: false });
await sess.run(tf.globalVariablesInitializer());
for (let step = 0; step < 10; step++) await sess.run(trainOp);
console.log(Object.fromEntries(backend.counts));
