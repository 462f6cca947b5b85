export { clipByAverageNorm, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "@org/ops";
export { AdamOptimizer, type AdamOptions } from "./adam.ts";
export {
  type BatchJoinOptions,
  type BatchOf,
  type BatchOptions,
  batch,
  batchJoin,
  maybeBatch,
  maybeBatchJoin,
  maybeShuffleBatch,
  maybeShuffleBatchJoin,
  type ShuffleBatchJoinOptions,
  type ShuffleBatchOptions,
  shuffleBatch,
  shuffleBatchJoin,
} from "./batch.ts";
export { Coordinator, type CoordinatorOptions, type JoinOptions, type Task } from "./coordinator.ts";
export {
  type CosineDecayOptions,
  type CosineDecayRestartsOptions,
  cosineDecay,
  cosineDecayRestarts,
  type LinearCosineDecayOptions,
  linearCosineDecay,
  type NoisyLinearCosineDecayOptions,
  noisyLinearCosineDecay,
} from "./cosine-decay.ts";
export { type ReplicaDeviceOptions, replicaDeviceSetter } from "./device-setter.ts";
export {
  assertGlobalStep,
  createGlobalStep,
  getGlobalStep,
  getOrCreateGlobalStep,
  globalStep,
} from "./global-step.ts";
export { GradientDescentOptimizer } from "./gradient-descent.ts";
export {
  type AssignmentMap,
  type InitFromCheckpointOptions,
  initFromCheckpoint,
  type VariableOrParts,
} from "./init-from-checkpoint.ts";
export {
  type InputProducerOptions,
  inputProducer,
  limitEpochs,
  matchFilenamesOnce,
  type ProducerOptions,
  rangeInputProducer,
  sliceInputProducer,
  stringInputProducer,
} from "./input.ts";
export {
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  naturalExpDecay,
  type PolynomialDecayOptions,
  piecewiseConstant,
  polynomialDecay,
} from "./learning-rate-decay.ts";
export {
  type EmbeddingInitializerOptions,
  loadAndRemapMatrixInitializer,
  loadEmbeddingInitializer,
  loadLinearMulticlassBiasInitializer,
  loadVariableSlotInitializer,
  type MulticlassBiasInitializerOptions,
  type RemapMatrixInitializerOptions,
} from "./load-and-remap.ts";
export * from "./monitored/index.ts";
export { ExponentialMovingAverage, type MovingAverageOptions } from "./moving-averages.ts";
export {
  type ApplyGradientsOptions,
  type ComputeGradientsOptions,
  Gate,
  type GradientAndVariable,
  type Hyperparameter,
  Optimizer,
  type OptimizerOptions,
} from "./optimizer.ts";
export {
  addQueueRunner,
  createThreads,
  QueueRunner,
  type QueueRunnerOptions,
  type QueueRunnerSession,
  startQueueRunners,
} from "./queue-runner.ts";
export {
  AdadeltaOptimizer,
  type AdadeltaOptions,
  AdagradDAOptimizer,
  type AdagradDAOptions,
  AdagradOptimizer,
  FtrlOptimizer,
  type FtrlOptions,
  MomentumOptimizer,
  ProximalAdagradOptimizer,
  ProximalGradientDescentOptimizer,
  type ProximalOptions,
  RMSPropOptimizer,
  type RMSPropOptions,
} from "./rule-optimizers.ts";
export { createSlot, createSlotWithInitializer, createZerosSlot, type Primary } from "./slot-creator.ts";
export type { Component, Example } from "./through-queue.ts";
export { type UpdateInputs, updateOp } from "./update-op.ts";
export {
  VocabInfo,
  type VocabInfoOptions,
  type WarmStarted,
  type WarmStartOptions,
  warmStart,
} from "./warm-start.ts";
