// Graph: operations in the order in which they were made, the scopes that new ones are made under, and collections
// of anything. Not here: GraphDef in (import-graph-def.ts) and what ops mean. Source: python/framework/ops.py (Graph).
import { TfError } from "@org/errors";
import type { IFunctionDef, IGraphDef, IVersionDef } from "@org/proto";
import { attrsOf } from "./attr-reader.ts";
import { Collections } from "./collections.ts";
import { ConsumerIndex } from "./consumer-index.ts";
import type { ControlFlowContext } from "./control-flow-context.ts";
import { coreOps } from "./core-ops.ts";
import { lastVagueProducer } from "./core-shapes.ts";
import { type CreateOpOptions, checkNode, type OpInput } from "./create-op.ts";
import { parseDevice } from "./device.ts";
import { FunctionLibrary } from "./function-library.ts";
import { asGraphDef, type GraphDefOptions } from "./graph-def.ts";
import { type ElementOptions, findElement } from "./graph-elements.ts";
import { isIndexedSlices } from "./indexed-slices.ts";
import { inferShapes } from "./infer-shapes.ts";
import { checkInputContext } from "./input-context.ts";
import { isValidOpName, NameTable } from "./name-table.ts";
import type { OpRegistry } from "./op-registry.ts";
import { isOperation, Operation, type OperationInit } from "./operation.ts";
import { outputKinds } from "./output-kind.ts";
import { type DeviceOrFunction, type ScopedAttr, Scopes } from "./scopes.ts";
import type { Tensor } from "./tensor.ts";
import { TraceRecorder } from "./trace-recorder.ts";

/** TF_GRAPH_DEF_VERSION of TensorFlow 1.15.5. */
export const graphDefVersion = 134;

const isVaguePlaceholder = ({ type, attrs }: Operation): boolean =>
  type === "Placeholder" && attrs.raw("shape")?.shape?.unknownRank !== true && !attrs.shape("shape").rank;

export interface GraphOptions {
  /** What ops the graph may be given; default: `coreOps`. */
  readonly ops?: OpRegistry;
  readonly seed?: number | null;
  /** Keeps a stack trace of each op's making, for `op.traceback` and debug info; tens of microseconds an op. Default false. */
  readonly recordTraces?: boolean;
  /** Functions of another graph that nodes may call, shared with it; default: a library of its own. */
  readonly library?: FunctionLibrary;
}

/** What stands for an operation in `controlDependencies`. */
export type ControlInput = Operation | Tensor | string | { readonly op: Operation };

export class Graph {
  readonly ops: OpRegistry;
  /** What shape functions and importers go by: the oldest producer of all that was imported, as in TensorFlow. */
  versions: { producer: number; minConsumer: number; badConsumers: number[] } = {
    producer: graphDefVersion,
    minConsumer: 0,
    badConsumers: [],
  };
  /** The newest producer that was imported; what an export states. @internal */
  newestProducer: number = graphDefVersion;
  /** The graph-level random seed. */
  seed: number | null;
  /** Of the graph of a function's body: where the function is built. What builds ops then builds into this one. */
  readonly outerGraph: Graph | undefined = undefined;
  /** Functions that the graph carries. */
  readonly library: FunctionLibrary;
  /** Where ops were made, if that is recorded. @internal */
  readonly traces: TraceRecorder | undefined;
  /** @internal */
  readonly names: NameTable;
  /** @internal */
  readonly scopes: Scopes = new Scopes();
  private readonly opList: Operation[] = [];
  private readonly byName = new Map<string, Operation>();
  private readonly consumers = new ConsumerIndex(this.opList);
  private readonly collections = new Collections();
  private isFinalized = false;
  private editCount = 0;

  constructor(options: GraphOptions = {}) {
    this.ops = options.ops ?? coreOps;
    this.library = options.library ?? new FunctionLibrary();
    this.names = new NameTable(this.opList);
    this.seed = options.seed ?? null;
    this.traces = options.recordTraces ? new TraceRecorder() : undefined;
  }

  // ---- what is in it

  /** Operations in the order in which they were made. */
  getOperations(): readonly Operation[] {
    return this.opList;
  }
  /** Throws as `asGraphElement`. */
  getOperationByName(name: string): Operation {
    return this.byName.get(name) ?? (this.asGraphElement(name, { allowTensor: false }) as Operation);
  }
  /** Throws as `asGraphElement`. */
  getTensorByName(name: string): Tensor {
    return this.asGraphElement(name, { allowOperation: false }) as Tensor;
  }
  /** The operation of that name, or undefined. */
  findOperation(name: string): Operation | undefined {
    return this.byName.get(name);
  }

  /**
   * The tensor ("n:0") or operation ("n") that `value` names or is.
   * Throws TfError NOT_FOUND where it is not in the graph, INVALID_ARGUMENT where the name is of the wrong form, a TypeError for other values.
   */
  asGraphElement(value: unknown, options: ElementOptions = {}): Tensor | Operation {
    return findElement(value, this.byName, this, options);
  }

  /** Id of the last operation: what `seed2` of random ops is made from. */
  get version(): number {
    return this.opList.length;
  }
  /** Changes whenever the graph does, edits included: a key for plans. */
  get revision(): number {
    return this.opList.length + this.editCount;
  }

  // ---- names and scopes

  /** A name under the current scope that nothing has yet; case does not count. */
  uniqueName(name: string, markAsUsed = true): string {
    return this.names.unique(name, markAsUsed);
  }

  /**
   * Runs `fn` in a name scope made unique, and hands it "scope/"; null goes back to the root, "scope/" re-enters.
   * Throws TfError INVALID_ARGUMENT for a name that is no scope name.
   */
  nameScope<R>(name: string | null, fn: (scope: string) => R): R {
    return this.names.within(name, fn);
  }
  /** The current name scope, without its slash. */
  get currentNameScope(): string {
    return this.names.scope;
  }

  /**
   * Runs `fn` with ops on `device`: a string is merged into what inner scopes say, a function says it for each op, null ends the search outwards.
   * Throws TfError INVALID_ARGUMENT for a malformed string.
   */
  device<R>(device: DeviceOrFunction, fn: () => R): R {
    if (typeof device === "string") parseDevice(device);
    return this.scopes.device(device, fn);
  }

  /** Runs `fn` with ops colocated with `op` (null: with none) and free of outer device scopes. */
  colocateWith<R>(
    op: Operation | Tensor | { readonly op: Operation } | null,
    fn: () => R,
    options: { readonly ignoreExisting?: boolean } = {},
  ): R {
    return this.scopes.colocateWith(
      op === null ? null : this.operationOf(op),
      options.ignoreExisting ?? false,
      fn,
    );
  }

  /** Runs `fn` with ops that run after `inputs`; null forgets outer control dependencies and the control-flow context. */
  controlDependencies<R>(inputs: readonly ControlInput[] | null, fn: () => R): R {
    return this.scopes.controlDependencies(
      inputs === null ? null : inputs.map((input) => this.operationOf(input)),
      fn,
    );
  }

  private operationOf(input: ControlInput): Operation {
    if (typeof input === "object" && !isOperation(input) && "op" in input && !isIndexedSlices(input))
      return this.asGraphElement(input.op) as Operation;
    const element = this.asGraphElement(isIndexedSlices(input) ? input.op : input);
    return "op" in element ? element.op : element;
  }

  /** The context that new ops are made in. */
  get controlFlowContext(): ControlFlowContext | undefined {
    return this.scopes.context;
  }
  withControlFlowContext<R>(context: ControlFlowContext | undefined, fn: () => R): R {
    return this.scopes.withContext(context, fn);
  }
  /** Runs `fn` with attributes for every op made in it, where the op has none of that name. Source: Graph._attr_scope. */
  withKernelAttrs<R>(attrs: Readonly<Record<string, ScopedAttr>>, fn: () => R): R {
    return this.scopes.withAttrs(attrs, fn);
  }
  /** Runs `fn` with `_kernel` labels by op type. Source: Graph._kernel_label_map. */
  withKernelLabels<R>(labels: Readonly<Record<string, string>>, fn: () => R): R {
    return this.scopes.withKernelLabels(labels, fn);
  }
  /** Runs `fn` with ops whose gradients are those of other types. Source: Graph.gradient_override_map. */
  gradientOverrideMap<R>(types: Readonly<Record<string, string>>, fn: () => R): R {
    return this.scopes.withGradientTypes(types, fn);
  }
  /** Runs `fn` with stateful ops in a resource container. */
  container<R>(name: string, fn: () => R): R {
    return this.scopes.withContainer(name, fn);
  }

  /** Runs the synchronous `fn` with this as `currentGraph()`. */
  asDefault<R>(fn: () => R): R {
    current.push(this);
    try {
      return fn();
    } finally {
      current.pop();
    }
  }

  // ---- making operations

  /**
   * Makes an op. `inputs` follow the OpDef's args, a list for args that are lists; attributes that inputs settle and defaults may be left out.
   * Throws TfError NOT_FOUND for an op type that the registry lacks, a TypeError for inputs or attributes of the wrong type, TfError INVALID_ARGUMENT for
   * values that are not allowed and from shape functions, FAILED_PRECONDITION once the graph is finalized.
   */
  createOp(type: string, inputs: readonly OpInput[], options: CreateOpOptions = {}): Operation {
    this.checkNotFinalized();
    const registered = this.ops.get(type) ?? this.library.op(type);
    if (registered === undefined)
      throw new TfError("NOT_FOUND", `Op type not registered '${type}' in binary`, {
        op: type,
        hint: "Give the graph a registry that has it: new Graph({ ops: createOpRegistry(...) }).",
      });
    const { opDef } = registered;
    const removed = opDef.deprecation?.version ?? 0;
    if (removed > 0 && this.versions.producer >= removed)
      throw new TfError(
        "UNIMPLEMENTED",
        `Op ${type} is not available in GraphDef version ${this.versions.producer}. It has been removed in version ${removed}. ${opDef.deprecation?.explanation}.`,
        { op: type },
      );
    return this.names.within(options.name ?? type, (scope) => {
      const node = checkNode(opDef, inputs, options.attrs ?? {});
      const make = (): Operation => {
        for (const input of node.inputs)
          if (input.graph !== this)
            throw new TfError(
              "INVALID_ARGUMENT",
              `Tensor ${input} must be from the same graph as ${scope.slice(0, -1)}.`,
            );
        const name = scope.slice(0, -1);
        if (!isValidOpName(name)) throw new TfError("INVALID_ARGUMENT", `'${name}' is not a valid node name`);
        checkInputContext({ name, type, inputs: node.inputs }, this.scopes.context);
        const sources = new Set(node.inputs.map((input) => input.op));
        const controls = new Set(this.scopes.controlInputsFor(sources));
        for (const input of options.controlInputs ?? []) controls.add(this.operationOf(input));
        const inferred = inferShapes(
          {
            name,
            type,
            attrs: attrsOf(node.attrs, name, type),
            inputs: node.inputs,
            outputCount: node.outputTypes.length,
            producer: this.versions.producer,
          },
          registered.shape,
        );
        const op = this.addOperation({
          name,
          type,
          inputs: node.inputs,
          controlInputs: [...controls],
          attrs: node.attrs,
          opDef,
          registered,
          outputs: outputKinds(node.outputTypes, name, type, true),
          device: options.device ?? "",
        });
        this.traces?.record(op.id, op.id, this.createOp);
        for (const [i, output] of op.outputs.entries()) {
          output.replaceShape(inferred.shapes[i]!);
          op.setHandle(i, inferred.handles[i]);
          const known = options.shapes?.[i];
          if (known !== undefined) output.setShape(known);
        }
        op.controlFlowContext = this.scopes.context;
        this.scopes.apply(op, true);
        op.controlFlowContext?.addOp(op);
        return op;
      };
      return node.colocateWith.reduceRight<() => Operation>(
        (inner, tensor) => () => this.scopes.colocateWith(tensor.op, false, inner),
        make,
      )();
    });
  }

  /** Adds an operation whose name and inputs are settled. @internal */
  addOperation(init: OperationInit): Operation {
    if (this.byName.has(init.name))
      throw new TfError("ALREADY_EXISTS", `Duplicate node name in graph: '${init.name}'`, {
        node: init.name,
        op: init.type,
      });
    const op = new Operation(this, this.opList.length + 1, init);
    this.opList.push(op);
    this.byName.set(op.name, op);
    return op;
  }

  /** Takes back the operations from `count` on: an import that failed leaves nothing. @internal */
  truncate(count: number): void {
    for (const op of this.opList.splice(count)) this.byName.delete(op.name);
    this.consumers.reset();
    this.names.forget(count);
    this.traces?.truncate(count);
    this.editCount += 1e6;
  }

  // ---- edits

  /** No op may be added, no node edited after this. */
  finalize(): void {
    this.isFinalized = true;
  }
  get finalized(): boolean {
    return this.isFinalized;
  }
  /** Throws TfError FAILED_PRECONDITION: "Graph is finalized and cannot be modified." */
  checkNotFinalized(): void {
    if (this.isFinalized)
      throw new TfError("FAILED_PRECONDITION", "Graph is finalized and cannot be modified.");
  }
  /** Notes an edit. @internal */
  touch(): void {
    this.checkNotFinalized();
    this.editCount++;
  }
  /** @internal */
  inputChanged(op: Operation, old: Tensor, now: Tensor): void {
    this.consumers.changed(op, old, now);
  }
  /** Operations that read `tensor`, in graph order. @internal */
  consumersOf(tensor: Tensor): readonly Operation[] {
    return this.consumers.of(tensor);
  }
  /** Infers the shapes of `op`, and of what follows where they changed, each op at most once. @internal */
  shapesChanged(op: Operation): void {
    if (op.registered?.shape === undefined && op.importedShapes !== undefined) return;
    const queue = [op];
    const seen = new Set(queue);
    for (const next of queue) {
      if (next.importedShapes !== undefined && next.registered?.shape === undefined) continue;
      const inferred = inferShapes(
        {
          name: next.name,
          type: next.type,
          attrs: next.attrs,
          inputs: next.inputs,
          outputCount: next.outputs.length,
          producer: this.versions.producer,
        },
        next.registered?.shape,
      );
      for (const [i, output] of next.outputs.entries()) {
        const shape = inferred.shapes[i]!;
        next.setHandle(i, inferred.handles[i]);
        if (shape.equals(output.shape)) continue;
        output.replaceShape(shape);
        for (const reader of this.consumersOf(output))
          if (!seen.has(reader)) {
            seen.add(reader);
            queue.push(reader);
          }
      }
    }
  }

  // ---- collections

  addToCollection(name: string, value: unknown): void {
    this.checkNotFinalized();
    this.collections.add(name, value);
  }
  addToCollections(names: string | readonly string[], value: unknown): void {
    for (const name of new Set(typeof names === "string" ? [names] : names))
      this.addToCollection(name, value);
  }
  /** A copy of the collection; with `scope`, the items whose name matches that regular expression from its start. */
  getCollection(name: string, scope?: string | null): unknown[] {
    return this.collections.get(name, scope);
  }
  /** The collection itself: a list that may be changed. */
  getCollectionRef(name: string): unknown[] {
    return this.collections.ref(name);
  }
  clearCollection(name: string): void {
    this.checkNotFinalized();
    this.collections.clear(name);
  }
  getAllCollectionKeys(): readonly string[] {
    return this.collections.keys();
  }

  // ---- functions and messages

  /** Throws TfError INVALID_ARGUMENT where another function of that name is there. */
  addFunction(def: IFunctionDef): void {
    this.touch();
    this.library.add(def);
    // Older TensorFlows read no functions in this form.
    this.versions.minConsumer = Math.max(this.versions.minConsumer, 12);
  }
  getFunction(name: string): IFunctionDef | undefined {
    return this.library.get(name);
  }

  /**
   * The versions that an export states: producer max(imported, 134). But the oldest producer that was imported, as TensorFlow states it always, where
   * a placeholder's shape attribute means "unknown" only by that one: under a newer one it would mean a scalar, and contradict `_output_shapes`.
   */
  get exportedVersions(): IVersionDef {
    const { producer } = this.versions;
    const vague = producer <= lastVagueProducer && this.getOperations().some(isVaguePlaceholder);
    return {
      producer: vague ? producer : this.newestProducer,
      minConsumer: this.versions.minConsumer,
      badConsumers: [...this.versions.badConsumers],
    };
  }

  /** The graph as a message, nodes in the order of `getOperations()`. Attribute values are shared, not copied: treat them as read-only. */
  asGraphDef(options: GraphDefOptions = {}): IGraphDef {
    return asGraphDef(this, options);
  }
}

const current: Graph[] = [];

/** The graph of the innermost `asDefault`, or undefined. */
export function currentGraph(): Graph | undefined {
  return current.at(-1);
}
