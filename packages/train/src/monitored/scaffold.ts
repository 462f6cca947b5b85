// Scaffold: the ops that a training program runs beside its own, made where they are not given. Source: python/training/monitored_session.py
// (Scaffold), python/ops/resources.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { canonicalDevice, currentGraph, type Graph, type Operation, type Tensor } from "@org/graph";
import { concat, constant, group, noOp, summary, tablesInitializer } from "@org/ops";
import { Saver } from "@org/saver";
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
  reportUninitializedVariables,
} from "@org/variables";
import type { RunFeeds, RunSession } from "./run-hook.ts";

export interface ScaffoldOptions {
  /** Initializes the model where there is no checkpoint. */
  readonly initOp?: Operation | Tensor | undefined;
  readonly initFeeds?: RunFeeds | undefined;
  /** Called after `initOp` where there is no checkpoint. */
  readonly initFn?: ((scaffold: Scaffold, session: RunSession) => void | Promise<void>) | undefined;
  /** The names of what is not initialized: the model is ready where there are none. */
  readonly readyOp?: Tensor | undefined;
  /** The same of what must be initialized before `localInitOp` can run. */
  readonly readyForLocalInitOp?: Tensor | undefined;
  /** Initializes what no checkpoint holds: local variables and tables. */
  readonly localInitOp?: Operation | Tensor | undefined;
  readonly summaryOp?: Tensor | undefined;
  readonly saver?: Saver | undefined;
  /** Gives what is not given here. */
  readonly copyFromScaffold?: Scaffold | undefined;
}

/** tf.train.Scaffold. */
export class Scaffold {
  #options: ScaffoldOptions;

  constructor(options: ScaffoldOptions = {}) {
    const { copyFromScaffold, ...own } = options;
    const given = Object.entries(own).filter(([, value]) => value !== undefined);
    this.#options = { ...(copyFromScaffold ? copyFromScaffold.#options : {}), ...Object.fromEntries(given) };
  }

  get initOp(): Operation | Tensor | undefined {
    return this.#options.initOp;
  }
  get initFeeds(): RunFeeds | undefined {
    return this.#options.initFeeds;
  }
  get readyOp(): Tensor | undefined {
    return this.#options.readyOp;
  }
  get readyForLocalInitOp(): Tensor | undefined {
    return this.#options.readyForLocalInitOp;
  }
  get localInitOp(): Operation | Tensor | undefined {
    return this.#options.localInitOp;
  }
  get summaryOp(): Tensor | undefined {
    return this.#options.summaryOp;
  }
  get saver(): Saver | undefined {
    return this.#options.saver;
  }
  /** The init function with this scaffold; undefined where none was given. */
  get initFn(): ((session: RunSession) => void | Promise<void>) | undefined {
    const { initFn } = this.#options;
    return initFn && ((session) => initFn(this, session));
  }

  /**
   * Makes what is not given, or takes it from its collection; then the graph is final. Throws TfError FAILED_PRECONDITION where a
   * collection holds several.
   */
  finalize(graph: Graph | undefined = currentGraph()): this {
    if (!graph) throw new TypeError("No graph: give one, or call inside graph.asDefault(() => ...)");
    graph.asDefault(() => {
      const { initOp, readyOp, readyForLocalInitOp, localInitOp, summaryOp, saver } = this.#options;
      const made = { ...this.#options };
      const of = <T>(name: string, key: string, make: () => T): T => getOrDefault(graph, name, key, make);
      made.initOp = initOp ?? of("init_op", GraphKeys.INIT_OP, () => defaultInitOp(graph));
      made.readyOp = readyOp ?? of("ready_op", GraphKeys.READY_OP, () => uninitialized(graph));
      made.readyForLocalInitOp =
        readyForLocalInitOp ??
        of("ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP, () => uninitialized(graph, true));
      made.localInitOp =
        localInitOp ?? of("local_init_op", GraphKeys.LOCAL_INIT_OP, () => Scaffold.defaultLocalInitOp(graph));
      made.summaryOp =
        summaryOp ?? of("summary_op", GraphKeys.SUMMARY_OP, () => summary.mergeAll() ?? undefined);
      made.saver = saver ?? this.#saverOf(graph);
      made.saver.build();
      this.#options = made;
    });
    graph.finalize();
    return this;
  }

  /** Initializes local variables and tables. */
  static defaultLocalInitOp(graph: Graph | undefined = currentGraph()): Operation {
    if (!graph) throw new TypeError("No graph: give one, or call inside graph.asDefault(() => ...)");
    return graph.asDefault(() =>
      group([localVariablesInitializer(), tablesInitializer(), initializeResources(graph, [])]),
    );
  }

  /** A new Saver of everything, sharded; a class on top may make it with more. */
  protected makeSaver(): Saver {
    return new Saver(null, { sharded: true, allowEmpty: true });
  }

  #saverOf(graph: Graph): Saver {
    const savers = graph.getCollection(GraphKeys.SAVERS) as Saver[];
    if (savers.length > 1)
      throw new TfError(
        "FAILED_PRECONDITION",
        `More than one item in collection ${GraphKeys.SAVERS}. Please indicate which one to use by passing it to the constructor.`,
      );
    const [found] = savers;
    if (found) return found;
    const saver = this.makeSaver();
    graph.addToCollection(GraphKeys.SAVERS, saver);
    return saver;
  }
}

/** What a resource of the collections "resources" and "local_resources" is. */
interface Resource {
  readonly create: Operation;
}

function getOrDefault<T>(graph: Graph, name: string, key: string, make: () => T): T {
  const elements = graph.getCollection(key) as T[];
  if (elements.length > 1)
    throw new TfError(
      "FAILED_PRECONDITION",
      `More than one item in the collection "${key}". Please indicate which one to use by passing it to the tf.Scaffold constructor as:  tf.Scaffold(${name}=item to use)`,
    );
  if (elements.length === 1) return elements[0]!;
  const made = make();
  if (made !== undefined) graph.addToCollection(key, made);
  return made;
}

function defaultInitOp(graph: Graph): Operation {
  const shared = graph.getCollection("resources") as Resource[];
  return group([globalVariablesInitializer(), initializeResources(graph, shared)]);
}

function initializeResources(graph: Graph, resources: readonly Resource[]): Operation {
  if (resources.length > 0)
    return group(
      resources.map(({ create }) => create),
      { name: "init" },
    );
  return noOp({ graph, name: "init" });
}

/** The names of variables that have no value; of global ones only, if that is asked for. No resource of ours is ever without. */
function uninitialized(graph: Graph, onlyGlobal = false): Tensor {
  const variables = onlyGlobal
    ? reportUninitializedVariables(globalVariables(graph))
    : reportUninitializedVariables();
  const resources = graph.nameScope("report_uninitialized_resources", () =>
    graph.device(canonicalDevice("/cpu:0"), () => constant([], "string", { shape: [0] })),
  );
  return concat([variables, resources], 0);
}
