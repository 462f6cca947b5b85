export { FeedFnHook, FinalOpsHook } from "./feed-hooks.ts";
export { type LoggedTensors, LoggingTensorHook, type LoggingTensorOptions } from "./logging-hook.ts";
export {
  ChiefSessionCreator,
  MonitoredSession,
  type MonitoredSessionOptions,
  type SessionCreator,
  type SessionCreatorOptions,
  type StepContext,
  StopIteration,
  WorkerSessionCreator,
} from "./monitored-session.ts";
export {
  type MonitoredTrainingOptions,
  monitoredTrainingSession,
  singularMonitoredSession,
  trainingSession,
} from "./monitored-training-session.ts";
export {
  type HookServices,
  type MonitoredRunOptions,
  type RunFeeds,
  type RunFetches,
  type RunSession,
  type SessionRunArgs,
  SessionRunContext,
  SessionRunHook,
  type SessionRunValues,
  type SummaryWriter,
} from "./run-hook.ts";
export { CheckpointSaverHook, CheckpointSaverListener, type CheckpointSaverOptions } from "./saver-hook.ts";
export { Scaffold, type ScaffoldOptions } from "./scaffold.ts";
export {
  type PrepareOptions,
  type RestoreFrom,
  SessionManager,
  type SessionManagerOptions,
} from "./session-manager.ts";
export {
  GlobalStepWaiterHook,
  NanLossDuringTrainingError,
  NanTensorHook,
  type NanTensorOptions,
  StopAtStepHook,
  type StopAtStepOptions,
} from "./stop-hooks.ts";
export {
  StepCounterHook,
  type StepCounterOptions,
  SummarySaverHook,
  type SummarySaverOptions,
} from "./summary-hooks.ts";
export { SecondOrStepTimer, type TimerOptions } from "./timer.ts";
