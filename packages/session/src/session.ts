// Session: runs parts of a graph, and keeps the state that they leave (variables, queues, random generators). What a run
// does is planned once (run-plan.ts), made ready for concrete shapes (cluster-plan.ts) and executed (executor.ts).
// Source: python/client/session.py, core/common_runtime/direct_session.cc.
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { isOperation, isTensor } from "@org/graph";
import { type Backend, evaluatorBackend } from "@org/hlo";
import type { FileSystem } from "@org/io";
import type { OpEntry } from "@org/ops";
import type { NdArray } from "@org/tensor";
import { Device } from "./device.ts";
import { checkDevices } from "./device-choice.ts";
import { DeviceLosses } from "./device-loss.ts";
import { type DeviceAttributes, deviceAttributes } from "./device-names.ts";
import { Execution, type ExecutorEnvironment } from "./executor.ts";
import {
  type FeedKey,
  type FeedValue,
  feedTensors,
  feedValue,
  type ParsedFeeds,
  parseFeeds,
} from "./feeds.ts";
import { readOut } from "./fetched-values.ts";
import { type Fetched, type Fetches, type ParsedFetches, parseFetches } from "./fetches.ts";
import { Functions } from "./functions.ts";
import { PartialRuns } from "./partial-run.ts";
import { type NodePlacement, Placements } from "./placements.ts";
import { PlanCache } from "./plan-cache.ts";
import type { RunRequest } from "./prune.ts";
import { type RunDeadline, runDeadline } from "./run-deadline.ts";
import { fillRunMetadata, traceOf } from "./run-metadata.ts";
import { makeRunPlan, type RunPlan } from "./run-plan.ts";
import type { RunOptions, SessionOptions } from "./session-options.ts";
import { collectStats, type RunCounts, type SessionStats } from "./stats.ts";
import type { StepTrace } from "./step-trace.ts";
import { checkSync } from "./sync.ts";
import { dueTurn } from "./turn.ts";
import { TensorValue } from "./values.ts";
import { SessionState } from "./variable-state.ts";

/**
 * Opens a session on `graph`. Backends given as functions are made now, and one whose device was lost gets another; what a backend
 * throws that cannot be made comes through.
 * Throws TfError INVALID_ARGUMENT where there is neither a backend nor the evaluator.
 */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  const devices: Device[] = [];
  const add = (backend: Backend, isMade: boolean): void => {
    const ordinal = devices.filter(({ name }) => name === backend.name).length;
    devices.push(new Device(devices.length, backend, isMade, ordinal));
  };
  try {
    for (const backend of options.backends ?? [])
      if (typeof backend === "function") add(await backend(), true);
      else {
        const given = await backend;
        // Another session may have left it without a device.
        await given.recovery?.recover();
        add(given, false);
      }
  } catch (error) {
    for (const device of devices) await device.close();
    throw error;
  }
  if (options.fallback ?? true) add(evaluatorBackend(), true);
  if (devices.length === 0)
    throw new TfError("INVALID_ARGUMENT", "A session needs a backend", {
      hint: "Pass backends to createSession, or leave the fallback to the evaluator on.",
    });
  return new Session(graph, devices, options);
}

/** A run that is about to begin. */
interface Begun {
  readonly parsed: ParsedFetches;
  readonly plan: RunPlan;
  readonly execution: Execution;
  readonly deadline: RunDeadline | undefined;
  readonly trace: StepTrace | undefined;
}

/** What `makeCallable` makes: takes a value for each of its feeds, in order. */
export type Callable<F, K extends readonly FeedKey[]> = (
  ...values: [...{ [I in keyof K]: FeedValue }, options?: Omit<RunOptions, "feeds" | "targets">]
) => Promise<Fetched<F>>;

export class Session {
  readonly graph: Graph;
  /** The files that ops of this session may reach. */
  readonly fs: FileSystem | undefined;
  readonly #options: SessionOptions;
  readonly #devices: readonly Device[];
  readonly #state: SessionState = new SessionState();
  readonly #plans: PlanCache;
  readonly #functions: Functions;
  readonly #placements: Placements;
  readonly #partialRuns = new PartialRuns();
  readonly #losses: DeviceLosses;
  #closed = false;
  readonly #counts: RunCounts = { runs: 0, runPlans: 0, clusterPlans: 0, hostKernels: 0, held: 0 };
  readonly #environments: WeakMap<RunPlan, ExecutorEnvironment> = new WeakMap();

  /** @internal Use `createSession`. */
  constructor(graph: Graph, devices: readonly Device[], options: SessionOptions) {
    this.graph = graph;
    this.fs = options.fs;
    this.#devices = devices;
    this.#options = options;
    this.#placements = new Placements(options);
    this.#functions = new Functions({
      lookup: (op) => this.#entry(op),
      ops: options.ops ?? graph.ops,
      devices,
      makePlan: (request, path) => this.#makePlan(request, path),
      environmentOf: (plan) => this.#environment(plan),
    });
    this.#plans = new PlanCache(graph, options.runPlanLimit ?? 128, (request) => this.#makePlan(request));
    this.#losses = new DeviceLosses(devices, this.#state, () => {
      this.#plans.clear();
      this.#functions.forget();
    });
  }

  /**
   * Runs what `fetches` and `targets` need and yields the fetched values in the shape of `fetches`. Runs of one session may overlap.
   * Throws TfError with TensorFlow's code and sentence; after a failure, variables hold the last values that they were given. Where a
   * device was lost: see device-loss.ts.
   */
  run<const F extends Fetches>(fetches: F, options: RunOptions = {}): Promise<Fetched<F>> {
    return this.#started(() => {
      const feeds = parseFeeds(options.feeds, this.graph);
      return this.#run(this.#begin(parseFetches(fetches, this.graph), feeds, options), options);
    }) as Promise<never>;
  }

  /** The promise of a run that `start` begins, now or when a lost device has been replaced. */
  #started(start: () => Promise<unknown>): Promise<unknown> {
    return this.#losses.guard(() => {
      try {
        this.#checkOpen();
        return start();
      } catch (error) {
        return Promise.reject(error);
      }
    });
  }

  /**
   * The same at once. Throws as `run`, and TfError FAILED_PRECONDITION, before anything runs, where a node or backend
   * works in its own time.
   */
  runSync<const F extends Fetches>(fetches: F, options: Omit<RunOptions, "signal"> = {}): Fetched<F> {
    this.#checkOpen();
    const feeds = parseFeeds(options.feeds, this.graph);
    const begun = this.#begin(parseFetches(fetches, this.graph), feeds, options);
    const { parsed, plan, execution, deadline } = begun;
    try {
      try {
        checkSync(plan, this.#devices);
      } catch (error) {
        void execution.end();
        throw error;
      }
      const values = execution.run(true);
      const arrays = values instanceof Promise ? values : readOut(values);
      if (arrays instanceof Promise) {
        arrays.catch(() => {});
        throw new TfError("FAILED_PRECONDITION", "runSync: a host kernel or backend works in its own time", {
          hint: "Use run.",
        });
      }
      this.#fillMetadata(begun, options);
      return parsed.build(arrays) as never;
    } finally {
      deadline?.clear();
    }
  }

  /**
   * A function that runs `fetches` with a value for each of `feedList`, in order; a last argument may be the options of a run.
   * What is fetched and fed is looked up once. Throws as `run` where it cannot be. Source: Session.make_callable.
   */
  makeCallable<const F extends Fetches, const K extends readonly FeedKey[] = readonly []>(
    fetches: F,
    feedList: K = [] as never,
  ): Callable<F, K> {
    this.#checkOpen();
    if (!Array.isArray(feedList)) throw new TypeError("`feed_list` must be a list or tuple.");
    const parsed = parseFetches(fetches, this.graph);
    const feeds = feedTensors(feedList, this.graph);
    return ((...values: unknown[]) =>
      this.#started(() => {
        if (values.length < feeds.length)
          throw new TypeError(`This callable takes ${feeds.length} values, and was given ${values.length}.`);
        const arrays = feeds.map((tensor, i) => feedValue(tensor, values[i] as FeedValue));
        const options = (values[feeds.length] ?? {}) as RunOptions;
        return this.#run(this.#begin(parsed, { tensors: feeds, values: arrays }, options), options);
      })) as unknown as Callable<F, K>;
  }

  // ---- partial runs

  /**
   * Begins a run whose feeds will come one after another; its handle, for `partialRun`. Operations among `fetches` run when their feeds
   * are there. Throws as `run`, and TfError INVALID_ARGUMENT where nothing is fetched. Source: Session.partial_run_setup.
   */
  partialRunSetup(fetches: Fetches, feeds: FeedKey | readonly FeedKey[] = []): string {
    this.#checkOpen();
    const list = (Array.isArray(feeds) ? feeds : [feeds]) as readonly FeedKey[];
    const { tensors, operations } = parseFetches(fetches, this.graph);
    if (tensors.length + operations.length === 0)
      throw new TfError("INVALID_ARGUMENT", "Must specify at least one target to fetch or execute.");
    const request: RunRequest = {
      fetches: tensors,
      targets: operations,
      feeds: [...new Set(feedTensors(list, this.graph, "feed_list"))],
      partial: true,
    };
    const plan = this.#plans.get(request);
    this.#counts.runs++;
    return this.#partialRuns.begin(
      request,
      plan,
      (signal) => new Execution(plan, [], this.#environment(plan), signal),
    );
  }

  /**
   * Goes on with a partial run: gives it `feeds`, and yields `fetches`. The handle is good until all its feeds and fetches are done.
   * Throws as `run`, and TfError INVALID_ARGUMENT for what was not set up, is fed or fetched twice, or needs feeds that have not come:
   * the run goes on then; any other failure ends it. Source: Session.partial_run.
   */
  partialRun<const F extends Fetches>(
    handle: string,
    fetches: F,
    options: Pick<RunOptions, "feeds" | "signal"> = {},
  ): Promise<Fetched<F>> {
    return this.#started(() => this.#partialRun(handle, fetches, options)) as Promise<never>;
  }

  /** Frees everything. Later runs throw TfError FAILED_PRECONDITION. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#partialRuns.close();
    this.#plans.clear();
    this.#functions.forget();
    await this.#state.close();
    for (const device of this.#devices) await device.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- what there is and was

  /** What was planned, compiled, launched and moved so far. */
  stats(): SessionStats {
    return collectStats(this.#devices, this.#counts, this.#plans.clusters);
  }

  /** Backends in order of preference, with TensorFlow's device names, and the host's CPU:0. */
  listDevices(): readonly DeviceAttributes[] {
    return deviceAttributes(this.#devices);
  }

  /** Name of the backend that `node` (a name, operation or tensor) ran on last, "HOST" for host kernels; undefined before it has run. */
  backendOf(node: string | Operation | { readonly op: Operation }): string | undefined {
    const name = typeof node === "string" ? node : isOperation(node) ? node.name : node.op.name;
    return this.#placements.of(name)?.backend;
  }

  /** Where the nodes that have run are, in order of their names. */
  placements(): readonly NodePlacement[] {
    return this.#placements.all();
  }

  // ---- beginning and end of a run

  #checkOpen(): void {
    if (this.#closed)
      throw new TfError("FAILED_PRECONDITION", "Attempted to use a closed Session.", {
        hint: "Open another one with createSession.",
      });
    if (this.graph.version === 0)
      throw new TfError(
        "FAILED_PRECONDITION",
        "The Session graph is empty.  Add operations to the graph before calling run().",
      );
  }

  #begin(parsed: ParsedFetches, feeds: ParsedFeeds, options: RunOptions): Begun {
    const { tensors, operations } = parsed;
    const targets = options.targets?.length
      ? [...operations, ...options.targets.map((target) => this.#target(target))]
      : operations;
    const plan = this.#plans.get({ fetches: tensors, targets, feeds: feeds.tensors });
    this.#counts.runs++;
    for (const device of this.#devices) device.beginRun();
    const timeout = Number(options.options?.timeoutInMs || (this.#options.operationTimeoutInMs ?? 0));
    const deadline = timeout > 0 ? runDeadline(timeout, options.signal) : undefined;
    const trace = traceOf(options, plan, feeds.tensors);
    const shared = this.#environment(plan);
    const { onProgress } = options;
    const isPlain = onProgress === undefined && deadline === undefined && trace === undefined;
    const environment = isPlain ? shared : { ...shared, onProgress, trace, deadline: deadline?.at };
    const values = feeds.values.map((array) => this.#fed(array));
    const execution = new Execution(plan, values, environment, deadline?.signal ?? options.signal);
    return { parsed, plan, execution, deadline, trace };
  }

  #run(begun: Begun, options: RunOptions): Promise<unknown> {
    if (begun.deadline !== undefined || options.runMetadata !== undefined)
      return this.#runWatched(begun, options);
    const { parsed, execution } = begun;
    const values = execution.run();
    const result = values instanceof Promise ? values.then(readOut) : readOut(values);
    if (result instanceof Promise) return result.then(parsed.build);
    const turn = dueTurn();
    const value = parsed.build(result);
    return turn === undefined ? Promise.resolve(value) : turn.then(() => value);
  }

  async #partialRun(handle: string, fetches: Fetches, { feeds, signal }: RunOptions): Promise<unknown> {
    const fed = parseFeeds(feeds, this.graph);
    const parsed = parseFetches(fetches, this.graph);
    const values = await this.#partialRuns.step(handle, {
      feeds: fed.tensors,
      values: () => fed.values.map((array) => this.#fed(array)),
      fetches: parsed.tensors,
      operations: parsed.operations,
      signal,
    });
    return parsed.build(await readOut(values));
  }

  /** A run that has a deadline or is told about. */
  async #runWatched(begun: Begun, options: RunOptions): Promise<unknown> {
    const { parsed, execution, deadline } = begun;
    try {
      const result = parsed.build(await readOut(await execution.run()));
      this.#fillMetadata(begun, options);
      return result;
    } finally {
      deadline?.clear();
    }
  }

  #fillMetadata({ plan, trace }: Begun, options: RunOptions): void {
    if (options.runMetadata !== undefined)
      fillRunMetadata(options.runMetadata, options, trace, plan, this.graph, this.#placements);
  }

  #fed(array: NdArray): TensorValue {
    return new TensorValue(this.#devices, array.dtype, array.shape, array);
  }

  #target(target: string | Operation): Operation {
    const element: Tensor | Operation = this.graph.asGraphElement(target);
    return isTensor(element) ? element.op : element;
  }

  #makePlan(request: RunRequest, path?: readonly string[]): RunPlan {
    this.#functions.keepFor(this.graph.revision);
    const lookup = (op: Operation): OpEntry | undefined => this.#entry(op);
    const plan = makeRunPlan(request, lookup, this.#state, this.#devices, this.#functions, path);
    if (this.#options.softPlacement === false) checkDevices(plan.nodes, this.#devices);
    this.#counts.runPlans++;
    this.#placements.planned(plan);
    return plan;
  }

  /** What the session's registry knows of an op, or else the graph's. */
  #entry(op: Operation): OpEntry | undefined {
    return (this.#options.ops?.get(op.type) ?? op.registered ?? this.graph.ops.get(op.type)) as
      | OpEntry
      | undefined;
  }

  /** What all executions of `plan` share. */
  #environment(plan: RunPlan): ExecutorEnvironment {
    let environment = this.#environments.get(plan);
    if (environment === undefined) {
      environment = {
        devices: this.#devices,
        nodes: plan.nodes,
        fetches: plan.fetches,
        state: this.#state,
        fs: this.fs,
        counts: this.#counts,
        fusion: this.#options.fusion ?? true,
        softPlacement: this.#options.softPlacement ?? true,
        functions: this.#functions,
        onPlan: (made) => this.#placements.clusterPlanned(made, plan.nodes),
      };
      this.#environments.set(plan, environment);
    }
    return environment;
  }
}
