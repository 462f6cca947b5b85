// Runs: feeds, empty graphs, closed sessions. Gradients and optimizers without anything to do.
import * as tf from "../../src/index.ts";
import { openSession } from "./files.ts";
import { type Probe, probes } from "./probes.ts";

const any = (value: unknown): never => value as never;
/** A run of what `build` gives. */
const run =
  (build: () => unknown, feeds: Record<string, unknown> = {}): Probe =>
  async () => {
    const fetches = build();
    const session = openSession();
    try {
      return await session.run(any(fetches), { feeds: any(feeds) });
    } finally {
      await session.close();
    }
  };
const p = (shape: number[] | null) => () =>
  tf.identity(tf.placeholder("float32", shape, { name: "p" }), { name: "same" });

probes(["sess"], {
  "sess.nofeed": run(p(null)),
  "sess.nofeed_shape": run(p([2])),
  "sess.badfeed": run(p([2]), { "p:0": [1, 2, 3] }),
  "sess.uninit": run(() => new tf.Variable(1, { name: "u", dtype: "float32" })),
  "sess.none": run(() => null),
  "sess.empty": run(() => []),
  "sess.othergraph": run(() => new tf.Graph().asDefault(() => tf.constant(1))),
  "sess.emptygraph": run(() => "c:0"),
  "sess.closed": async () => {
    const c = tf.constant(1);
    const session = openSession();
    await session.close();
    await session.run(c);
  },
});

const v = () => new tf.Variable(1, { name: "v", dtype: "float32" });
const one = () => tf.constant(1, { dtype: "float32" });
const minimize = (loss: tf.Tensor) => new tf.train.GradientDescentOptimizer(0.1).minimize(loss);

probes(["grad", "opt"], {
  "grad.none": { run: () => tf.gradients(one(), [v()]), gives: [undefined] },
  "opt.novars": () => minimize(one()),
  "opt.nograd": () => {
    v();
    minimize(one());
  },
});
