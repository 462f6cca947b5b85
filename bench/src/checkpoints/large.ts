// A checkpoint of 6 GiB (METAGRAPH_BENCH_GIB names another size), written, copied under other names and read, tensor by tensor of 64 MiB;
// the most memory that the process took is printed. The files go away.
import { rmSync } from "node:fs";
import { convertCheckpoint, createCheckpointWriter, openCheckpoint } from "@org/checkpoint";
import type { NdArray } from "@org/tensor";
import type { CheckpointCase } from "../checkpoints.ts";

const gib = Number(process.env.METAGRAPH_BENCH_GIB ?? 6);
const elements = 2 ** 24;
const tensors = (gib * 2 ** 30) / (elements * 4);
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Speed of `work`, and the highest resident size seen in it, over the one before. */
async function watched(work: (look: () => void) => Promise<unknown>): Promise<string> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let highest = before;
  const look = (): void => {
    highest = Math.max(highest, process.memoryUsage.rss());
  };
  const start = performance.now();
  await work(look);
  const seconds = (performance.now() - start) / 1000;
  return `${((tensors * elements * 4) / seconds / 1e9).toFixed(2)} GB/s, at most ${mib(highest)} resident (${mib(highest - before)} more)`;
}

export const largeCheckpoint: CheckpointCase = {
  name: `${gib} GiB`,
  async run(folder) {
    const prefix = `${folder}/large`;
    const value: NdArray = {
      dtype: "float32",
      shape: [elements],
      data: new Float32Array(elements).fill(1.5),
    };
    const write = await watched(async (look) => {
      const writer = await createCheckpointWriter(prefix, { onProgress: look });
      for (let i = 0; i < tensors; i++) await writer.add(`v${String(i).padStart(4, "0")}`, value);
      await writer.finish();
    });
    const copy = await watched((look) =>
      convertCheckpoint(prefix, `${folder}/copy`, { rename: (name) => `model/${name}`, onProgress: look }),
    );
    for (const end of ["index", "data-00000-of-00001"]) rmSync(`${folder}/copy.${end}`);
    const read = await watched(async (look) => {
      const reader = await openCheckpoint(prefix);
      for (const name of reader.names()) await reader.get(name, { onBytes: look });
      await reader.close();
    });
    for (const end of ["index", "data-00000-of-00001"]) rmSync(`${folder}/large.${end}`);
    return { write, copy, read };
  },
};
