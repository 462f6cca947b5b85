// The runs of a session: planned, begun with what watches them (a deadline, a trace), executed, and ended. What may be asked of a session,
// and its state, is session.ts.
import type { Graph, Operation, Tensor } from "@org/graph";
import { isTensor } from "@org/graph";
import type { OpEntry } from "@org/ops";
import type { NdArray } from "@org/tensor";
import type { Device } from "./device.ts";
import { checkDevices } from "./device-choice.ts";
import { Execution, type ExecutorEnvironment } from "./executor.ts";
import type { ParsedFeeds } from "./feeds.ts";
import { readOut } from "./fetched-values.ts";
import type { ParsedFetches } from "./fetches.ts";
import { Functions } from "./functions.ts";
import { makeRunPlan } from "./make-run-plan.ts";
import { Placements } from "./placements.ts";
import { PlanCache } from "./plan-cache.ts";
import type { RunRequest } from "./prune.ts";
import { type RunDeadline, runDeadline } from "./run-deadline.ts";
import { fillRunMetadata, traceOf } from "./run-metadata.ts";
import type { RunPlan } from "./run-plan.ts";
import type { RunOptions, SessionOptions } from "./session-options.ts";
import type { RunCounts } from "./stats.ts";
import type { StepTrace } from "./step-trace.ts";
import { dueTurn } from "./turn.ts";
import { TensorValue } from "./values.ts";
import type { SessionState } from "./variable-state.ts";

/** A run that is about to begin. */
export interface Begun {
  readonly parsed: ParsedFetches;
  readonly plan: RunPlan;
  readonly execution: Execution;
  readonly deadline: RunDeadline | undefined;
  readonly trace: StepTrace | undefined;
}

export class SessionRuns {
  readonly graph: Graph;
  readonly plans: PlanCache;
  readonly placements: Placements;
  readonly counts: RunCounts = { runs: 0, runPlans: 0, clusterPlans: 0, hostKernels: 0, held: 0 };
  readonly #options: SessionOptions;
  readonly #devices: readonly Device[];
  readonly #state: SessionState;
  readonly #functions: Functions;
  readonly #environments: WeakMap<RunPlan, ExecutorEnvironment> = new WeakMap();

  constructor(graph: Graph, devices: readonly Device[], state: SessionState, options: SessionOptions) {
    this.graph = graph;
    this.#devices = devices;
    this.#state = state;
    this.#options = options;
    this.placements = new Placements(options);
    this.#functions = new Functions({
      lookup: (op) => this.#entry(op),
      ops: options.ops ?? graph.ops,
      devices,
      makePlan: (request, path) => this.#makePlan(request, path),
      environmentOf: (plan) => this.environment(plan),
    });
    this.plans = new PlanCache(graph, options.runPlanLimit ?? 128, (request) => this.#makePlan(request));
  }

  /** Drops all plans. */
  forget(): void {
    this.plans.clear();
    this.#functions.forget();
  }

  /** Begins a run: its plan, and what watches it. Throws as `makeRunPlan`. */
  begin(parsed: ParsedFetches, feeds: ParsedFeeds, options: RunOptions): Begun {
    const { tensors, operations } = parsed;
    const targets = options.targets?.length
      ? [...operations, ...options.targets.map((target) => this.#target(target))]
      : operations;
    const plan = this.plans.get({ fetches: tensors, targets, feeds: feeds.tensors });
    this.counts.runs++;
    for (const device of this.#devices) device.beginRun();
    const timeout = Number(options.options?.timeoutInMs || (this.#options.operationTimeoutInMs ?? 0));
    const deadline = timeout > 0 ? runDeadline(timeout, options.signal) : undefined;
    const trace = traceOf(options, plan, feeds.tensors);
    const shared = this.environment(plan);
    const { onProgress } = options;
    const isPlain = onProgress === undefined && deadline === undefined && trace === undefined;
    const environment = isPlain ? shared : { ...shared, onProgress, trace, deadline: deadline?.at };
    const values = feeds.values.map((array) => this.fed(array));
    const execution = new Execution(plan, values, environment, deadline?.signal ?? options.signal);
    return { parsed, plan, execution, deadline, trace };
  }

  /** Runs what was begun, and gives the fetched values in the shape of the fetches. */
  run(begun: Begun, options: RunOptions): Promise<unknown> {
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

  /** A run that has a deadline or is told about. */
  async #runWatched(begun: Begun, options: RunOptions): Promise<unknown> {
    const { parsed, execution, deadline } = begun;
    try {
      const result = parsed.build(await readOut(await execution.run()));
      this.fillMetadata(begun, options);
      return result;
    } finally {
      deadline?.clear();
    }
  }

  /** Fills the metadata that the caller asked for. */
  fillMetadata({ plan, trace }: Begun, options: RunOptions): void {
    if (options.runMetadata !== undefined)
      fillRunMetadata(options.runMetadata, options, trace, plan, this.graph, this.placements);
  }

  /** A fed array as a value. */
  fed(array: NdArray): TensorValue {
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
    this.counts.runPlans++;
    this.placements.planned(plan);
    return plan;
  }

  /** What the session's registry knows of an op, or else the graph's. */
  #entry(op: Operation): OpEntry | undefined {
    return (this.#options.ops?.get(op.type) ?? op.registered ?? this.graph.ops.get(op.type)) as
      | OpEntry
      | undefined;
  }

  /** What all executions of `plan` share. */
  environment(plan: RunPlan): ExecutorEnvironment {
    let environment = this.#environments.get(plan);
    if (environment === undefined) {
      environment = {
        devices: this.#devices,
        nodes: plan.nodes,
        fetches: plan.fetches,
        state: this.#state,
        fs: this.#options.fs,
        counts: this.counts,
        fusion: this.#options.fusion ?? true,
        softPlacement: this.#options.softPlacement ?? true,
        functions: this.#functions,
        onPlan: (made) => this.placements.clusterPlanned(made, plan.nodes),
      };
      this.#environments.set(plan, environment);
    }
    return environment;
  }
}
