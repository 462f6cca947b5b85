// The session of a training program. Source: python/training/monitored_session.py (MonitoredTrainingSession) of TensorFlow 1.15.
import { currentGraph } from "@org/graph";
import {
  ChiefSessionCreator,
  MonitoredSession,
  type MonitoredSessionOptions,
  type SessionCreatorOptions,
  WorkerSessionCreator,
} from "./monitored-session.ts";
import type { HookServices, SessionRunHook } from "./run-hook.ts";
import { CheckpointSaverHook } from "./saver-hook.ts";
import { Scaffold } from "./scaffold.ts";
import { StepCounterHook, SummarySaverHook } from "./summary-hooks.ts";

export interface MonitoredTrainingOptions
  extends Omit<SessionCreatorOptions, "checkpointFilenameWithPath">,
    Omit<MonitoredSessionOptions, "sessionCreator" | "recovers">,
    HookServices {
  /** Default true; a worker that is not waits for the chief. */
  readonly isChief?: boolean | undefined;
  readonly chiefOnlyHooks?: readonly SessionRunHook[] | undefined;
  /** Default: every 600 seconds. null or 0: never. */
  readonly saveCheckpointSecs?: number | null | undefined;
  readonly saveCheckpointSteps?: number | null | undefined;
  /** Default: every 100 steps. null or 0: never. */
  readonly saveSummariesSteps?: number | null | undefined;
  readonly saveSummariesSecs?: number | null | undefined;
  /** Default 100. null or 0: never. */
  readonly logStepCountSteps?: number | null | undefined;
  /** Default: `checkpointDir`. */
  readonly summaryDir?: string | undefined;
}

/** Seconds and steps: the default where neither is given; null and 0 are never. */
function everyOf(
  secs: number | null | undefined,
  steps: number | null | undefined,
  byDefault: { readonly secs?: number; readonly steps?: number },
): { readonly saveSecs?: number; readonly saveSteps?: number } | undefined {
  const given = secs === undefined && steps === undefined ? byDefault : { secs, steps };
  const every = {
    ...(given.secs && given.secs > 0 ? { saveSecs: given.secs } : {}),
    ...(given.steps && given.steps > 0 ? { saveSteps: given.steps } : {}),
  };
  return Object.keys(every).length > 0 ? every : undefined;
}

/**
 * tf.train.MonitoredTrainingSession: restores the newest checkpoint of `checkpointDir` or initializes the model, starts queue runners, saves
 * checkpoints and summaries, counts steps. Throws as `MonitoredSession.open`; a TypeError where seconds and steps are both given.
 */
export async function monitoredTrainingSession(options: MonitoredTrainingOptions): Promise<MonitoredSession> {
  return MonitoredSession.open(trainingSession(options));
}

/** The same as options of `MonitoredSession.open`, for a class on top. Throws as it does. */
export function trainingSession(options: MonitoredTrainingOptions): MonitoredSessionOptions {
  const { isChief = true, checkpointDir, stopGracePeriodSecs, log, hooks = [] } = options;
  const graph = options.graph ?? currentGraph();
  const scaffold = options.scaffold ?? new Scaffold();
  const creator = { ...options, graph, scaffold };
  const common = { graph, stopGracePeriodSecs, log };
  if (!isChief)
    return {
      ...common,
      hooks,
      sessionCreator: new WorkerSessionCreator({ ...creator, maxWaitSecs: options.maxWaitSecs ?? 7200 }),
    };
  const services: HookServices = {
    summaryWriter: options.summaryWriter,
    writeGraph: options.writeGraph,
    log,
  };
  const all = [...(options.chiefOnlyHooks ?? [])];
  const outputDir = options.summaryDir ?? checkpointDir;
  const { logStepCountSteps = 100 } = options;
  const summaries = everyOf(options.saveSummariesSecs, options.saveSummariesSteps, { steps: 100 });
  const checkpoints = everyOf(options.saveCheckpointSecs, options.saveCheckpointSteps, { secs: 600 });
  if (outputDir && logStepCountSteps && logStepCountSteps > 0)
    all.push(new StepCounterHook({ ...services, outputDir, everyNSteps: logStepCountSteps }));
  if (outputDir && summaries)
    all.push(new SummarySaverHook({ ...services, ...summaries, scaffold, outputDir }));
  if (checkpointDir && checkpoints)
    all.push(new CheckpointSaverHook(checkpointDir, { ...services, ...checkpoints, scaffold }));
  return { ...common, hooks: [...all, ...hooks], sessionCreator: new ChiefSessionCreator(creator) };
}

/** tf.train.SingularMonitoredSession: one session that is not replaced where it is lost. Throws as `MonitoredSession.open`. */
export async function singularMonitoredSession(
  options: SessionCreatorOptions & Omit<MonitoredSessionOptions, "sessionCreator" | "recovers">,
): Promise<MonitoredSession> {
  return MonitoredSession.open({
    ...options,
    sessionCreator: new ChiefSessionCreator(options),
    recovers: false,
  });
}
