// What a step costs on WebGPU in what can be counted anywhere: dispatches, submits, pipelines compiled, bytes moved. Not in time: a driver in
// software says nothing of a GPU's. In Node through the package `webgpu`, on whatever Vulkan driver there is.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Backend, BackendStats } from "@org/hlo";
import { gpu } from "@org/kernels-gpu";
import * as tf from "@org/tf";
import { learningRate, makeBatch, numbers } from "./model.ts";
import { network, open } from "./peers/ours.ts";

type Counts = BackendStats & { readonly submits?: number };

/** A graph to count: which feeds and fetches a run of `batch` examples has. */
interface Counted {
  readonly name: string;
  readonly batches: readonly number[];
  readonly build: () => (batch: number) => { fetches: tf.Fetches; feeds: Record<string, tf.NdArray> };
}

const images = (x: tf.Tensor, batch: number): Record<string, tf.NdArray> => ({
  [x.name]: tf.ndArray("float32", [batch, 784], makeBatch(batch).images),
});

const cases: readonly Counted[] = [
  {
    name: "the how-to's training step",
    batches: [100, 33, 1],
    build: () => {
      const x = tf.placeholder("float32", [null, 784]);
      const y = tf.placeholder("int32", [null]);
      const logits = network(x);
      const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels: y, logits }));
      const train = new tf.train.GradientDescentOptimizer(learningRate).minimize(loss);
      return (batch) => ({
        fetches: [loss, train],
        feeds: { ...images(x, batch), [y.name]: tf.ndArray("int32", [batch], makeBatch(batch).labels) },
      });
    },
  },
  {
    name: "its inference",
    batches: [100, 1],
    build: () => {
      const x = tf.placeholder("float32", [null, 784]);
      const logits = network(x);
      return (batch) => ({ fetches: logits, feeds: images(x, batch) });
    },
  },
  {
    name: "a product of matrices",
    batches: [512],
    build: () => {
      const [a, b] = [tf.placeholder("float32", [null, null]), tf.placeholder("float32", [null, null])];
      const product = tf.matmul(a, b);
      return (n) => {
        const square = tf.ndArray("float32", [n, n], numbers(n * n, 1, 3));
        return { fetches: product, feeds: { [a.name]: square, [b.name]: square } };
      };
    },
  },
];

async function nodeGpu(): Promise<GPU> {
  const near = createRequire(join(import.meta.dirname, "../../packages/kernels-gpu/package.json"));
  const { create } = (await import(pathToFileURL(near.resolve("webgpu")).href)) as {
    create: (options: readonly string[]) => GPU;
  };
  return create([]);
}

const difference = (after: Counts, before: Counts): string => {
  const count = (of: (counts: Counts) => number): number => of(after) - of(before);
  return [
    `${count(({ launches }) => launches)} launches`,
    `${count(({ submits }) => submits ?? 0)} submits`,
    `${count(({ compiled }) => compiled)} pipelines compiled`,
    `${count(({ bytesUploaded }) => bytesUploaded)} bytes up`,
    `${count(({ bytesDownloaded }) => bytesDownloaded)} down`,
  ].join(", ");
};

const fetchedBytes = (value: unknown): number => {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + fetchedBytes(each), 0);
  return (value as tf.NdArray | undefined)?.data ? (value as { data: Float32Array }).data.byteLength : 0;
};

async function count(root: GPU, { name, batches, build }: Counted): Promise<void> {
  const backend: Backend = await gpu({ gpu: root });
  const elsewhere = new Set<string>();
  const { session, built: of } = await open(build, {
    backends: [backend, "cpu"],
    onPlacement: ({ node, backend: at }) => {
      if (at !== "GPU" && at !== "HOST") elsewhere.add(`${node} on ${at}`);
    },
  });
  for (const batch of batches) {
    const { fetches, feeds } = of(batch);
    const run = async (): Promise<[Counts, Counts, unknown]> => {
      const before = backend.stats();
      const values = await session.run(fetches, { feeds });
      return [backend.stats(), before, values];
    };
    const [first, start] = await run();
    console.log(`${name}, batch ${batch}, first: ${difference(first, start)}`);
    const [after, before, values] = await run();
    console.log(`${name}, batch ${batch}: ${difference(after, before)} (${fetchedBytes(values)} fetched)`);
  }
  if (elsewhere.size > 0) console.log(`  not on the GPU: ${[...elsewhere].join(", ")}`);
  await session.close();
  await backend.close();
}

const [, , ...words] = process.argv;
const root = await nodeGpu();
for (const each of cases)
  if (words.length === 0 || words.some((word) => each.name.includes(word))) await count(root, each);
// Dawn keeps threads that hold the process.
process.exit(0);
