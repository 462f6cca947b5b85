// A checkpoint of 10,000 keys: opened, and one tensor read.
import { openCheckpoint, writeCheckpoint } from "@org/checkpoint";
import type { NdArray } from "@org/tensor";
import type { CheckpointCase } from "../checkpoints.ts";
import { rounds, type Timed, timed } from "./rounds.ts";

const keys = 10_000;
const key = "model/layer_05000/attention/kernel";

export const openManyKeys: CheckpointCase = {
  name: "open 10,000 keys, read one tensor",
  async run(folder, peers) {
    const prefix = `${folder}/many`;
    const entries = Array.from({ length: keys }, (_, i): [string, NdArray] => [
      `model/layer_${String(i).padStart(5, "0")}/attention/kernel`,
      { dtype: "float32", shape: [16], data: new Float32Array(16).fill(i) },
    ]);
    await writeCheckpoint(prefix, entries);
    const own = async (): Promise<void> => {
      const reader = await openCheckpoint(prefix);
      await reader.get(key);
      await reader.close();
    };
    const works: Record<string, Timed> = { ours: () => timed(own) };
    for (const peer of peers)
      works[peer.version] = () => peer.ask({ do: "open", prefix, key }) as Promise<number>;
    const spread = await rounds(works, 30);
    return Object.fromEntries(
      Object.entries(spread).map(([name, { best, median }]) => [
        name,
        `${(best * 1000).toFixed(2)} ms (median ${(median * 1000).toFixed(2)})`,
      ]),
    );
  },
};
