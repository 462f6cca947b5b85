// Device scopes: nesting and merging, device functions, None, replica_device_setter, colocate_with.
import type { Operation } from "@org/graph";
import * as tf from "../../src/index.ts";

const { add, sub } = tf.operator;

const onGpu = (op: Operation): string => (op.type === "MatMul" ? "/device:GPU:1" : "/cpu:0");

export function build(): tf.train.Saver {
  tf.setRandomSeed(5);
  const z = tf.device("/job:worker/task:3", () => {
    const x = tf.placeholder("float32", [8, 8], { name: "x" });
    const [y, inner, free] = tf.device("/gpu:0", () => {
      const product = tf.matmul(x, x);
      return tf.device("/job:ps", () => {
        const more = add(product, 1);
        return [product, more, tf.device(null, () => tf.negative(more))] as const;
      });
    });
    return tf.device(onGpu, () => sub(tf.matmul(inner, y), free));
  });
  const cluster = { ps: ["a:1", "b:1"], worker: ["c:1"] };
  const replica = tf.train.replicaDeviceSetter({ cluster, workerDevice: "/job:worker/task:0" })!;
  const [v, out] = tf.device(replica, () => {
    const variables = [0, 1, 2].map((i) => tf.getVariable(`v${i}`, [8, 8]));
    const sum = tf.addN(
      variables.map((w) => tf.matmul(z, w)),
      { name: "out" },
    );
    return [variables, sum] as const;
  });
  tf.colocateWith(v[1]!, () => {
    tf.identity(out, { name: "beside_v1" });
    tf.device("/cpu:3", () => tf.identity(out, { name: "beside_v1_cpu" }));
  });
  const trainOp = tf.device("/device:CPU:0", () => {
    const loss = tf.reduceSum(out);
    tf.addToCollection("grads", tf.gradients(loss, v, { colocateGradientsWithOps: true })[0]);
    return new tf.train.GradientDescentOptimizer(1).minimize(loss, { colocateGradientsWithOps: true });
  });
  tf.addToCollection("train_op", trainOp);
  return new tf.train.Saver();
}
