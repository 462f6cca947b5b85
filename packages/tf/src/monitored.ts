// tf.train's monitored sessions and hooks: on this package's Session, its event writers and its Saver.
import type { Graph } from "@org/graph";
import { writeGraph } from "@org/metagraph";
import type { Saver as BaseSaver } from "@org/saver";
import type { Fetched, Fetches } from "@org/session";
import * as training from "@org/train";
import { getDefaultGraph } from "./default-graph.ts";
import { Session, type SessionOptions } from "./session.ts";
import { FileWriter } from "./summary.ts";
import { Saver } from "./train.ts";

const writers = new Map<string, FileWriter>();

/** tf.summary.FileWriterCache: the writers of hooks, one a directory. */
export const FileWriterCache = {
  /** The writer of a directory, made when it is first asked for. */
  get(logdir: string): FileWriter {
    const found = writers.get(logdir) ?? new FileWriter(logdir);
    writers.set(logdir, found);
    return found;
  },
  /** Closes all writers and forgets them. Throws what went wrong in writing. */
  async clear(): Promise<void> {
    const all = [...writers.values()];
    writers.clear();
    for (const writer of all) await writer.close();
  },
};

const services: training.HookServices = {
  summaryWriter: (logdir) => FileWriterCache.get(logdir),
  writeGraph: (graph, dir, name) => writeGraph(graph, dir, name, { asText: true }),
};

/** tf.train.Scaffold: its Saver knows the types of collections. */
export class Scaffold extends training.Scaffold {
  override finalize(graph: Graph = getDefaultGraph()): this {
    return super.finalize(graph);
  }

  protected override makeSaver(): BaseSaver {
    return new Saver(null, { sharded: true, allowEmpty: true });
  }
}

/** tf.train.CheckpointSaverHook. Throws as that of `@org/train`. */
export class CheckpointSaverHook extends training.CheckpointSaverHook {
  constructor(checkpointDir: string, options: training.CheckpointSaverOptions) {
    super(checkpointDir, { ...services, ...options });
  }
}

/** tf.train.StepCounterHook. Throws as that of `@org/train`. */
export class StepCounterHook extends training.StepCounterHook {
  constructor(options: training.StepCounterOptions = {}) {
    super({ ...services, ...options });
  }
}

/** tf.train.SummarySaverHook. Throws as that of `@org/train`. */
export class SummarySaverHook extends training.SummarySaverHook {
  constructor(options: training.SummarySaverOptions) {
    super({ ...services, ...options });
  }
}

/** tf.train.LoggingTensorHook: on the console, unless `log` is given. Throws as that of `@org/train`. */
export class LoggingTensorHook extends training.LoggingTensorHook {
  constructor(tensors: training.LoggedTensors, options: training.LoggingTensorOptions) {
    super(tensors, { log: (message) => console.info(message), ...options });
  }
}

/** How sessions are opened. */
export interface OpenOptions {
  /** Default: the default graph. */
  readonly graph?: Graph | undefined;
  /** Backends and files; default as `new Session()`. */
  readonly sessionOptions?: Omit<SessionOptions, "graph"> | undefined;
}

type Opened<O> = Omit<O, "openSession" | "graph"> & OpenOptions;

/** `options` with a graph, a scaffold and a way to open sessions. */
function opening<O extends OpenOptions & { readonly scaffold?: training.Scaffold | undefined }>(
  options: O,
): O & { graph: Graph; scaffold: training.Scaffold; openSession: (graph: Graph) => training.RunSession } {
  return {
    ...options,
    graph: options.graph ?? getDefaultGraph(),
    scaffold: options.scaffold ?? new Scaffold(),
    openSession: (graph) => new Session({ ...options.sessionOptions, graph }) as training.RunSession,
  };
}

/** tf.train.ChiefSessionCreator. */
export class ChiefSessionCreator extends training.ChiefSessionCreator {
  constructor(options: Opened<training.SessionCreatorOptions> = {}) {
    super(opening(options));
  }
}

/** tf.train.WorkerSessionCreator. */
export class WorkerSessionCreator extends training.WorkerSessionCreator {
  constructor(options: Opened<training.SessionCreatorOptions> = {}) {
    super(opening(options));
  }
}

/** tf.train.MonitoredSession; its runs give what those of `Session` do. */
export interface MonitoredSession extends Omit<training.MonitoredSession, "run" | "use"> {
  run<const F extends Fetches>(fetches: F, options?: training.MonitoredRunOptions): Promise<Fetched<F>>;
  use<R>(body: (session: MonitoredSession) => R | Promise<R>): Promise<R | undefined>;
}

type MonitoredOptions = Omit<training.MonitoredSessionOptions, "sessionCreator"> & {
  /** Default: a chief's. */
  readonly sessionCreator?: training.SessionCreator | undefined;
};

/** tf.train.MonitoredSession: a session with hooks. Throws as `MonitoredSession.open` of `@org/train`. */
export async function monitoredSession(options: MonitoredOptions = {}): Promise<MonitoredSession> {
  const graph = options.graph ?? getDefaultGraph();
  const sessionCreator = options.sessionCreator ?? new ChiefSessionCreator({ graph });
  return (await training.MonitoredSession.open({ ...options, graph, sessionCreator })) as MonitoredSession;
}

/**
 * tf.train.MonitoredTrainingSession: restores the newest checkpoint of `checkpointDir` or initializes, starts queue runners, saves checkpoints and
 * summaries. Throws as `monitoredTrainingSession` of `@org/train`.
 */
export async function monitoredTrainingSession(
  options: Opened<training.MonitoredTrainingOptions> = {},
): Promise<MonitoredSession> {
  return (await training.monitoredTrainingSession(opening({ ...services, ...options }))) as MonitoredSession;
}

/** tf.train.SingularMonitoredSession: one session, not replaced where it is lost. Throws as `singularMonitoredSession` of `@org/train`. */
export async function singularMonitoredSession(
  options: Opened<Parameters<typeof training.singularMonitoredSession>[0]> = {},
): Promise<MonitoredSession> {
  return (await training.singularMonitoredSession(opening(options))) as MonitoredSession;
}

export {
  CheckpointSaverListener,
  FeedFnHook,
  FinalOpsHook,
  GlobalStepWaiterHook,
  NanLossDuringTrainingError,
  NanTensorHook,
  SecondOrStepTimer,
  SessionManager,
  SessionRunContext,
  SessionRunHook,
  StopAtStepHook,
  StopIteration,
} from "@org/train";
