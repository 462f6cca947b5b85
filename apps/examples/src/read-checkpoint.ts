// Reads tensors from a checkpoint, without a graph. `read-checkpoint [PREFIX]`.
import { join } from "node:path";
import { openCheckpoint, toArray, toNumbers } from "@org/metagraph";

const prefix = process.argv[2] ?? join(import.meta.dirname, "../data/howto/infer-0");
await using checkpoint = await openCheckpoint(prefix); // V1 or V2
console.log(`${prefix}: format ${checkpoint.version}`);

for await (const { name, dtype, shape } of checkpoint) {
  const values = toNumbers(await checkpoint.get(name));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(`${name} ${dtype} [${shape}], mean ${mean.toFixed(4)}`);
}

// Of a large tensor, only the part that is wanted is read.
const [largest] = checkpoint.names().filter((name) => checkpoint.shape(name).length === 2);
if (largest) {
  const corner = await checkpoint.get(largest, {
    slice: { starts: [0, 0], lengths: [2, 3] },
  });
  console.log(`first rows of ${largest}:`, toArray(corner));
}
