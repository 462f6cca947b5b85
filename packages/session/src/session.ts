// Session: runs parts of a graph, and keeps the state that they leave (variables, queues, random generators). What a run
// does is planned once (run-plan.ts), made ready for concrete shapes (cluster-plan.ts) and executed (executor.ts).
// Source: python/client/session.py, core/common_runtime/direct_session.cc.
import { TfError } from "@org/errors";
import type { Graph, Operation, OpRegistry, RegisteredOp } from "@org/graph";
import { isOperation, isTensor } from "@org/graph";
import { type Backend, evaluatorBackend } from "@org/hlo";
import type { FileSystem, Progress } from "@org/io";
import type { OpEntry } from "@org/ops";
import { dtypes, type NdArray, sizeOf } from "@org/tensor";
import { checkDevices } from "./check-devices.ts";
import { type ClusterPlan, dropPlan } from "./cluster-plan.ts";
import { Device } from "./device.ts";
import { Execution, type ExecutorEnvironment } from "./executor.ts";
import { type Feeds, parseFeeds } from "./feeds.ts";
import { type Fetched, type Fetches, type ParsedFetches, parseFetches } from "./fetches.ts";
import type { PlanNode } from "./plan-node.ts";
import { makeRunPlan, type RunPlan } from "./run-plan.ts";
import type { SessionStats } from "./stats.ts";
import { checkSync } from "./sync.ts";
import { dueTurn } from "./turn.ts";
import { TensorValue, type Value } from "./values.ts";
import { SessionState } from "./variable-state.ts";

/** Where a node runs. */
export interface NodePlacement {
  readonly node: string;
  readonly op: string;
  /** Name of the backend; "HOST" for host kernels and what needs no kernel. */
  readonly backend: string;
}

export interface SessionOptions {
  /** What ops mean; default: the graph's own registry, where its entries say so. */
  readonly ops?: OpRegistry<RegisteredOp>;
  /** In order of preference. The session closes those that it makes from functions, not those that it is given. */
  readonly backends?: readonly (Backend | (() => Backend | Promise<Backend>))[];
  /** Whether what no backend takes runs on the evaluator: true unless given. */
  readonly fallback?: boolean;
  /** false: a node whose device string names a device that is not there is an error. Unless given, such strings are passed over. */
  readonly softPlacement?: boolean;
  /** Files that ops may reach (SaveV2, ReadFile); without it they may reach none. */
  readonly fs?: FileSystem;
  /** Told where each node of a new plan runs. */
  readonly onPlacement?: (placement: NodePlacement) => void;
  /** Prints each placement, as TensorFlow does. */
  readonly logDevicePlacement?: boolean;
  /** Run plans that are kept: 128 unless given. */
  readonly runPlanLimit?: number;
}

export interface RunOptions {
  readonly feeds?: Feeds;
  /** Operations (or names) that are run beside the fetches. */
  readonly targets?: readonly (string | Operation)[];
  readonly signal?: AbortSignal;
  /** Told how far ops are that work for long: SaveV2, RestoreV2 and their kin. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Opens a session on `graph`. Backends given as functions are made now.
 * Throws TfError INVALID_ARGUMENT where there is neither a backend nor the evaluator.
 */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  const devices: Device[] = [];
  for (const backend of options.backends ?? []) {
    const isMade = typeof backend === "function";
    devices.push(new Device(devices.length, isMade ? await backend() : backend, isMade));
  }
  if (options.fallback ?? true) devices.push(new Device(devices.length, evaluatorBackend(), true));
  if (devices.length === 0)
    throw new TfError("INVALID_ARGUMENT", "A session needs a backend", {
      hint: "Pass backends to createSession, or leave the fallback to the evaluator on.",
    });
  return new Session(graph, devices, options);
}

export class Session {
  readonly graph: Graph;
  /** The files that ops of this session may reach. */
  readonly fs: FileSystem | undefined;
  readonly #options: SessionOptions;
  readonly #devices: readonly Device[];
  readonly #state: SessionState = new SessionState();
  readonly #plans: Map<string, RunPlan> = new Map();
  #planRevision = -1;
  #closed = false;
  readonly #counts: { runs: number; runPlans: number; clusterPlans: number; hostKernels: number } = {
    runs: 0,
    runPlans: 0,
    clusterPlans: 0,
    hostKernels: 0,
  };
  readonly #placements: Map<string, NodePlacement> = new Map();

  /** @internal Use `createSession`. */
  constructor(graph: Graph, devices: readonly Device[], options: SessionOptions) {
    this.graph = graph;
    this.fs = options.fs;
    this.#devices = devices;
    this.#options = options;
  }

  /**
   * Runs what `fetches` and `targets` need and yields the fetched values in the shape of `fetches`.
   * Throws TfError with TensorFlow's code and sentence; after a failure, variables hold the last values that they were given.
   */
  run<const F extends Fetches>(fetches: F, options: RunOptions = {}): Promise<Fetched<F>> {
    try {
      const { parsed, execution } = this.#begin(fetches, options);
      const values = execution.run();
      const result = values instanceof Promise ? values.then(readOut) : readOut(values);
      const turn = dueTurn();
      let built: Promise<unknown>;
      if (result instanceof Promise) built = result.then(parsed.build);
      else {
        const value = parsed.build(result);
        built = turn === undefined ? Promise.resolve(value) : turn.then(() => value);
      }
      return built as Promise<never>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The same at once. Throws as `run`, and TfError FAILED_PRECONDITION, before anything runs, where a node or backend
   * works in its own time.
   */
  runSync<const F extends Fetches>(fetches: F, options: Omit<RunOptions, "signal"> = {}): Fetched<F> {
    const { parsed, plan, execution } = this.#begin(fetches, options);
    checkSync(plan, this.#devices);
    const values = execution.run(true);
    const arrays = values instanceof Promise ? values : readOut(values);
    if (arrays instanceof Promise) {
      arrays.catch(() => {});
      throw new TfError("FAILED_PRECONDITION", "runSync: a host kernel or backend works in its own time", {
        hint: "Use run.",
      });
    }
    return parsed.build(arrays) as never;
  }

  /** Frees everything. Later runs throw TfError FAILED_PRECONDITION. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropPlans();
    await this.#state.close();
    for (const device of this.#devices) await device.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What was planned, compiled, launched and moved so far. */
  stats(): SessionStats {
    const backends = this.#devices.map((device) => {
      const { buffers, bytesInUse, ...stats } = device.backend.stats();
      const { pooled } = device;
      return {
        name: device.name,
        ...stats,
        buffers: buffers - pooled.buffers,
        bytesInUse: bytesInUse - pooled.bytes,
      };
    });
    const total = (
      of: "compiled" | "launches" | "bytesUploaded" | "bytesDownloaded" | "buffers" | "bytesInUse",
    ): number => backends.reduce((sum, stats) => sum + stats[of], 0);
    let clusters = 0;
    for (const plan of this.#plans.values()) clusters += plan.clusters.length;
    return {
      ...this.#counts,
      clusters,
      compiled: total("compiled"),
      launches: total("launches"),
      bytesUploaded: total("bytesUploaded"),
      bytesDownloaded: total("bytesDownloaded"),
      buffers: total("buffers"),
      bytesInUse: total("bytesInUse"),
      backends,
    };
  }

  /** Backends in order of preference, with TensorFlow's device names. */
  listDevices(): readonly { readonly name: string; readonly deviceType: string }[] {
    const seen = new Map<string, number>();
    return this.#devices.map(({ name: deviceType }) => {
      const index = seen.get(deviceType) ?? 0;
      seen.set(deviceType, index + 1);
      return { name: `/job:localhost/replica:0/task:0/device:${deviceType}:${index}`, deviceType };
    });
  }

  /** Name of the backend that `node` (a name, operation or tensor) ran on last, "HOST" for host kernels; undefined before it has run. */
  backendOf(node: string | Operation | { readonly op: Operation }): string | undefined {
    const name = typeof node === "string" ? node : isOperation(node) ? node.name : node.op.name;
    return this.#placements.get(name)?.backend;
  }

  /** Where the nodes that have run are, in order of their names. */
  placements(): readonly NodePlacement[] {
    return [...this.#placements.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  // ---- beginning of a run

  #begin(
    fetches: Fetches,
    options: RunOptions,
  ): { readonly parsed: ParsedFetches; readonly plan: RunPlan; readonly execution: Execution } {
    if (this.#closed)
      throw new TfError("FAILED_PRECONDITION", "Attempted to use a closed Session.", {
        hint: "Open another one with createSession.",
      });
    if (this.graph.version === 0)
      throw new TfError(
        "FAILED_PRECONDITION",
        "The Session graph is empty.  Add operations to the graph before calling run().",
      );
    const feeds = parseFeeds(options.feeds, this.graph);
    const parsed = parseFetches(fetches, this.graph);
    const targets = (options.targets ?? []).map((target) => this.#target(target));
    const plan = this.#plan(parsed, targets, feeds.tensors);
    this.#counts.runs++;
    const values = feeds.values.map(
      (array) => new TensorValue(this.#devices, array.dtype, array.shape, array),
    );
    return {
      parsed,
      plan,
      execution: new Execution(plan, values, this.#environment(plan, options.onProgress), options.signal),
    };
  }

  #target(target: string | Operation): Operation {
    const element = this.graph.asGraphElement(target);
    return isTensor(element) ? element.op : element;
  }

  #plan(
    parsed: ParsedFetches,
    targets: readonly Operation[],
    feeds: readonly import("@org/graph").Tensor[],
  ): RunPlan {
    if (this.#planRevision !== this.graph.revision) {
      this.#dropPlans();
      this.#planRevision = this.graph.revision;
    }
    const operations = [...parsed.operations, ...targets];
    const key = `${parsed.tensors.map(({ name }) => name)}|${operations.map(({ name }) => name)}|${feeds.map(({ name }) => name)}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const plan = makeRunPlan(
      { fetches: parsed.tensors, targets: operations, feeds },
      (op) => this.#entry(op),
      this.#state,
      this.#devices,
    );
    if (this.#options.softPlacement === false)
      checkDevices(
        plan.nodes,
        this.#devices.map(({ name }) => name),
      );
    this.#counts.runPlans++;
    this.#plans.set(key, plan);
    const limit = this.#options.runPlanLimit ?? 128;
    for (const [oldest, old] of this.#plans) {
      if (this.#plans.size <= limit) break;
      this.#plans.delete(oldest);
      for (const cluster of old.clusters) for (const made of cluster.plans) dropPlan(made);
    }
    for (const node of plan.nodes) if (node.kind === "host") this.#placed(node, "HOST");
    return plan;
  }

  #dropPlans(): void {
    for (const plan of this.#plans.values())
      for (const cluster of plan.clusters) for (const made of cluster.plans.splice(0)) dropPlan(made);
    this.#plans.clear();
  }

  /** What the session's registry knows of an op, or else the graph's. */
  #entry(op: Operation): OpEntry | undefined {
    return (this.#options.ops?.get(op.type) ?? op.registered ?? this.graph.ops.get(op.type)) as
      | OpEntry
      | undefined;
  }

  #environment(plan: RunPlan, onProgress: RunOptions["onProgress"]): ExecutorEnvironment {
    return {
      onProgress,
      devices: this.#devices,
      nodes: plan.nodes,
      state: this.#state,
      fs: this.fs,
      onHostKernel: () => {
        this.#counts.hostKernels++;
      },
      onPlan: (_, made) => this.#planned(made, plan.nodes),
    };
  }

  #planned(made: ClusterPlan, nodes: readonly PlanNode[]): void {
    this.#counts.clusterPlans++;
    for (const [index, device] of made.placement.deviceOf) this.#placed(nodes[index]!, device.name);
  }

  #placed({ op }: PlanNode, backend: string): void {
    const before = this.#placements.get(op.name);
    if (before?.backend === backend) return;
    const placement = { node: op.name, op: op.type, backend };
    this.#placements.set(op.name, placement);
    this.#options.onPlacement?.(placement);
    if (this.#options.logDevicePlacement) console.info(`${op.name}: (${op.type}): ${backend}`);
  }
}

/** Arrays of fetched values, the caller's own. */
function readOut(values: readonly Value[]): readonly NdArray[] | Promise<readonly NdArray[]> {
  const arrays = values.map((value): NdArray | Promise<NdArray> => {
    if (value.kind !== "tensor") throw new TfError("INTERNAL", "A Ref was fetched");
    const array = value.onHost();
    const finish = (found: NdArray): NdArray => {
      value.release();
      return { ...found, shape: [...found.shape], data: copy(found) };
    };
    return array instanceof Promise ? array.then(finish) : finish(array);
  });
  return arrays.some((array) => array instanceof Promise)
    ? Promise.all(arrays)
    : (arrays as readonly NdArray[]);
}

function copy({ dtype, shape, data }: NdArray): NdArray["data"] {
  if (sizeOf(shape) === 0 || dtypes[dtype].kind === "resource") return data;
  return (data as Float32Array).slice();
}
