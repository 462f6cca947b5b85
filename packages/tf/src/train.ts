// tf.train: MetaGraphs and Savers on the default graph, optimizers, checkpoints.
import type { Graph } from "@org/graph";
import * as metagraph from "@org/metagraph";
import type { MetaGraphDef } from "@org/proto";
import * as savers from "@org/saver";
import * as training from "@org/train";
import { allSaveableObjects } from "@org/variables";
import { collectionTypes } from "./collection-types.ts";
import { getDefaultGraph, inDefaultGraph, lift, liftClass } from "./default-graph.ts";
import { opsOfProducer } from "./import-graph-def.ts";
import { warnOnce } from "./warn-once.ts";

/** tf.train.Saver: takes all global variables of the default graph where it is given none. */
export const Saver: typeof savers.Saver = /* @__PURE__ */ new Proxy(savers.Saver, {
  construct: (target, [varList, options = {}]: ConstructorParameters<typeof savers.Saver>, newTarget) =>
    inDefaultGraph(
      () =>
        Reflect.construct(
          target,
          [varList, { collections: collectionTypes(), onWarning: warnOnce, ...options }],
          newTarget,
        ) as savers.Saver,
    ),
});
export type Saver = savers.Saver;

export interface ImportMetaGraphOptions
  extends Omit<metagraph.ImportOptions, "ops">,
    Pick<metagraph.ReadOptions, "fs" | "signal"> {}

/**
 * Reads a MetaGraph (path, URL, Blob, bytes, or the message) into the default graph; yields its Saver. Where the file has none, a
 * new Saver over the graph's variables, or undefined where there are no variables. As tf.train.import_meta_graph.
 * Throws TfError as readMetaGraph and importMetaGraph of @org/metagraph do.
 */
export async function importMetaGraph(
  source: metagraph.Source | MetaGraphDef,
  options: ImportMetaGraphOptions = {},
): Promise<Saver | undefined> {
  return (await importMetaGraphWithReturnElements(source, options)).saver;
}

/** The same with everything that the import yields. */
export async function importMetaGraphWithReturnElements(
  source: metagraph.Source | MetaGraphDef,
  options: ImportMetaGraphOptions = {},
): Promise<metagraph.ImportedMetaGraph> {
  const graph: Graph = options.graph ?? getDefaultGraph();
  const { fs, signal, ...rest } = options;
  const isMessage = typeof source === "object" && "graphDef" in source;
  const def = isMessage
    ? source
    : await metagraph.readMetaGraph(source, { ...(fs ? { fs } : {}), ...(signal ? { signal } : {}) });
  const imported = metagraph.importMetaGraph(def, {
    collections: collectionTypes(),
    onWarning: warnOnce,
    producerOps: opsOfProducer(def.graphDef),
    ...rest,
    graph,
  });
  if (imported.saver) return imported;
  if (allSaveableObjects(graph, imported.scope || undefined).length === 0) return imported;
  return {
    ...imported,
    saver: new Saver(null, { graph }),
  };
}

export interface ExportMetaGraphOptions extends NonNullable<Parameters<typeof metagraph.exportMetaGraph>[1]> {
  /** Where to write; without it, nothing is written. */
  readonly filename?: string;
  /** Text instead of binary. */
  readonly asText?: boolean;
  /** Writes "<filename without .meta>.debug" too: where the ops were made, in a graph that records traces. */
  readonly saveDebugInfo?: boolean;
  /** Default: the default graph. */
  readonly graph?: Graph;
  readonly fs?: metagraph.FileSystem;
}

/** The MetaGraphDef of the default graph; written to `filename` if that is given. As tf.train.export_meta_graph. */
export async function exportMetaGraph(options: ExportMetaGraphOptions = {}): Promise<MetaGraphDef> {
  const { filename, asText, saveDebugInfo, graph = getDefaultGraph(), fs, ...rest } = options;
  const def = metagraph.exportMetaGraph(graph, {
    collections: collectionTypes(),
    onWarning: warnOnce,
    ...rest,
  });
  if (filename === undefined) return def;
  const debugInfo = saveDebugInfo ? savers.debugInfoOf(graph, def, rest.exportScope) : undefined;
  await metagraph.writeMetaGraph(filename, def, { ...(asText ? { asText } : {}), ...(fs ? { fs } : {}) });
  if (debugInfo) await savers.writeDebugInfo(filename, debugInfo, { asText, fs });
  return def;
}

export {
  checkpointExists,
  checkpointsIterator,
  generateCheckpointStateProto,
  getCheckpointMtimes,
  getCheckpointState,
  latestCheckpoint,
  listVariables,
  loadCheckpoint,
  loadVariable,
  metaGraphFilename,
  openCheckpoint,
  removeCheckpoint,
  updateCheckpointState,
  waitForNewCheckpoint,
} from "@org/checkpoint";
export { describe, readMetaGraph, writeGraph, writeMetaGraph } from "@org/metagraph";

export const AdadeltaOptimizer: typeof training.AdadeltaOptimizer = /* @__PURE__ */ liftClass(
  training.AdadeltaOptimizer,
);
export type AdadeltaOptimizer = training.AdadeltaOptimizer;
export const AdagradDAOptimizer: typeof training.AdagradDAOptimizer = /* @__PURE__ */ liftClass(
  training.AdagradDAOptimizer,
);
export type AdagradDAOptimizer = training.AdagradDAOptimizer;
export const AdagradOptimizer: typeof training.AdagradOptimizer = /* @__PURE__ */ liftClass(
  training.AdagradOptimizer,
);
export type AdagradOptimizer = training.AdagradOptimizer;
export const AdamOptimizer: typeof training.AdamOptimizer = /* @__PURE__ */ liftClass(training.AdamOptimizer);
export type AdamOptimizer = training.AdamOptimizer;
export const ExponentialMovingAverage: typeof training.ExponentialMovingAverage = /* @__PURE__ */ liftClass(
  training.ExponentialMovingAverage,
);
export type ExponentialMovingAverage = training.ExponentialMovingAverage;
export const FtrlOptimizer: typeof training.FtrlOptimizer = /* @__PURE__ */ liftClass(training.FtrlOptimizer);
export type FtrlOptimizer = training.FtrlOptimizer;
export const GradientDescentOptimizer: typeof training.GradientDescentOptimizer = /* @__PURE__ */ liftClass(
  training.GradientDescentOptimizer,
);
export type GradientDescentOptimizer = training.GradientDescentOptimizer;
export const Coordinator: typeof training.Coordinator = training.Coordinator;
export type Coordinator = training.Coordinator;
export const QueueRunner: typeof training.QueueRunner = /* @__PURE__ */ liftClass(training.QueueRunner);
export type QueueRunner = training.QueueRunner;
export const addQueueRunner: typeof training.addQueueRunner = training.addQueueRunner;
export const inputProducer: typeof training.inputProducer = /* @__PURE__ */ lift(training.inputProducer);
export const limitEpochs: typeof training.limitEpochs = /* @__PURE__ */ lift(training.limitEpochs);
export const rangeInputProducer: typeof training.rangeInputProducer = /* @__PURE__ */ lift(
  training.rangeInputProducer,
);
export const sliceInputProducer: typeof training.sliceInputProducer = /* @__PURE__ */ lift(
  training.sliceInputProducer,
);
export const stringInputProducer: typeof training.stringInputProducer = /* @__PURE__ */ lift(
  training.stringInputProducer,
);
export const batch: typeof training.batch = /* @__PURE__ */ lift(training.batch);
export const batchJoin: typeof training.batchJoin = /* @__PURE__ */ lift(training.batchJoin);
export const matchFilenamesOnce: typeof training.matchFilenamesOnce = /* @__PURE__ */ lift(
  training.matchFilenamesOnce,
);
export const maybeBatch: typeof training.maybeBatch = /* @__PURE__ */ lift(training.maybeBatch);
export const maybeBatchJoin: typeof training.maybeBatchJoin = /* @__PURE__ */ lift(training.maybeBatchJoin);
export const maybeShuffleBatch: typeof training.maybeShuffleBatch = /* @__PURE__ */ lift(
  training.maybeShuffleBatch,
);
export const maybeShuffleBatchJoin: typeof training.maybeShuffleBatchJoin = /* @__PURE__ */ lift(
  training.maybeShuffleBatchJoin,
);
export const shuffleBatch: typeof training.shuffleBatch = /* @__PURE__ */ lift(training.shuffleBatch);
export const shuffleBatchJoin: typeof training.shuffleBatchJoin = /* @__PURE__ */ lift(
  training.shuffleBatchJoin,
);
export const startQueueRunners: typeof training.startQueueRunners = training.startQueueRunners;
export const MomentumOptimizer: typeof training.MomentumOptimizer = /* @__PURE__ */ liftClass(
  training.MomentumOptimizer,
);
export type MomentumOptimizer = training.MomentumOptimizer;
export const ProximalAdagradOptimizer: typeof training.ProximalAdagradOptimizer = /* @__PURE__ */ liftClass(
  training.ProximalAdagradOptimizer,
);
export type ProximalAdagradOptimizer = training.ProximalAdagradOptimizer;
export const ProximalGradientDescentOptimizer: typeof training.ProximalGradientDescentOptimizer =
  /* @__PURE__ */ liftClass(training.ProximalGradientDescentOptimizer);
export type ProximalGradientDescentOptimizer = training.ProximalGradientDescentOptimizer;
export const RMSPropOptimizer: typeof training.RMSPropOptimizer = /* @__PURE__ */ liftClass(
  training.RMSPropOptimizer,
);
export type RMSPropOptimizer = training.RMSPropOptimizer;
export const assertGlobalStep: typeof training.assertGlobalStep = /* @__PURE__ */ lift(
  training.assertGlobalStep,
);
export const cosineDecay: typeof training.cosineDecay = /* @__PURE__ */ lift(training.cosineDecay);
export const cosineDecayRestarts: typeof training.cosineDecayRestarts = /* @__PURE__ */ lift(
  training.cosineDecayRestarts,
);
export const createGlobalStep: typeof training.createGlobalStep = /* @__PURE__ */ lift(
  training.createGlobalStep,
);
export const exponentialDecay: typeof training.exponentialDecay = /* @__PURE__ */ lift(
  training.exponentialDecay,
);
export const getGlobalStep: typeof training.getGlobalStep = /* @__PURE__ */ lift(training.getGlobalStep);
export const getOrCreateGlobalStep: typeof training.getOrCreateGlobalStep = /* @__PURE__ */ lift(
  training.getOrCreateGlobalStep,
);
export const globalStep: typeof training.globalStep = /* @__PURE__ */ lift(training.globalStep);
export const inverseTimeDecay: typeof training.inverseTimeDecay = /* @__PURE__ */ lift(
  training.inverseTimeDecay,
);
export const linearCosineDecay: typeof training.linearCosineDecay = /* @__PURE__ */ lift(
  training.linearCosineDecay,
);
export const naturalExpDecay: typeof training.naturalExpDecay = /* @__PURE__ */ lift(
  training.naturalExpDecay,
);
export const noisyLinearCosineDecay: typeof training.noisyLinearCosineDecay = /* @__PURE__ */ lift(
  training.noisyLinearCosineDecay,
);
export const piecewiseConstant: typeof training.piecewiseConstant = /* @__PURE__ */ lift(
  training.piecewiseConstant,
);
/** The same under its other name. */
export const piecewiseConstantDecay: typeof training.piecewiseConstant = piecewiseConstant;
export const polynomialDecay: typeof training.polynomialDecay = /* @__PURE__ */ lift(
  training.polynomialDecay,
);
export const replicaDeviceSetter: typeof training.replicaDeviceSetter = training.replicaDeviceSetter;
export { summaryIterator } from "@org/summary";
export { Optimizer } from "@org/train";
export * from "./checkpoints.ts";
export * from "./monitored.ts";
