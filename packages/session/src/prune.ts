// Which nodes a run needs: from fetches and targets back through data and control edges, stopping at feeds. Calls of functions are
// looked through: their bodies' nodes are in the plan.
// Source: core/graph/subgraph.cc (RewriteGraphForExecution).
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import type { OpEntry } from "@org/ops";
import { type CallSite, CallSites } from "./call-sites.ts";
import type { Functions } from "./functions.ts";
import { argumentNode, kindOf, type PlanNode, planNode, readNode, type Source } from "./plan-node.ts";

/** What a run is asked for, resolved to the graph's own objects. */
export interface RunRequest {
  readonly fetches: readonly Tensor[];
  readonly targets: readonly Operation[];
  readonly feeds: readonly Tensor[];
  /** Whether feeds and fetches come one after another: then no unit waits for feeds that it does not need. */
  readonly partial?: boolean;
}

export interface Pruned {
  /** In no particular order. */
  readonly nodes: readonly PlanNode[];
  /** Where each fetch comes from; the fetch of a ref is a node of its own. */
  readonly fetches: readonly Source[];
}

/** Ops that only bring values in: those whose values are fed have nothing to do. In TensorFlow that goes for placeholders alone. */
const bringsValues = (op: Operation): boolean =>
  /^(Placeholder(V2)?|QueueDequeue(Many|UpTo)?(V2)?|IteratorGetNext(Sync|AsOptional)?|ReaderRead(UpTo)?(V2)?)$/.test(
    op.type,
  );

/**
 * The nodes of a run and how they hang together. `path`: keys of calls that the request lies below.
 * Throws TfError UNIMPLEMENTED that lists every node that nothing here can run; what is wrong with functions that are called.
 */
export function prune(
  request: RunRequest,
  lookup: (op: Operation) => OpEntry | undefined,
  functions: Functions,
  path: readonly string[] = [],
): Pruned {
  return new Pruning(request, lookup, functions, path).run();
}

class Pruning {
  readonly #request: RunRequest;
  readonly #lookup: (op: Operation) => OpEntry | undefined;
  readonly #feeds: ReadonlyMap<Tensor, number>;
  readonly #nodes: Map<Operation, PlanNode> = new Map();
  readonly #reads: Map<Tensor, PlanNode> = new Map();
  readonly #unknown: Operation[] = [];
  /** Made, but not yet connected. */
  readonly #pending: PlanNode[] = [];
  readonly #sites: CallSites;
  /** Sites whose effects are not yet in the plan. */
  readonly #entered: CallSite[] = [];
  readonly #gates: Map<CallSite, readonly PlanNode[]> = new Map();

  constructor(
    request: RunRequest,
    lookup: (op: Operation) => OpEntry | undefined,
    functions: Functions,
    path: readonly string[],
  ) {
    this.#request = request;
    this.#lookup = lookup;
    this.#feeds = new Map(request.feeds.map((tensor, index) => [tensor, index]));
    this.#sites = new CallSites(functions, path, (site) => this.#entered.push(site));
  }

  run(): Pruned {
    for (const op of this.#request.targets) this.#doneOf(op);
    const fetched: PlanNode[] = [];
    const fetches = this.#request.fetches.map((tensor): Source => {
      const source = this.#sourceOf(tensor);
      if (source.node === undefined || !source.tensor.isRef) return source;
      const node = readNode(source, true);
      fetched.push(node);
      return { tensor, node, output: 0, feed: -1 };
    });
    for (;;) {
      const node = this.#pending.pop();
      if (node !== undefined) this.#connect(node);
      else {
        const site = this.#entered.pop();
        if (site === undefined) break;
        for (const effect of site.expansion.effects) this.#doneOf(effect);
      }
    }
    if (this.#unknown.length > 0) throw cannotRun(this.#unknown);
    this.#shareSequences();
    const nodes = [...this.#nodes.values(), ...this.#reads.values(), ...fetched];
    if (this.#sites.any) {
      nodes.sort((a, b) => this.#sites.compare(a.op, b.op));
      for (const [i, node] of nodes.entries()) node.order = i;
    }
    return { nodes, fetches };
  }

  /** Finds the nodes that do what others do, since gradients compute functions again. */
  #shareSequences(): void {
    const byName = new Map<string, PlanNode[]>();
    for (const node of this.#nodes.values()) {
      if (node.kind !== "host" || !node.op.opDef?.isStateful) continue;
      const name = this.#sites.originOf(node.op);
      const alike = byName.get(name);
      if (alike) alike.push(node);
      else byName.set(name, [node]);
    }
    for (const [name, nodes] of byName)
      if (nodes.some(({ op }) => op.name !== name))
        for (const node of nodes) node.sequence = { name, isShared: nodes.length > 1 };
  }

  #nodeOf(op: Operation): PlanNode {
    const known = this.#nodes.get(op);
    if (known !== undefined) return known;
    const entry = this.#lookup(op);
    const kind = this.#sites.isStep(op) ? "call" : kindOf(op, entry);
    if (kind === undefined) this.#unknown.push(op);
    const made = planNode(op, kind ?? "noop", entry);
    this.#nodes.set(op, made);
    this.#pending.push(made);
    return made;
  }

  /** What `tensor` really is: arguments and calls are looked through. */
  #sourceOf(from: Tensor): Source {
    let tensor = from;
    for (;;) {
      const feed = this.#feeds.get(tensor);
      if (feed !== undefined) return { tensor, node: undefined, output: 0, feed };
      const { op } = tensor;
      const argument = this.#sites.argumentOf(op);
      if (argument >= 0) {
        const site = this.#sites.around(op)!;
        const outer = site.call.inputs[argument]!;
        if (outer.isRef || this.#gateOf(site).length > 0)
          return { tensor, node: this.#argumentNode(op, outer), output: 0, feed: -1 };
        tensor = outer;
        continue;
      }
      const site = this.#sites.of(op);
      if (site === undefined) return { tensor, node: this.#nodeOf(op), output: tensor.valueIndex, feed: -1 };
      const inside = site.expansion.outputs[tensor.valueIndex]!;
      if (inside.isRef && !tensor.isRef) return { tensor, node: this.#readOf(inside), output: 0, feed: -1 };
      tensor = inside;
    }
  }

  /** An argument that waits for what its call waits for, or reads a Ref. */
  #argumentNode(op: Operation, outer: Tensor): PlanNode {
    const known = this.#nodes.get(op);
    if (known !== undefined) return known;
    const made = argumentNode(op, outer);
    this.#nodes.set(op, made);
    this.#pending.push(made);
    return made;
  }

  /** A read of a Ref that a function returns. */
  #readOf(inside: Tensor): PlanNode {
    const known = this.#reads.get(inside);
    if (known !== undefined) return known;
    const made = readNode(
      { tensor: inside, node: this.#nodeOf(inside.op), output: inside.valueIndex, feed: -1 },
      false,
    );
    this.#reads.set(inside, made);
    return made;
  }

  /** The nodes that are done when `op` is. */
  #doneOf(op: Operation): readonly PlanNode[] {
    if (this.#sites.argumentOf(op) >= 0) return this.#nodesBehind(op.outputs);
    const site = this.#sites.of(op);
    if (site === undefined) return [this.#nodeOf(op)];
    const { done, outputs } = site.expansion;
    const nodes = done.length > 0 ? done.flatMap((inner) => this.#doneOf(inner)) : this.#nodesBehind(outputs);
    return nodes.length > 0 ? nodes : this.#gateOf(site);
  }

  #nodesBehind(tensors: readonly Tensor[]): PlanNode[] {
    return tensors.flatMap((tensor) => this.#sourceOf(tensor).node ?? []);
  }

  /** What all of a call waits for, beside the values that it takes. */
  #gateOf(site: CallSite): readonly PlanNode[] {
    let gate = this.#gates.get(site);
    if (gate === undefined) {
      gate = this.#controlsOf(site.call);
      this.#gates.set(site, gate);
    }
    return gate;
  }

  /** What a node without inputs in a call's body hangs on, so that it is in the call's frame and branch. */
  #pivotsOf(op: Operation, inner: CallSite): readonly PlanNode[] {
    for (let site: CallSite | undefined = inner; site !== undefined; site = site.outer) {
      const gate = this.#gateOf(site);
      if (gate.length > 0) return gate;
    }
    return op.opDef?.isStateful ? this.#nodesBehind(inner.call.inputs) : [];
  }

  #controlsOf(op: Operation): readonly PlanNode[] {
    return op.controlInputs.flatMap((control) => {
      // Any other fed op still runs for the sake of what follows it.
      if (bringsValues(control) && control.outputs.every((output) => this.#feeds.has(output))) return [];
      return this.#doneOf(control);
    });
  }

  #connect(node: PlanNode): void {
    const { op } = node;
    const site = this.#sites.around(op);
    if (site !== undefined && this.#sites.argumentOf(op) >= 0) {
      node.inputs.push(this.#sourceOf(site.call.inputs[this.#sites.argumentOf(op)]!));
      node.controls.push(...this.#gateOf(site));
      return;
    }
    for (const input of op.inputs) node.inputs.push(this.#sourceOf(input));
    node.controls.push(...new Set(this.#controlsOf(op)));
    if (site === undefined || op.inputs.length > 0 || node.controls.length > 0) return;
    if (node.kind !== "variable") node.controls.push(...new Set(this.#pivotsOf(op, site)));
  }
}

/** The error that lists all nodes which nothing here can run. */
function cannotRun(ops: readonly Operation[]): TfError {
  const byType = new Map<string, string[]>();
  for (const { type, name } of ops) {
    const names = byType.get(type);
    if (names) names.push(name);
    else byType.set(type, [name]);
  }
  const listed = [...byType].map(([type, names]) => {
    const shown = names.slice(0, 5).join(", ");
    return `${type} (${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ""})`;
  });
  const first = ops[0]!;
  return new TfError("UNIMPLEMENTED", `Op type not registered: ${listed.join("; ")}`, {
    node: first.name,
    op: first.type,
    hint: "Give createSession an op registry that has them (createOpRegistry of @org/graph adds your own), or fetch and feed around these nodes.",
  });
}
