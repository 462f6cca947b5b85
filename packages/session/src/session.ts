// Session: runs parts of a graph, and keeps the state that they leave (variables, queues, random generators). What a run
// does is planned once (run-plan.ts), made ready for concrete shapes (cluster-plan.ts) and executed (executor.ts).
// Source: python/client/session.py, core/common_runtime/direct_session.cc.
import { TfError } from "@org/errors";
import type { Graph, Operation } from "@org/graph";
import { isOperation } from "@org/graph";
import type { FileSystem } from "@org/io";
import type { Device } from "./device.ts";
import { DeviceLosses } from "./device-loss.ts";
import { type DeviceAttributes, deviceAttributes } from "./device-names.ts";
import { Execution } from "./executor.ts";
import { type FeedKey, type FeedValue, feedTensors, feedValue, parseFeeds } from "./feeds.ts";
import { readOut } from "./fetched-values.ts";
import { type Fetched, type Fetches, parseFetches } from "./fetches.ts";
import { PartialRuns } from "./partial-run.ts";
import type { NodePlacement } from "./placements.ts";
import type { RunRequest } from "./prune.ts";
import type { RunOptions, SessionOptions } from "./session-options.ts";
import { SessionRuns } from "./session-runs.ts";
import { collectStats, type SessionStats } from "./stats.ts";
import { checkSync } from "./sync.ts";
import { SessionState } from "./variable-state.ts";

/** What `makeCallable` makes: takes a value for each of its feeds, in order. */
export type Callable<F, K extends readonly FeedKey[]> = (
  ...values: [...{ [I in keyof K]: FeedValue }, options?: Omit<RunOptions, "feeds" | "targets">]
) => Promise<Fetched<F>>;

export class Session {
  readonly graph: Graph;
  /** The files that ops of this session may reach. */
  readonly fs: FileSystem | undefined;
  readonly #devices: readonly Device[];
  readonly #state: SessionState = new SessionState();
  readonly #runs: SessionRuns;
  readonly #partialRuns = new PartialRuns();
  readonly #losses: DeviceLosses;
  #closed = false;

  /** @internal Use `createSession`. */
  constructor(graph: Graph, devices: readonly Device[], options: SessionOptions) {
    this.graph = graph;
    this.fs = options.fs;
    this.#devices = devices;
    this.#runs = new SessionRuns(graph, devices, this.#state, options);
    this.#losses = new DeviceLosses(devices, this.#state, () => this.#runs.forget());
  }

  /**
   * Runs what `fetches` and `targets` need and yields the fetched values in the shape of `fetches`. Runs of one session may overlap.
   * Throws TfError with TensorFlow's code and sentence; after a failure, variables hold the last values that they were given. Where a
   * device was lost: see device-loss.ts.
   */
  run<const F extends Fetches>(fetches: F, options: RunOptions = {}): Promise<Fetched<F>> {
    return this.#started(() => {
      const feeds = parseFeeds(options.feeds, this.graph);
      return this.#runs.run(this.#runs.begin(parseFetches(fetches, this.graph), feeds, options), options);
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
    const begun = this.#runs.begin(parseFetches(fetches, this.graph), feeds, options);
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
      this.#runs.fillMetadata(begun, options);
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
        return this.#runs.run(this.#runs.begin(parsed, { tensors: feeds, values: arrays }, options), options);
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
    const plan = this.#runs.plans.get(request);
    this.#runs.counts.runs++;
    return this.#partialRuns.begin(
      request,
      plan,
      (signal) => new Execution(plan, [], this.#runs.environment(plan), signal),
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
    this.#runs.forget();
    await this.#state.close();
    for (const device of this.#devices) await device.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---- what there is and was

  /** What was planned, compiled, launched and moved so far. */
  stats(): SessionStats {
    return collectStats(this.#devices, this.#runs.counts, this.#runs.plans.clusters);
  }

  /** Backends in order of preference, with TensorFlow's device names, and the host's CPU:0. */
  listDevices(): readonly DeviceAttributes[] {
    return deviceAttributes(this.#devices);
  }

  /** Name of the backend that `node` (a name, operation or tensor) ran on last, "HOST" for host kernels; undefined before it has run. */
  backendOf(node: string | Operation | { readonly op: Operation }): string | undefined {
    const name = typeof node === "string" ? node : isOperation(node) ? node.name : node.op.name;
    return this.#runs.placements.of(name)?.backend;
  }

  /** Where the nodes that have run are, in order of their names. */
  placements(): readonly NodePlacement[] {
    return this.#runs.placements.all();
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

  async #partialRun(handle: string, fetches: Fetches, { feeds, signal }: RunOptions): Promise<unknown> {
    const fed = parseFeeds(feeds, this.graph);
    const parsed = parseFetches(fetches, this.graph);
    const values = await this.#partialRuns.step(handle, {
      feeds: fed.tensors,
      values: () => fed.values.map((array) => this.#runs.fed(array)),
      fetches: parsed.tensors,
      operations: parsed.operations,
      signal,
    });
    return parsed.build(await readOut(values));
  }
}
