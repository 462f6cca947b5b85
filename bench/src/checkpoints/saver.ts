// A Saver's save and restore through a session on the CPU backend: 64 variables of 4 MiB. Ours is durable when `save` is done (fsync);
// TensorFlow leaves that to the system.
import * as tf from "@org/tf";
import type { CheckpointCase, Row } from "../checkpoints.ts";
import type { TensorFlowPeer } from "../peers/tensorflow.ts";
import { rounds, type Timed, timed } from "./rounds.ts";

const variables = 64;
const elements = 2 ** 20;
const bytes = variables * elements * 4;

async function ours(
  folder: string,
): Promise<{ save: () => Promise<unknown>; restore: () => Promise<unknown> }> {
  const graph = new tf.Graph();
  const { saver, init, change } = graph.asDefault(() => {
    const all = Array.from({ length: variables }, (_, i) =>
      tf.getVariable(`v${String(i).padStart(3, "0")}`, [elements], {
        initializer: tf.randomUniformInitializer(),
      }),
    );
    const change = tf.group(all.map((variable) => tf.assignAdd(variable, tf.ones([elements])).op));
    return { saver: new tf.train.Saver(), init: tf.globalVariablesInitializer(), change };
  });
  const session = new tf.Session({ graph, backends: ["cpu"], fallback: true });
  await session.run(init);
  // Values that only the backend has, as after a training step.
  await session.run(change);
  const prefix = `${folder}/ours`;
  return {
    save: () => saver.save(session, prefix, { writeMetaGraph: false }),
    restore: () => saver.restore(session, prefix),
  };
}

async function contenders(
  folder: string,
  peers: readonly TensorFlowPeer[],
  what: "save" | "restore",
): Promise<Row> {
  const own = await ours(folder);
  await own.save();
  const works: Record<string, Timed> = { ours: () => timed(own[what]) };
  for (const peer of peers) {
    await peer.ask({ do: "prepare", folder, variables, elements });
    await peer.ask({ do: "save" });
    works[peer.version] = () => peer.ask({ do: what }) as Promise<number>;
  }
  const spread = await rounds(works, 9);
  const speed = (seconds: number): string => (bytes / seconds / 1e9).toFixed(2);
  return Object.fromEntries(
    Object.entries(spread).map(([name, { best, median }]) => [
      name,
      `${speed(best)} GB/s (median ${speed(median)})`,
    ]),
  );
}

export const saveAndRestore: readonly CheckpointCase[] = [
  { name: "save 256 MiB", run: (folder, peers) => contenders(folder, peers, "save") },
  { name: "restore 256 MiB", run: (folder, peers) => contenders(folder, peers, "restore") },
];
