// The nodes of a request that stand for other ops, and what stands for them: which tensor an output, or an argument of a function, really
// is. A call's body takes the call's place; what in it has no inputs hangs on what the call hangs on.
// Source: core/common_runtime/function.cc (InlineFunctionBody).
import type { Graph, Operation } from "@org/graph";
import type { Expansion } from "@org/ops";
import type { Functions } from "./functions.ts";

/** One node with its expansion. */
export interface CallSite {
  readonly call: Operation;
  readonly expansion: Expansion;
  readonly outer: CallSite | undefined;
  /** Argument positions by placeholder. */
  readonly argument: ReadonlyMap<Operation, number>;
  /** Keys of this call and those around it, outermost first. */
  readonly path: readonly string[];
  /** Ids of the calls around and of this one: where its nodes come in the order of the graph. */
  readonly order: readonly number[];
}

export class CallSites {
  readonly #functions: Functions;
  readonly #root: readonly string[];
  readonly #byCall: Map<Operation, CallSite | undefined> = new Map();
  readonly #byGraph: Map<Graph, CallSite> = new Map();
  /** Told of each new site. */
  readonly #entered: (site: CallSite) => void;
  #size = 0;

  /** `path`: keys of calls that all of the request lies below. */
  constructor(functions: Functions, path: readonly string[], entered: (site: CallSite) => void) {
    this.#functions = functions;
    this.#root = path;
    this.#entered = entered;
  }

  get any(): boolean {
    return this.#byGraph.size > 0;
  }

  /** The site that `op` lies in. */
  around(op: Operation): CallSite | undefined {
    return this.#byGraph.get(op.graph);
  }

  /** Which argument of its site `op` stands for, or -1. */
  argumentOf(op: Operation): number {
    return this.around(op)?.argument.get(op) ?? -1;
  }

  /** The site of `op`, where it stands for other ops and they take its place. */
  of(op: Operation): CallSite | undefined {
    if (this.#byCall.has(op)) return this.#byCall.get(op);
    const site = this.#enter(op);
    this.#byCall.set(op, site);
    if (site !== undefined) this.#entered(site);
    return site;
  }

  /** Whether `op` stands for other ops, but stays a step. */
  isStep(op: Operation): boolean {
    return this.of(op) === undefined && this.#functions.isExpandable(op);
  }

  #enter(call: Operation): CallSite | undefined {
    if (!this.#functions.isExpandable(call)) return undefined;
    const outer = this.around(call);
    const path = outer?.path ?? this.#root;
    if (!this.#functions.fits(call, path, this.#size, this.#root.length > 0)) return undefined;
    const expansion = this.#functions.expansionOf(call);
    this.#size += expansion.graph.getOperations().length + 10;
    const site: CallSite = {
      call,
      expansion,
      outer,
      argument: new Map(expansion.inputs.map((input, i) => [input.op, i])),
      path: [...path, this.#functions.keyOf(call)],
      order: [...(outer?.order ?? []), call.id],
    };
    this.#byGraph.set(expansion.graph, site);
    return site;
  }

  /** Sorts ops as a graph would have them in which every call's body stood in its place. */
  compare = (a: Operation, b: Operation): number => {
    const [x, y] = [this.#orderOf(a), this.#orderOf(b)];
    for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
    return x.length - y.length;
  };

  #orderOf(op: Operation): readonly number[] {
    return [...(this.around(op)?.order ?? []), op.id];
  }
}
