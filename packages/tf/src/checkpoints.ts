// tf.train's managers of checkpoints, and functions that start variables of the default graph from checkpoints.
// What they do: @org/saver, @org/train.
import * as savers from "@org/saver";
import * as training from "@org/train";
import { getDefaultGraph } from "./default-graph.ts";
import { allowGraphFiles } from "./graph-files.ts";
import { warnOnce } from "./warn-once.ts";

/** tf.train.init_from_checkpoint, on the default graph: see `initFromCheckpoint` of @org/train. A session reaches the checkpoint without more ado. */
export async function initFromCheckpoint(
  directoryOrPrefix: string,
  assignmentMap: training.AssignmentMap,
  options: training.InitFromCheckpointOptions = {},
): Promise<string> {
  const graph = options.graph ?? getDefaultGraph();
  const prefix = await training.initFromCheckpoint(directoryOrPrefix, assignmentMap, {
    onWarning: warnOnce,
    ...options,
    graph,
  });
  allowGraphFiles(graph, prefix);
  return prefix;
}

/** tf.train.CheckpointManager: `await CheckpointManager.open(saver, session, directory, { maxToKeep })`; warnings go to the console. */
export const CheckpointManager: { readonly open: typeof savers.CheckpointManager.open } = {
  open: (saver, session, directory, options) =>
    savers.CheckpointManager.open(saver, session, directory, { onWarning: warnOnce, ...options }),
};
export type CheckpointManager = savers.CheckpointManager;
