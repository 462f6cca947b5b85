// The nodes of a request that stand for other ops, and what stands for them: which tensor an output, or an argument of a function, really
// is. A call's body takes the call's place; what in it has no inputs hangs on what the call hangs on.
// Source: core/common_runtime/function.cc (InlineFunctionBody).
import type { Graph, Operation } from "@org/graph";
import { type Expansion, forwardOf } from "@org/ops";
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
  /** CallSites.originOf the call. */
  readonly origin: string;
}

export class CallSites {
  readonly #functions: Functions;
  readonly #root: readonly string[];
  readonly #byCall: Map<Operation, CallSite | undefined> = new Map();
  readonly #byGraph: Map<Graph, CallSite> = new Map();
  /** Told of each new site. */
  readonly #entered: (site: CallSite) => void;
  readonly #origins: Map<Operation, string> = new Map();
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

  /** The name of `op`; of a node that computes again what another one did, that one's. */
  originOf(op: Operation): string {
    const known = this.#origins.get(op);
    if (known !== undefined) return known;
    // Nodes that claim to be each other's end here.
    this.#origins.set(op, op.name);
    const origin = this.#findOrigin(op);
    this.#origins.set(op, origin);
    return origin;
  }

  #findOrigin(op: Operation): string {
    const outer = this.around(op);
    const names = forwardOf(op);
    /** The name of something in the same graph. */
    const from = (name: string): string =>
      outer === undefined ? name : outer.origin + name.slice(outer.call.name.length);
    if (names === undefined) return from(op.name);
    const [first, ...rest] = names;
    if (first === undefined) return outer?.origin ?? op.name;
    const within = outer?.expansion.graph ?? op.graph;
    const forward =
      within.findOperation(first) ??
      (outer === undefined ? undefined : within.findOperation(`${outer.call.name}/${first}`));
    return [forward === undefined ? from(first) : this.originOf(forward), ...rest].join("/");
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
      origin: this.originOf(call),
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
