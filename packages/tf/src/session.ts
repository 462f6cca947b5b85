// tf.Session: a session over the default graph, opened when it is first used, on backends that are loaded when they are asked for.
// Source: python/client/session.py (Session).
import { TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import type { Backend } from "@org/hlo";
import { defaultFileSystem, type FileSystem, localPath, restrictFileSystem } from "@org/io";
import {
  type RunOptions as BaseRunOptions,
  type Session as BaseSession,
  type SessionOptions as BaseSessionOptions,
  type Callable,
  createSession,
  type DeviceAttributes,
  type FeedKey,
  type Feeds,
  type Fetched,
  type Fetches,
} from "@org/session";
import { getDefaultGraph } from "./default-graph.ts";
import { graphFiles } from "./graph-files.ts";
import { lazyFileSystem } from "./lazy-file-system.ts";

/**
 * A backend, a way to make one, or the name of one of ours: "cpu" loads @org/kernels-cpu, "gpu" @org/kernels-gpu on the browser's WebGPU
 * (in Node pass `() => gpu({ gpu })`), "evaluator" is the plain reference.
 */
export type BackendChoice =
  | Backend
  | Promise<Backend>
  | (() => Backend | Promise<Backend>)
  | "cpu"
  | "gpu"
  | "evaluator";

export interface SessionOptions extends Omit<BaseSessionOptions, "backends"> {
  /** Default: the default graph. */
  readonly graph?: Graph;
  /** In order of preference; default ["cpu"]. What a backend cannot take goes to the next, and at last to the evaluator unless `fallback` is false. */
  readonly backends?: readonly BackendChoice[];
  /**
   * Threads that the backend "cpu" computes with, this one included; default 1. As ConfigProto.intra_op_parallelism_threads, but for 0: how many
   * are free is for the program to say. A backend that is passed as such has its own.
   */
  readonly intraOpParallelismThreads?: number;
}

export interface RunOptions extends BaseRunOptions {
  /** The same as `feeds`, under Python's name. */
  readonly feedDict?: Feeds;
}

/** Our own backends: loaded when a session asks for one. */
const loaders: Readonly<Record<"cpu" | "gpu", (options: SessionOptions) => Promise<Backend>>> = {
  cpu: async ({ intraOpParallelismThreads: threads = 1 }) =>
    (await loaded("cpu", import("@org/kernels-cpu"))).cpu({ threads }),
  gpu: async () => (await loaded("gpu", import("@org/kernels-gpu"))).gpu(),
};

/** What `loading` gives. Rejects with TfError UNIMPLEMENTED where the package is not there. */
async function loaded<T>(name: string, loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    throw new TfError("UNIMPLEMENTED", `The backend "${name}" cannot be loaded`, {
      cause,
      hint: `npm install @org/kernels-${name}, or pass { backends: ["evaluator"] }, which is slow and needs nothing.`,
    });
  }
}

/**
 * Runs parts of a graph and keeps its variables. `sess.run(fetches, { feeds, targets })`.
 *
 * Files: with `fs`, the graph's ops reach that file system. Without, they reach only files under prefixes that this program
 * itself has named to a Saver, to `initFromCheckpoint` and `warmStart`, or to `allowFiles`: a graph from a stranger cannot open what it likes.
 */
export class Session {
  readonly graph: Graph;
  /** The files that a Saver works on. */
  readonly fs: FileSystem;
  readonly #options: SessionOptions;
  readonly #allowed: Set<string> = new Set();
  #inner: Promise<BaseSession> | undefined;
  #open: BaseSession | undefined;
  #closed = false;

  constructor(options: SessionOptions = {}) {
    this.graph = options.graph ?? getDefaultGraph();
    this.fs = options.fs ?? lazyFileSystem(defaultFileSystem);
    this.#options = options;
  }

  /** Lets the graph's ops reach files whose path begins with `prefix`. A Saver calls it with the prefix that it is given. */
  allowFiles(prefix: string): void {
    // Of a pattern of V1 shards, what is before the first wildcard.
    this.#allowed.add(localPath(prefix).replace(/[*?[].*$/, ""));
  }

  /** As `Session.run` of @org/session: the result mirrors `fetches`. Throws TfError with TensorFlow's code and sentence. */
  run<const F extends Fetches>(fetches: F, options: RunOptions = {}): Promise<Fetched<F>> {
    const { feedDict, ...rest } = options;
    const all = feedDict === undefined ? rest : { ...rest, feeds: feedDict };
    const open = this.#closed ? undefined : this.#open;
    const result: Promise<unknown> = open
      ? open.run(fetches, all)
      : this.#opened().then((session): Promise<unknown> => session.run(fetches, all));
    // The compiler cannot follow a Fetched of a Fetched.
    return result as Promise<never>;
  }

  /**
   * A function that runs `fetches` with a value for each of `feedList`, in order, and perhaps the options of a run after them. Opens the
   * session if it is not yet. As `makeCallable` of @org/session.
   */
  async makeCallable<const F extends Fetches, const K extends readonly FeedKey[] = readonly []>(
    fetches: F,
    feedList?: K,
  ): Promise<Callable<F, K>> {
    return (await this.#opened()).makeCallable(fetches, feedList) as Callable<F, K>;
  }

  /** Begins a run whose feeds come one after another: its handle, for `partialRun`. As `partialRunSetup` of @org/session. */
  async partialRunSetup(fetches: Fetches, feeds?: FeedKey | readonly FeedKey[]): Promise<string> {
    return (await this.#opened()).partialRunSetup(fetches, feeds);
  }

  /** Goes on with a partial run: gives it feeds and yields fetches. As `partialRun` of @org/session. */
  partialRun<const F extends Fetches>(
    handle: string,
    fetches: F,
    { feedDict, ...options }: Pick<RunOptions, "feeds" | "feedDict" | "signal"> = {},
  ): Promise<Fetched<F>> {
    const all = feedDict === undefined ? options : { ...options, feeds: feedDict };
    const result = this.#opened().then(
      (session): Promise<unknown> => session.partialRun(handle, fetches, all),
    );
    return result as Promise<never>;
  }

  /** The devices of this session, in order of preference; opens it if it is not yet. */
  async listDevices(): Promise<readonly DeviceAttributes[]> {
    return (await this.#opened()).listDevices();
  }

  /** What was planned, compiled, launched and moved; opens the session if it is not yet. */
  async stats(): Promise<ReturnType<BaseSession["stats"]>> {
    return (await this.#opened()).stats();
  }

  /** Frees everything; later runs throw FAILED_PRECONDITION "Attempted to use a closed Session.". */
  async close(): Promise<void> {
    this.#closed = true;
    const inner = this.#inner;
    this.#open = undefined;
    if (inner) await (await inner).close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #opened(): Promise<BaseSession> {
    if (this.#closed)
      throw new TfError("FAILED_PRECONDITION", "Attempted to use a closed Session.", {
        hint: "Open another one: new tf.Session().",
      });
    this.#inner ??= this.#create();
    try {
      this.#open = await this.#inner;
    } catch (error) {
      this.#inner = undefined;
      throw error;
    }
    return this.#open;
  }

  #create(): Promise<BaseSession> {
    const { graph: _, intraOpParallelismThreads: _threads, backends = ["cpu"], fs, ...rest } = this.#options;
    return createSession(this.graph, {
      ...rest,
      fallback: rest.fallback ?? true,
      backends: backends
        .filter((choice) => choice !== "evaluator")
        .map((choice) => (typeof choice === "string" ? () => loaders[choice](this.#options) : choice)),
      fs: fs ?? this.#gatedFiles(),
    });
  }

  #gatedFiles(): FileSystem {
    const allows = (path: string): boolean =>
      [...this.#allowed, ...graphFiles(this.graph)].some(
        (prefix) => path.startsWith(prefix) || path === "." || prefix.startsWith(`${path}/`),
      );
    return restrictFileSystem(
      this.fs,
      allows,
      "A graph reaches only files that the program named: session.allowFiles(prefix), or new Session({ fs }).",
    );
  }
}
