// tf.train's managers of checkpoints, and functions that start variables of the default graph from checkpoints.
// What they do: @org/saver, @org/train.
import type { Initializer } from "@org/ops";
import * as savers from "@org/saver";
import * as training from "@org/train";
import { getDefaultGraph, inDefaultGraph } from "./default-graph.ts";
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

/** tf.train.warm_start, on the default graph: see `warmStart` of @org/train. A session reaches checkpoint and vocabularies without more ado. */
export async function warmStart(
  directoryOrPrefix: string,
  options: training.WarmStartOptions = {},
): Promise<training.WarmStarted> {
  const graph = options.graph ?? getDefaultGraph();
  const done = await training.warmStart(directoryOrPrefix, { onWarning: warnOnce, ...options, graph });
  for (const file of [done.prefix, ...done.vocabularies]) allowGraphFiles(graph, file);
  return done;
}

/** An initializer that reads the files among `options`: its graph may reach them. */
function reaching<O extends object>(make: (options: O) => Initializer): (options: O) => Initializer {
  return (options) => {
    const initializer = make(options);
    return (...args) =>
      inDefaultGraph(() => {
        for (const [key, value] of Object.entries(options))
          if (key === "ckptPath" || key.endsWith("VocabFile"))
            for (const file of [value].flat())
              if (typeof file === "string" && file !== "") allowGraphFiles(getDefaultGraph(), file);
        return initializer(...args);
      });
  };
}

/** tf.contrib.framework.load_and_remap_matrix_initializer. */
export const loadAndRemapMatrixInitializer: typeof training.loadAndRemapMatrixInitializer =
  /* @__PURE__ */ reaching(training.loadAndRemapMatrixInitializer);
/** tf.contrib.framework.load_embedding_initializer. */
export const loadEmbeddingInitializer: typeof training.loadEmbeddingInitializer = /* @__PURE__ */ reaching(
  training.loadEmbeddingInitializer,
);
/** tf.contrib.framework.load_linear_multiclass_bias_initializer. */
export const loadLinearMulticlassBiasInitializer: typeof training.loadLinearMulticlassBiasInitializer =
  /* @__PURE__ */ reaching(training.loadLinearMulticlassBiasInitializer);
/** tf.contrib.framework.load_variable_slot_initializer. */
export const loadVariableSlotInitializer: typeof training.loadVariableSlotInitializer =
  /* @__PURE__ */ reaching(training.loadVariableSlotInitializer);
export { VocabInfo } from "@org/train";
