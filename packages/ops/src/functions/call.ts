// Nodes that call a function of the graph's library by name, and what such a call stands for: the function's body.
// Source: core/common_runtime/function.cc (InlineFunctionBody), core/framework/function.cc (InstantiateFunction).
import { TfError } from "@org/errors";
import {
  type AttrInput,
  type FunctionGraph,
  FunctionLibrary,
  functionDefToGraph,
  type Graph,
  type HandleData,
  isSwitch,
  type Operation,
  type OpRegistry,
  type Tensor,
} from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import type { IAttrValue, INameAttrList } from "@org/proto";
import type { Expansion } from "../op-entry.ts";

/** A function of a library with the attributes that a call gives it. */
export interface FunctionRef {
  readonly name: string;
  readonly attrs: Readonly<Record<string, IAttrValue>>;
}

/** What a func attribute says. Throws TfError INVALID_ARGUMENT where it says nothing. */
export function functionRef(list: INameAttrList | null | undefined, op: Operation): FunctionRef {
  if (!list?.name) throw new TfError("INVALID_ARGUMENT", "Function attr names no function", place(op));
  return { name: list.name, attrs: list.attr ?? {} };
}

const place = (op: Operation): { readonly node: string; readonly op: string } => ({
  node: op.name,
  op: op.type,
});

/** The function that attribute `key` of `op` names. */
export function functionAttr(op: Operation, key: string): FunctionRef {
  return functionRef(op.attrs.raw(key)?.func, op);
}

/** How many data outputs of each arg there are: one, or what the attributes say. */
function groupSizes(graph: Graph, { name, attrs }: FunctionRef): number[] {
  return (graph.library.op(name)?.opDef.inputArg ?? []).map((arg) => {
    if (arg.numberAttr) return Number(attrs[arg.numberAttr]?.i ?? 0);
    return arg.typeListAttr ? (attrs[arg.typeListAttr]?.list?.type?.length ?? 0) : -1;
  });
}

/**
 * A node that calls `ref` with `inputs`, all of them in one list.
 * Throws TfError NOT_FOUND where the library has no such function, a TypeError where inputs are not what it takes.
 */
export function callNode(
  graph: Graph,
  ref: FunctionRef,
  inputs: readonly Tensor[],
  options: {
    readonly name: string;
    readonly controlInputs?: readonly Operation[];
    readonly attrs?: Readonly<Record<string, AttrInput>>;
  },
): Operation {
  if (graph.library.get(ref.name) === undefined) throw missing(ref.name);
  const grouped: (Tensor | readonly Tensor[])[] = [];
  let next = 0;
  for (const size of groupSizes(graph, ref)) {
    if (size < 0) grouped.push(inputs[next++]!);
    else {
      grouped.push(inputs.slice(next, next + size));
      next += size;
    }
  }
  if (next !== inputs.length || grouped.includes(undefined as never))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Function ${ref.name} takes ${next} inputs, but is called with ${inputs.length}`,
      { node: options.name, op: ref.name },
    );
  const attrs = Object.fromEntries(Object.entries(ref.attrs).map(([key, raw]) => [key, { raw }]));
  return graph.createOp(ref.name, grouped, { ...options, attrs: { ...attrs, ...options.attrs } });
}

const missing = (name: string): TfError =>
  new TfError("NOT_FOUND", `Function ${name} is not defined.`, {
    op: name,
    hint: "The graph's library has no function of that name: import the whole GraphDef, with its library.",
  });

/** Where a function is called from. */
export interface CallPlace {
  /** Whose library has the function. */
  readonly graph: Graph;
  readonly ops: OpRegistry;
  /** Scope that the body's names begin with. */
  readonly name: string;
  /** By argument, the variable behind a handle. */
  readonly handles: readonly (HandleData | undefined)[];
}

const handlesOf = (inputs: readonly Tensor[]): (HandleData | undefined)[] =>
  inputs.map(({ op, valueIndex }) => op.handles[valueIndex]);

/**
 * The body of `ref` for a call from `place`.
 * Throws TfError NOT_FOUND where the library has no such function; INVALID_ARGUMENT where it is not well-formed.
 */
export function functionBody(ref: FunctionRef, { graph, ops, name, handles }: CallPlace): FunctionGraph {
  const def = graph.library.get(ref.name);
  if (def === undefined) throw missing(ref.name);
  return functionDefToGraph(def, {
    ops,
    described: opDefs(),
    // What a gradient adds to the body is not the graph's.
    library: new FunctionLibrary(graph.library),
    attrs: ref.attrs,
    inputs: handles.map((handle) => ({ handle })),
    name,
    producer: graph.versions.producer,
  });
}

/** Ops of a body that TensorFlow never takes away, whether or not somebody wants what they give. */
const hasEffects = (op: Operation): boolean => Boolean(op.opDef?.isStateful);

/**
 * `body` as an expansion. A function that says which nodes must run is done with them; another one with its outputs and what acts in it, as
 * far as the body's own branches do not leave that dead.
 */
export function expansionOf(body: FunctionGraph): Expansion {
  const { graph, inputs, outputs, controlOutputs, operations } = body;
  const acting = operations.filter(hasEffects);
  const waitedFor = operations.some(isSwitch) ? [] : acting;
  return {
    graph,
    inputs,
    outputs,
    effects: [...new Set([...controlOutputs, ...acting])],
    done: [
      ...new Set([
        ...(controlOutputs.length > 0 ? controlOutputs : waitedFor),
        ...outputs.map(({ op }) => op),
      ]),
    ],
  };
}

/** The body of `ref` for node `op`, whose inputs are its arguments. */
export function bodyFor(op: Operation, ref: FunctionRef, ops: OpRegistry): FunctionGraph {
  return functionBody(ref, { graph: op.graph, ops, name: op.name, handles: handlesOf(op.inputs) });
}

/** The expansion of a function that no node calls: a map over a data set. Throws as `functionBody`. */
export function expandFunction(ref: FunctionRef, place: CallPlace): Expansion {
  return expansionOf(functionBody(ref, place));
}

/** The expansion of a node that calls `ref` with its inputs. Throws as `functionBody`, and INVALID_ARGUMENT where numbers differ. */
export function expandCall(op: Operation, ref: FunctionRef, ops: OpRegistry): Expansion {
  const body = bodyFor(op, ref, ops);
  const check = (what: string, have: number, want: number): void => {
    if (have !== want)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected ${want} ${what}, but function ${ref.name} has ${have}`,
        place(op),
      );
  };
  check("arguments", body.inputs.length, op.inputs.length);
  check("outputs", body.outputs.length, op.outputs.length);
  return expansionOf(body);
}

/** The expansion of a node whose type is the name of a function. */
export function expandNamedCall(op: Operation, ops: OpRegistry): Expansion {
  return expandCall(op, { name: op.type, attrs: Object.fromEntries(op.attrMap) }, ops);
}
