// What a session knows of ops that stand for graphs of other ops: calls of functions, functional conditionals and loops. Their expansions
// are made once a node; where one cannot be put in place of its node (it calls itself, or all would be too much), it is planned for itself
// and run as a step of the plan around it.
import { TfError } from "@org/errors";
import type { HandleData, Operation, OpRegistry } from "@org/graph";
import { type Expansion, expandFunction, expandNamedCall, type FunctionRef, type OpEntry } from "@org/ops";
import { AttrValue, encode, type IAttrValue } from "@org/proto";
import type { DType, NdArray } from "@org/tensor";
import type { Device } from "./device.ts";
import { Execution, type ExecutorEnvironment } from "./executor.ts";
import { readOut } from "./fetched-values.ts";
import type { RunRequest } from "./prune.ts";
import type { RunPlan } from "./run-plan.ts";
import { dropRunPlan } from "./run-plan-use.ts";
import { TensorValue } from "./values.ts";
import { VariableState } from "./variable-state.ts";

/** How deep calls may lie in each other when a plan is made; deeper ones are steps of their own. */
const deepestInPlan = 64;
/** How large the expansions in one plan may be, in nodes and ten for each call; and in a plan of a call that stays a step. */
const mostInPlan = 20_000;
const mostInStep = 500;
/** How deep calls may lie in each other in a run. */
const deepestInRun = 1000;

/** Attributes that make no difference to what a call does. */
const immaterial = /^(_|config|executor_type$|output_shapes$)/;

function attrsKey(attrs: Iterable<readonly [string, IAttrValue]>): string {
  return [...attrs]
    .filter(([key]) => !immaterial.test(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${String.fromCharCode(...encode(AttrValue, value))}`)
    .join("\n");
}

/** The error of calls that lie too deep in each other. */
export function tooDeep(node: string): TfError {
  return new TfError(
    "RESOURCE_EXHAUSTED",
    `Function calls lie more than ${deepestInRun} deep in each other`,
    {
      node,
      hint: "The function calls itself without end, or too often: use a loop.",
    },
  );
}

function checkArguments(
  caller: Operation,
  ref: FunctionRef,
  { inputs }: Expansion,
  given: readonly NdArray[],
): void {
  if (inputs.length === given.length && inputs.every(({ dtype }, i) => dtype === given[i]!.dtype)) return;
  const shown = (list: readonly { readonly dtype: DType }[]): string =>
    list.map(({ dtype }) => dtype).join(", ");
  throw new TfError(
    "INVALID_ARGUMENT",
    `Function ${ref.name} takes (${shown(inputs)}), but is called with (${shown(given)})`,
    { node: caller.name, op: caller.type },
  );
}

/** What functions need of their session. */
export interface FunctionsHost {
  readonly lookup: (op: Operation) => OpEntry | undefined;
  readonly ops: OpRegistry;
  readonly devices: readonly Device[];
  /** Makes a plan of what lies below calls with the keys `path`. */
  readonly makePlan: (request: RunRequest, path: readonly string[]) => RunPlan;
  /** What executions of a plan share. */
  readonly environmentOf: (plan: RunPlan) => ExecutorEnvironment;
}

export class Functions {
  readonly #host: FunctionsHost;
  readonly #expansions: Map<Operation, Expansion> = new Map();
  readonly #plans: Map<string, RunPlan> = new Map();
  /** Of the graph that all of it is for. */
  #revision = -1;

  constructor(host: FunctionsHost) {
    this.#host = host;
  }

  environmentOf(plan: RunPlan): ExecutorEnvironment {
    return this.#host.environmentOf(plan);
  }

  /** Whether `op` stands for other ops. */
  isExpandable(op: Operation): boolean {
    const entry = this.#host.lookup(op);
    if (entry?.expand !== undefined) return true;
    return (
      entry?.lower === undefined && entry?.host === undefined && op.graph.library.get(op.type) !== undefined
    );
  }

  /** The same for nodes that do the same. */
  keyOf(op: Operation): string {
    const handles = op.inputs.map((input) => input.op.handles[input.valueIndex]?.dtype ?? "");
    return `${op.type}\n${attrsKey(op.attrMap)}\n${handles}`;
  }

  /**
   * Whether the expansion of `op`, which lies below calls with the keys `path`, may be put in its place in a plan where expansions of
   * `size` are already; `isStep`: the plan is that of a call.
   */
  fits(op: Operation, path: readonly string[], size: number, isStep: boolean): boolean {
    return (
      path.length < deepestInPlan &&
      size < (isStep ? mostInStep : mostInPlan) &&
      !path.includes(this.keyOf(op))
    );
  }

  /** Throws TfError where a function is missing or not well-formed, naming the node. */
  expansionOf(op: Operation): Expansion {
    let expansion = this.#expansions.get(op);
    if (expansion === undefined) {
      const expand = this.#host.lookup(op)?.expand ?? expandNamedCall;
      expansion = expand(op, this.#host.ops);
      this.#expansions.set(op, expansion);
    }
    return expansion;
  }

  /** A plan of the expansion of `op` alone: the same for all nodes that do the same. Throws TfError RESOURCE_EXHAUSTED beyond depth. */
  planOf(op: Operation, depth: number): RunPlan {
    if (depth > deepestInRun) throw tooDeep(op.name);
    const key = this.keyOf(op);
    return this.#plan(key, () => this.expansionOf(op));
  }

  /** A plan of function `ref` of the library of `caller`'s graph, for such arguments. */
  planOfFunction(caller: Operation, ref: FunctionRef, inputs: readonly NdArray[]): RunPlan {
    const handles = inputs.map(({ dtype, data }): HandleData | undefined => {
      const held = dtype === "resource" ? (data as readonly unknown[])[0] : undefined;
      return held instanceof VariableState ? { dtype: held.dtype, shape: held.shape } : undefined;
    });
    const key = `${caller.name}\n${ref.name}\n${attrsKey(Object.entries(ref.attrs))}\n${inputs.map(({ dtype }, i) => `${dtype} ${handles[i]?.dtype ?? ""}`)}`;
    // Functions of lambdas have names that no scope has.
    const name = `${caller.name}/${ref.name.replace(/[^\w.\-\\/]/g, "_")}`;
    const place = { graph: caller.graph, ops: this.#host.ops, name, handles };
    return this.#plan(key, () => {
      const expansion = expandFunction(ref, place);
      checkArguments(caller, ref, expansion, inputs);
      return expansion;
    });
  }

  #plan(key: string, expand: () => Expansion): RunPlan {
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      const { inputs, outputs, effects, done } = expand();
      plan = this.#host.makePlan({ feeds: inputs, fetches: outputs, targets: [...effects, ...done] }, [key]);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  /** Calls function `ref` of the library of `caller`'s graph. Throws as what it runs. */
  callFunction(
    caller: Operation,
    ref: FunctionRef,
    inputs: readonly NdArray[],
    signal: AbortSignal | undefined,
  ): readonly NdArray[] | Promise<readonly NdArray[]> {
    const plan = this.planOfFunction(caller, ref, inputs);
    const { devices, environmentOf } = this.#host;
    const values = inputs.map((array) => new TensorValue(devices, array.dtype, array.shape, array));
    const results = new Execution(plan, values, environmentOf(plan), signal).run();
    return results instanceof Promise ? results.then(readOut) : readOut(results);
  }

  /** Forgets what was made for another revision of the graph. */
  keepFor(revision: number): void {
    if (this.#revision === revision) return;
    this.#revision = revision;
    this.forget();
  }

  forget(): void {
    for (const plan of this.#plans.values()) dropRunPlan(plan);
    this.#plans.clear();
    this.#expansions.clear();
  }
}
