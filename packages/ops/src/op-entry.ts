// What an op is to the runtime: one entry, with everything about it side by side. Tables of alike ops are made
// by functions that return entries. An entry has `lower` (numeric: becomes hlo) or `host` (strings, files, queues,
// data-dependent shapes, bookkeeping), or neither: structural. The executor knows Switch, Merge and their kin, and what
// yields a variable itself (VariableV2, Variable, TemporaryVariable, VarHandleOp).

import type { Attrs, Graph, IndexedSlices, Operation, OpRegistry, RegisteredOp, Tensor } from "@org/graph";
import type { HloBuilder, HloInstruction } from "@org/hlo";
import type { FileSystem, Progress } from "@org/io";
import type { DType, NdArray, Shape } from "@org/tensor";

/** Sees one node while its cluster is planned: every shape is concrete. */
export interface LoweringContext {
  readonly node: string;
  readonly attrs: Attrs;
  readonly builder: HloBuilder;
  readonly inputCount: number;
  /** Input by position; for a variable argument (see `OpEntry.variables`) its current value. */
  input(index: number): HloInstruction;
  /** The value of input `index` (flattened, as in `input`) of an argument that `hostInputs` names. */
  hostInput(index: number): NdArray;
  inputDType(index: number): DType;
  outputDType(index: number): DType;
  /** Static shape of output `index` in the graph: where an op may use what the graph knows (validate). */
  outputShape(index: number): Shape;
  /** Throws TfError with `sentence`, naming the node. */
  fail(code: import("@org/errors").ErrorCode, sentence: string, hint?: string): never;
}

/** What lowering yields: outputs in order (of non-ref outputs; a ref output passes the variable argument on), and new values of variables. */
export interface Lowered {
  readonly outputs?: readonly HloInstruction[];
  /** By argument position: the variable's new value. */
  readonly assign?: ReadonlyMap<number, HloInstruction>;
}

/** A place that holds state for a session: a variable, queue, table ... by container and shared name. */
export interface Resource {
  readonly kind: string;
  readonly name: string;
  close?(): void | Promise<void>;
}

/** What lives as long as a run. */
export interface RunResource {
  close(): void | Promise<void>;
}

/**
 * A function of the graph's library: values of its arguments to what it returns, at once where its ops work at once. It may be called as long
 * as the session is open, whether or not the run in which it was asked for is over. Values of resources are what `input` gives for handles.
 * Throws, or rejects with, TfErrors.
 */
export type FunctionCall = (
  inputs: readonly NdArray[],
  signal?: AbortSignal,
) => readonly NdArray[] | Promise<readonly NdArray[]>;

/** Sees one execution of a host kernel. */
export interface HostContext {
  readonly node: string;
  readonly op: string;
  readonly attrs: Attrs;
  readonly inputCount: number;
  input(index: number): NdArray;
  /** The value of an input that `OpEntry.fetchesFrom` keeps back: brought to the host now, and not kept there: it holds until the next fetch. */
  fetch(index: number): NdArray | Promise<NdArray>;
  inputDType(index: number): DType;
  /** Its dims: of an input that `fetch` brings, without bringing it. */
  inputShape(index: number): readonly number[];
  outputDType(index: number): DType;
  /** Whether the variable at input `index` (an arg that `OpEntry.variables` names) has a value. `input` of one without a value throws FAILED_PRECONDITION. */
  isInitialized(index: number): boolean;
  /** Gives the variable at input `index` a new value (CountUpTo). */
  assign(index: number, value: NdArray): void;
  /** Files that graph ops may reach: only those that the session was given. Throws TfError PERMISSION_DENIED where none were. */
  readonly fs: FileSystem;
  readonly signal: AbortSignal;
  /** Told how far a long piece of work is; undefined where nobody asks. */
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /**
   * Hands output `index` over before the kernel is done, where a device takes it: then the memory of `value` is free again, and its place
   * in what the kernel returns is not looked at.
   */
  handOver(index: number, value: NdArray): boolean;
  /** The function of the graph's library that attribute `attr` names. Throws TfError NOT_FOUND where there is none. */
  function(attr: string): FunctionCall;
  /** This node's own state in this session (a random op's counter). */
  state<T>(create: () => T): T;
  /**
   * A state that executions leave changed (a generator). Where several nodes of a run do one thing, since gradients compute functions again,
   * they have one, and the n-th execution of each gets it as the n-th of the others did: a `copy` that was made then.
   */
  sequence<T>(create: () => T, copy: (state: T) => T): T;
  /** The resource of that name, made when it is first asked for. */
  resource<R extends Resource>(kind: string, name: string, create: () => R): R;
  /** What the ops of one run share under that name, made when it is first asked for, closed when the run ends. */
  ofRun<R extends RunResource>(name: string, create: () => R): R;
  /** Two random 32-bit numbers, for an op whose seed and seed2 (attributes, read by the op) are both 0. */
  randomSeed(): [number, number];
  fail(code: import("@org/errors").ErrorCode, sentence: string, hint?: string): never;
}

export type HostKernel = (c: HostContext) => readonly NdArray[] | Promise<readonly NdArray[]>;

/** d(ys)/d(inputs): one entry an input, undefined where no gradient flows. `grads` has one an output, undefined likewise. */
export type Gradient = (
  op: Operation,
  grads: readonly (Tensor | IndexedSlices | undefined)[],
) => readonly (Tensor | IndexedSlices | undefined)[];

/** What an op stands for: a graph of other ops, its own for each node that is expanded. */
export interface Expansion {
  /** Its own. */
  readonly graph: Graph;
  /** A placeholder's output for each input of the op. */
  readonly inputs: readonly Tensor[];
  /** A tensor for each output. */
  readonly outputs: readonly Tensor[];
  /** What runs for its effects whenever the op does, whoever wants its outputs. */
  readonly effects: readonly Operation[];
  /** What is done when the op is; empty: the outputs. */
  readonly done: readonly Operation[];
}

/**
 * Makes an op's expansion: names in it begin with the op's. `ops` is what the session knows; what the graph says of the op's inputs, but
 * for variables behind handles, is not looked at: the same expansion serves inputs of any shape.
 */
export type Expand = (op: Operation, ops: OpRegistry) => Expansion;

export interface OpEntry extends RegisteredOp {
  /** Instead of `lower` and `host`: calls of functions, functional conditionals and loops. */
  readonly expand?: Expand;
  readonly lower?: (c: LoweringContext) => HloInstruction | readonly HloInstruction[] | Lowered;
  readonly host?: HostKernel;
  /** A host kernel's inputs from this position on stay where they are until it asks for them one by one, with `fetch` (SaveV2's tensors). */
  readonly fetchesFrom?: number;
  /**
   * Instead of `host` where lowerings alone see the result. It may then differ in what makes no difference to them:
   * BroadcastGradientArgs leaves out axes that need no sum, so that a batch of 1 has the kernels of any batch.
   */
  readonly foldedHost?: HostKernel;
  /** Positions of OpDef input args (not flattened) in host memory: shapes, axes, counters, predicates; their values are known when a cluster is planned. */
  readonly hostInputs?: readonly number[];
  /** The result depends on shapes of inputs alone (Shape, Size, Rank, ZerosLike's dims ...): a host value, told while planning, without running the inputs. */
  readonly fromShapes?: (c: {
    readonly attrs: Attrs;
    shape(index: number): readonly number[];
    outputDType(index: number): DType;
  }) => readonly NdArray[];
  /** Positions of args that are variables: ref args, or resource handles of variables. */
  readonly variables?: readonly number[];
  /** Of those, the ones that may be uninitialized and whose value is not read (Assign, IsVariableInitialized). */
  readonly writesOnly?: readonly number[];
  /** Of those, the ones that are never assigned (ReadVariableOp, ResourceGather): reads of a variable come before its writes. */
  readonly readsOnly?: readonly number[];
  /** Ref args that are no variables but carry a value of their own (tables: a reference to two strings in TensorFlow 1.0). */
  readonly handles?: readonly number[];
  /** Absent: no gradient is known (an error if one is asked for); null: not differentiable, a gradient stops here. */
  readonly gradient?: Gradient | null;
}
