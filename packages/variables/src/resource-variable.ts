// ResourceVariable: VarHandleOp, its assignment and read ("w", "w/IsInitialized/VarIsInitializedOp", "w/Assign",
// "w/Read/ReadVariableOp"), node for node as 1.15 builds them, or taken from a VariableDef.
// Source: python/ops/resource_variable_ops.py; core/framework/variable.proto.
import { TfError } from "@org/errors";
import { currentGraph, type Graph, type Operation, stripNameScope, type Tensor } from "@org/graph";
import type { IVariableDef } from "@org/proto";
import { type DType, Shape } from "@org/tensor";
import {
  checkOutsideControlFlow,
  toTensor,
  underInitializerScope,
  withColocationAttr,
} from "./initial-value.ts";
import { guardAgainstUninitialized, initializedValue } from "./initialized-value.ts";
import type { SaveSliceInfo } from "./save-slice-info.ts";
import {
  type AssignOptions,
  type InitialValue,
  markVariableClass,
  type Operand,
  type VariableBase,
  type VariableMarks,
  type VariableOptions,
} from "./variable-options.ts";
import { checkOptions, findParts, type VariableParts, VariableSource } from "./variable-parts.ts";

/**
 * A variable behind a resource handle: reads and writes are ops in order of their control dependencies.
 * `new ResourceVariable(value, options)` builds its ops; `ResourceVariable.fromProto` finds them in a graph.
 * Throws TfError INVALID_ARGUMENT where the initial value does not fit `shape` or comes from inside a loop.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes what the interface says
export class ResourceVariable implements VariableBase {
  static {
    markVariableClass(ResourceVariable, (variable, { asRef }) => {
      if (asRef) throw new TypeError(`ResourceVariable ${variable.name} has no ref; ops take its handle`);
      return variable.value();
    });
  }
  readonly isResource = true as const;
  readonly trainable: boolean;
  readonly synchronization: number;
  readonly aggregation: number;
  readonly constraint: ((value: Tensor) => Tensor) | undefined;
  readonly initializer: Operation;
  readonly initialValue: Tensor | undefined;
  readonly cachingDevice: VariableOptions["cachingDevice"];
  /** The resource tensor that ops on this variable take. */
  readonly handle: Tensor;
  readonly dtype: DType;
  readonly shape: Shape;
  saveSliceInfo: SaveSliceInfo | undefined;
  /** The ReadVariableOp that the constructor built. */
  readonly graphElement: Tensor;
  private readonly cached: Tensor | undefined;

  constructor(initialValue: InitialValue | VariableSource, options: VariableOptions = {}) {
    const parts =
      initialValue instanceof VariableSource
        ? initialValue.parts
        : buildResourceVariable(initialValue, options);
    this.trainable = parts.trainable;
    this.synchronization = parts.synchronization;
    this.aggregation = parts.aggregation;
    this.constraint = options.constraint;
    this.cachingDevice = options.cachingDevice;
    this.initializer = parts.initializer;
    this.initialValue = parts.initialValue;
    this.saveSliceInfo = parts.saveSliceInfo;
    this.handle = parts.variable;
    this.dtype = this.handle.op.attrs.type("dtype");
    this.shape = this.handle.op.attrs.shape("shape");
    this.graphElement = readBehind(parts.snapshot);
    this.cached = parts.snapshot === this.graphElement ? undefined : parts.snapshot;
    for (const key of parts.collections) this.graph.addToCollection(key, this);
  }

  /** The variable that `def` describes, whose nodes are in `graph` under `importScope`. Throws TfError NOT_FOUND where one is missing. */
  static fromProto(
    def: IVariableDef,
    options: { readonly graph: Graph; readonly importScope?: string },
  ): ResourceVariable {
    if (!def.isResource) throw new TypeError("Trying to restore Variable as ResourceVariable.");
    return new ResourceVariable(
      findParts(def, options, (handle) => `${handle.op.name}/Read/ReadVariableOp:0`),
    );
  }

  get name(): string {
    return this.handle.name;
  }
  get graph(): Graph {
    return this.handle.graph;
  }
  get op(): Operation {
    return this.handle.op;
  }
  get device(): string {
    return this.handle.device;
  }

  /** A read: the cached one where a caching device was given, else a new ReadVariableOp on the handle's device. */
  value(): Tensor {
    return (
      this.cached ??
      this.here.colocateWith(null, () => this.here.device(this.device, () => this.readOp()), {
        ignoreExisting: true,
      })
    );
  }

  /** A new read in the current context: ReadVariableOp, then Identity. */
  readValue(): Tensor {
    const { here } = this;
    const read = here.nameScope("Read", () => here.device(this.device, () => this.readOp()));
    return here.createOp("Identity", [read]).outputs[0]!;
  }

  /** The value after its initializer has run: a cond on VarIsInitializedOp. Use it to initialize another variable. */
  initializedValue(): Tensor {
    return initializedValue(this);
  }

  /** Whether the variable holds a value: a bool scalar. */
  isInitialized(name?: string): Tensor {
    return this.graph.createOp("VarIsInitializedOp", [this.handle], name === undefined ? {} : { name })
      .outputs[0]!;
  }

  /** Assigns `value` when run; the result reads the variable after it, or is the operation with `readValue: false`. */
  assign(value: Operand, options: AssignOptions & { readonly readValue: false }): Operation;
  assign(value: Operand, options?: AssignOptions): Tensor;
  assign(value: Operand, options: AssignOptions = {}): Tensor | Operation {
    return this.readAfter(this.update("AssignVariableOp", value, options), options);
  }

  /** Adds `delta` when run; the result reads the variable after it, or is the operation with `readValue: false`. */
  assignAdd(delta: Operand, options: AssignOptions & { readonly readValue: false }): Operation;
  assignAdd(delta: Operand, options?: AssignOptions): Tensor;
  assignAdd(delta: Operand, options: AssignOptions = {}): Tensor | Operation {
    return this.readAfter(
      this.afterCachedRead(() => this.update("AssignAddVariableOp", delta, options)),
      options,
    );
  }

  /** Subtracts `delta` when run; the result reads the variable after it, or is the operation with `readValue: false`. */
  assignSub(delta: Operand, options: AssignOptions & { readonly readValue: false }): Operation;
  assignSub(delta: Operand, options?: AssignOptions): Tensor;
  assignSub(delta: Operand, options: AssignOptions = {}): Tensor | Operation {
    return this.readAfter(
      this.afterCachedRead(() => this.update("AssignSubVariableOp", delta, options)),
      options,
    );
  }

  /** The VariableDef, without `exportScope`; undefined where the variable lies outside it. */
  toProto(exportScope?: string): IVariableDef | undefined {
    if (exportScope && !this.name.startsWith(exportScope)) return undefined;
    const slice = this.saveSliceInfo?.toProto(exportScope);
    return {
      variableName: stripNameScope(this.name, exportScope),
      ...(this.initialValue ? { initialValueName: stripNameScope(this.initialValue.name, exportScope) } : {}),
      initializerName: stripNameScope(this.initializer.name, exportScope),
      snapshotName: stripNameScope((this.cached ?? this.graphElement).name, exportScope),
      isResource: true,
      trainable: this.trainable,
      synchronization: this.synchronization,
      aggregation: this.aggregation,
      ...(slice ? { saveSliceInfoDef: slice } : {}),
    };
  }

  /** `<tf.Variable 'w:0' shape=[2,3] dtype=float32>` */
  toString(): string {
    return `<tf.Variable '${this.name}' shape=${this.shape} dtype=${this.dtype}>`;
  }

  /** The body of the function that is being built, which takes the handle in; else the variable's graph. */
  private get here(): Graph {
    const current = currentGraph();
    for (let graph = current; graph; graph = graph.outerGraph) if (graph === this.graph) return current!;
    return this.graph;
  }

  private readOp(): Tensor {
    return this.here.createOp("ReadVariableOp", [this.handle], { attrs: { dtype: this.dtype } }).outputs[0]!;
  }

  private update(type: string, value: Operand, options: AssignOptions): Operation {
    const operand = toTensor(value, { graph: this.here, dtype: this.dtype, name: "Const" });
    if (!this.shape.isCompatibleWith(operand.shape))
      throw new TfError("INVALID_ARGUMENT", `Shapes ${this.shape} and ${operand.shape} are incompatible`, {
        node: this.op.name,
        op: this.op.type,
      });
    return this.here.createOp(type, [this.handle, operand], {
      ...(options.name === undefined ? {} : { name: options.name }),
      attrs: { dtype: this.dtype },
    });
  }

  private readAfter(write: Operation, options: AssignOptions): Tensor | Operation {
    if (options.readValue === false) return write;
    return this.here.controlDependencies([write], () => this.readOp());
  }

  /** Orders a write after the cached read, if there is one. */
  private afterCachedRead<R>(build: () => R): R {
    return this.cached === undefined ? build() : this.graph.controlDependencies([this.cached], build);
  }
}

/** Its symbol-keyed members: isolatedDeclarations allows none in a class. */
export interface ResourceVariable extends VariableMarks {}

/** The ReadVariableOp behind a snapshot, which may be a cached copy of it. */
function readBehind(snapshot: Tensor): Tensor {
  let tensor = snapshot;
  while (tensor.op.type !== "ReadVariableOp") {
    const input = tensor.op.inputs[0];
    if (input === undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Snapshot ${snapshot.name} is not a read of a resource variable`,
        {
          node: tensor.op.name,
          op: tensor.op.type,
        },
      );
    tensor = input;
  }
  return tensor;
}

function buildResourceVariable(initialValue: InitialValue, options: VariableOptions): VariableParts {
  const { settings, graph } = checkOptions(initialValue, options);
  return graph.controlDependencies(null, () =>
    graph.nameScope(options.name ?? "Variable", (scope) => {
      const name = scope.replace(/\/$/, "");
      const make = typeof initialValue === "function" ? initialValue : () => initialValue;
      const [initial, handle] = withColocationAttr(graph, name, () => {
        const value = underInitializerScope(graph, name, () =>
          toTensor(make(), { graph, dtype: options.dtype, name: "initial_value" }),
        );
        const shape = options.shape === undefined ? value.shape : Shape.of(options.shape);
        if (!shape.isCompatibleWith(value.shape))
          throw new TfError(
            "INVALID_ARGUMENT",
            `The initial value's shape (${value.shape}) is not compatible with the explicitly supplied \`shape\` argument (${shape}).`,
            { node: name },
          );
        const attrs = { dtype: value.dtype, shape, shared_name: name };
        return [value, graph.createOp("VarHandleOp", [], { name: scope, attrs }).outputs[0]!] as const;
      });
      checkOutsideControlFlow(initial, name);
      const attrs = { dtype: initial.dtype };
      graph.nameScope("IsInitialized", () => graph.createOp("VarIsInitializedOp", [handle]));
      const initializer = graph.nameScope("Assign", (assign) =>
        graph.colocateWith(
          null,
          () =>
            graph.device(handle.device, () =>
              graph.createOp("AssignVariableOp", [handle, guardAgainstUninitialized(scope, initial)], {
                name: assign,
                attrs,
              }),
            ),
          { ignoreExisting: true },
        ),
      );
      const snapshot = graph.nameScope("Read", () => {
        const read = graph.device(
          handle.device,
          () => graph.createOp("ReadVariableOp", [handle], { attrs }).outputs[0]!,
        );
        const { cachingDevice } = options;
        if (cachingDevice === undefined) return read;
        return graph.colocateWith(
          null,
          () => graph.device(cachingDevice, () => graph.createOp("Identity", [read]).outputs[0]!),
          { ignoreExisting: true },
        );
      });
      return {
        ...settings,
        variable: handle,
        initializer,
        initialValue: initial,
        snapshot,
        saveSliceInfo: undefined,
      };
    }),
  );
}
