// 1,000 additions, each of the last one's result, of a scalar that goes in; the sum comes out. With fusion off, each is a kernel of its own.
import * as tf from "@org/tf";
import type { Case } from "../case.ts";
import { type A, jit, np } from "../peers/jax-js.ts";
import { open } from "../peers/ours.ts";
import { reading, tf as tfjs } from "../peers/tfjs.ts";

const count = 1000;

async function ours(fusion: boolean): Promise<() => unknown> {
  const build = (): { x: tf.Tensor; sum: tf.Tensor } => {
    const x = tf.placeholder("float32", []);
    let sum: tf.Tensor = x;
    for (let i = 0; i < count; i++) sum = tf.operator.add(sum, 1);
    return { x, sum };
  };
  const { session, built } = await open(build, { fusion });
  const feeds = { [built.x.name]: tf.ndArray("float32", [], Float32Array.of(0.5)) };
  return () => session.run(built.sum, { feeds });
}

export const scalarAdds: Case = {
  name: "1,000 dependent adds",
  ours: () => ours(true),
  tfjs() {
    const one = tfjs.scalar(1);
    return reading(() => {
      let x: tfjs.Tensor = tfjs.scalar(0.5);
      for (let i = 0; i < count; i++) x = tfjs.add(x, one);
      return x;
    });
  },
  jax() {
    // Compiled a hundred at a time: its simplifier overflows the stack on a thousand.
    const adds = jit((x: A) => {
      let sum = x;
      for (let i = 0; i < 100; i++) sum = np.add(sum, 1);
      return sum;
    });
    return () => {
      let x: A = np.array(0.5);
      for (let i = 0; i < count; i += 100) x = adds(x) as A;
      return x.dataSync();
    };
  },
  tensorflow: ["scalar_adds", count],
};

export const unfusedAdds: Case = {
  name: "1,000 dependent adds, fusion off",
  ours: () => ours(false),
  ...(scalarAdds.tfjs ? { tfjs: scalarAdds.tfjs } : {}),
  tensorflow: ["scalar_adds", count],
};
