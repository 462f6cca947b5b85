// What a host kernel sees of one execution. `evaluateHostKernel` runs one while a cluster is planned: without files,
// state or variables, and at once.
import { type ErrorCode, TfError } from "@org/errors";
import type { Operation } from "@org/graph";
import type { FileSystem, Progress } from "@org/io";
import {
  type FunctionCall,
  type FunctionRef,
  functionAttr,
  type HostContext,
  type Resource,
  type RunResource,
} from "@org/ops";
import type { DType, NdArray } from "@org/tensor";
import type { PlanNode } from "./plan-node.ts";
import { SequenceLog } from "./sequence-log.ts";
import type { TensorValue } from "./values.ts";
import { type SessionState, uninitialized, type VariableState } from "./variable-state.ts";

/** What a host kernel may reach beyond its inputs. */
export interface HostEnvironment {
  readonly state: SessionState;
  readonly fs: FileSystem | undefined;
  readonly signal: () => AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Gives a variable a value, taking it as it is. */
  readonly assign: (variable: VariableState, value: NdArray) => void;
  /** A value on a device, where one takes it. */
  readonly toDevice: (value: NdArray) => TensorValue | undefined;
  /** Function `ref` of the library of the graph of `op`, called by it. */
  readonly callFunction: (op: Operation, ref: FunctionRef) => FunctionCall;
  /** What the run's ops share. */
  readonly ofRun: <R extends RunResource>(name: string, create: () => R) => R;
}

/** One execution of a node's host kernel. */
export class HostExecution implements HostContext {
  readonly #node: PlanNode;
  readonly #inputs: readonly (NdArray | undefined)[];
  readonly #variables: readonly (VariableState | undefined)[];
  readonly #environment: HostEnvironment;
  readonly #values: readonly (TensorValue | undefined)[];
  /** Outputs that are on a device already. */
  handedOver: Map<number, TensorValue> | undefined;
  /** One piece of memory that fetched values are put in, one after another. */
  #scratch: Uint8Array | undefined;

  /**
   * `inputs` holds the arrays of what is not a variable, and of variables that have a value; `values`, by position, what is fetched
   * when it is asked for.
   */
  constructor(
    node: PlanNode,
    inputs: readonly (NdArray | undefined)[],
    variables: readonly (VariableState | undefined)[],
    environment: HostEnvironment,
    values: readonly (TensorValue | undefined)[] = [],
  ) {
    this.#node = node;
    this.#inputs = inputs;
    this.#variables = variables;
    this.#environment = environment;
    this.#values = values;
  }

  get node(): string {
    return this.#node.op.name;
  }
  get op(): string {
    return this.#node.op.type;
  }
  get attrs(): HostContext["attrs"] {
    return this.#node.op.attrs;
  }
  get inputCount(): number {
    return this.#node.inputs.length;
  }
  input(index: number): NdArray {
    const array = this.#inputs[index];
    if (array !== undefined) return array;
    const variable = this.#variables[index];
    if (variable !== undefined) throw uninitialized(variable.name, this.node);
    throw new TypeError(`${this.op} has no input ${index}`);
  }
  fetch(index: number): NdArray | Promise<NdArray> {
    return this.#values[index]?.passingHost((byteLength) => this.#room(byteLength)) ?? this.input(index);
  }
  #room(byteLength: number): Uint8Array {
    if (this.#scratch === undefined || this.#scratch.length < byteLength)
      this.#scratch = new Uint8Array(byteLength);
    return this.#scratch;
  }
  inputDType(index: number): DType {
    return this.#node.inputs[index]!.tensor.dtype;
  }
  inputShape(index: number): readonly number[] {
    return this.#values[index]?.dims ?? this.input(index).shape;
  }
  outputDType(index: number): DType {
    return this.#node.op.outputs[index]!.dtype;
  }
  isInitialized(index: number): boolean {
    return this.#variable(index).value !== undefined;
  }
  assign(index: number, value: NdArray): void {
    this.#environment.assign(this.#variable(index), value);
  }
  #variable(index: number): VariableState {
    const variable = this.#variables[index];
    if (variable === undefined) throw new TypeError(`Input ${index} of ${this.op} is no variable`);
    return variable;
  }
  get fs(): FileSystem {
    const { fs } = this.#environment;
    if (fs === undefined)
      throw new TfError("PERMISSION_DENIED", `${this.op} needs files, and this session was given none`, {
        node: this.node,
        op: this.op,
        hint: "Pass a file system to createSession: { fs: nodeFileSystem() } (from @org/io/node), or an in-memory one.",
      });
    return fs;
  }
  get signal(): AbortSignal {
    return this.#environment.signal();
  }
  get onProgress(): ((progress: Progress) => void) | undefined {
    return this.#environment.onProgress;
  }
  state<T>(create: () => T): T {
    return this.#environment.state.node(this.node, create);
  }
  sequence<T>(create: () => T, copy: (state: T) => T): T {
    const { name, isShared } = this.#node.sequence ?? { name: this.node, isShared: false };
    const state = this.#environment.state.node(name, create);
    if (!isShared) return state;
    const log = this.#environment.ofRun(`sequence\0${name}`, () => new SequenceLog<T>());
    return log.next(this.#node, () => [state, copy(state)], copy);
  }
  resource<R extends Resource>(kind: string, name: string, create: () => R): R {
    return this.#environment.state.resource(kind, name, create);
  }
  function(attr: string): FunctionCall {
    const { op } = this.#node;
    return this.#environment.callFunction(op, functionAttr(op, attr));
  }
  handOver(index: number, value: NdArray): boolean {
    const taken = this.#environment.toDevice(value);
    if (taken === undefined) return false;
    this.handedOver ??= new Map();
    this.handedOver.set(index, taken);
    return true;
  }
  ofRun<R extends RunResource>(name: string, create: () => R): R {
    return this.#environment.ofRun(name, create);
  }
  randomSeed(): [number, number] {
    const [a, b] = crypto.getRandomValues(new Uint32Array(2));
    return [a!, b!];
  }
  fail(code: ErrorCode, sentence: string, hint?: string): never {
    throw new TfError(code, sentence, {
      node: this.node,
      op: this.op,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/**
 * A host kernel's results while planning; `unseen`: by nobody but lowerings. Throws TfError INTERNAL where it wants more than its
 * inputs.
 */
export function evaluateHostKernel(
  node: PlanNode,
  input: (index: number) => NdArray,
  unseen: boolean,
): readonly NdArray[] {
  const refuse = (): never => {
    throw new TfError("INTERNAL", `${node.op.type} over shapes wants more than its inputs`, {
      node: node.op.name,
      op: node.op.type,
    });
  };
  const inputs = node.inputs.map((_, i) => input(i));
  const environment = {
    fs: undefined,
    signal: refuse,
    assign: refuse,
    callFunction: refuse,
    ofRun: refuse,
    toDevice: refuse,
  } as Omit<HostEnvironment, "state">;
  const state = { node: refuse, resource: refuse } as unknown as SessionState;
  const kernel = (unseen ? node.entry!.foldedHost : undefined) ?? node.entry!.host!;
  const results = kernel(new HostExecution(node, inputs, [], { ...environment, state }));
  return results instanceof Promise ? refuse() : results;
}
