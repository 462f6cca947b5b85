// Variable: the ref variable of TensorFlow 1. VariableV2 + Assign + Identity ("w", "w/Assign", "w/read"), built
// node for node as 1.15 does, or taken from a VariableDef. Not here: kernels (a session runs the ops).
// Source: python/ops/variables.py, RefVariable; the VariableDef is core/framework/variable.proto.
import { TfError } from "@org/errors";
import { type Graph, type Operation, stripNameScope, type Tensor } from "@org/graph";
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
 * A ref variable. `new Variable(value, options)` builds its ops in the graph of `value` or `options.graph` or the current one;
 * `Variable.fromProto` finds them in a graph. Usable wherever a tensor is (it converts to its value, or to the ref where an op wants a ref).
 * Throws TfError INVALID_ARGUMENT where the initial value has no known shape and `validateShape` is not false; FAILED_PRECONDITION in a
 * finalized graph.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block makes what the interface says
export class Variable implements VariableBase {
  static {
    markVariableClass(Variable, (variable, { asRef }) => (asRef ? variable.ref : variable.snapshot));
  }
  readonly isResource = false as const;
  readonly trainable: boolean;
  readonly synchronization: number;
  readonly aggregation: number;
  readonly constraint: ((value: Tensor) => Tensor) | undefined;
  readonly initializer: Operation;
  readonly initialValue: Tensor | undefined;
  readonly cachingDevice: VariableOptions["cachingDevice"];
  saveSliceInfo: SaveSliceInfo | undefined;
  private readonly ref: Tensor;
  private readonly snapshot: Tensor;

  constructor(initialValue: InitialValue | VariableSource, options: VariableOptions = {}) {
    const parts =
      initialValue instanceof VariableSource ? initialValue.parts : buildRefVariable(initialValue, options);
    this.trainable = parts.trainable;
    this.synchronization = parts.synchronization;
    this.aggregation = parts.aggregation;
    this.constraint = options.constraint;
    this.cachingDevice = options.cachingDevice;
    this.initializer = parts.initializer;
    this.initialValue = parts.initialValue;
    this.saveSliceInfo = parts.saveSliceInfo;
    this.ref = parts.variable;
    this.snapshot = parts.snapshot;
    for (const key of parts.collections) this.graph.addToCollection(key, this);
  }

  /** The variable that `def` describes, whose nodes are in `graph` under `importScope`. Throws TfError NOT_FOUND where one is missing. */
  static fromProto(
    def: IVariableDef,
    options: { readonly graph: Graph; readonly importScope?: string },
  ): Variable {
    return new Variable(findParts(def, options));
  }

  get name(): string {
    return this.ref.name;
  }
  get graph(): Graph {
    return this.ref.graph;
  }
  get op(): Operation {
    return this.ref.op;
  }
  get device(): string {
    return this.ref.device;
  }
  get dtype(): DType {
    return this.ref.dtype;
  }
  get shape(): Shape {
    return this.ref.shape;
  }

  /** The tensor that ops take to read the variable: the output of "w/read". */
  value(): Tensor {
    return this.snapshot;
  }

  /** A new read, which respects the current control dependencies and device. */
  readValue(): Tensor {
    return this.graph.createOp("Identity", [this.ref], { name: "read" }).outputs[0]!;
  }

  /** The ref tensor, which assigning ops take. */
  asRef(): Tensor {
    return this.ref;
  }

  /** The value after its initializer has run: a cond on IsVariableInitialized. Use it to initialize another variable. */
  initializedValue(): Tensor {
    return initializedValue(this);
  }

  /** Whether the variable holds a value: a bool scalar. */
  isInitialized(name?: string): Tensor {
    return this.graph.createOp("IsVariableInitialized", [this.ref], name === undefined ? {} : { name })
      .outputs[0]!;
  }

  /** Overrides the static shape of the variable and of its read. */
  setShape(shape: Shape | readonly (number | null)[]): void {
    this.ref.setShape(Shape.of(shape));
    this.snapshot.setShape(Shape.of(shape));
  }

  /** Assigns `value` when run; the result is the ref after it. `validateShape: false` lets the shape change. */
  assign(value: Operand, options: AssignOptions & { readonly validateShape?: boolean } = {}): Tensor {
    const { validateShape } = options;
    return this.update(
      "Assign",
      value,
      options,
      validateShape === undefined ? {} : { validate_shape: validateShape },
    );
  }

  /** Adds `delta` when run; the result is the ref after it. */
  assignAdd(delta: Operand, options: AssignOptions = {}): Tensor {
    return this.update("AssignAdd", delta, options, {});
  }

  /** Subtracts `delta` when run; the result is the ref after it. */
  assignSub(delta: Operand, options: AssignOptions = {}): Tensor {
    return this.update("AssignSub", delta, options, {});
  }

  /** The VariableDef, without `exportScope`; undefined where the variable lies outside it. */
  toProto(exportScope?: string): IVariableDef | undefined {
    if (exportScope && !this.name.startsWith(exportScope)) return undefined;
    const slice = this.saveSliceInfo?.toProto(exportScope);
    return {
      variableName: stripNameScope(this.name, exportScope),
      ...(this.initialValue ? { initialValueName: stripNameScope(this.initialValue.name, exportScope) } : {}),
      trainable: this.trainable,
      synchronization: this.synchronization,
      aggregation: this.aggregation,
      initializerName: stripNameScope(this.initializer.name, exportScope),
      snapshotName: stripNameScope(this.snapshot.name, exportScope),
      ...(slice ? { saveSliceInfoDef: slice } : {}),
    };
  }

  /** `<tf.Variable 'w:0' shape=(2, 3) dtype=float32_ref>` */
  toString(): string {
    return `<tf.Variable '${this.name}' shape=${this.shape.toTuple()} dtype=${this.dtype}_ref>`;
  }

  private update(
    type: string,
    value: Operand,
    options: AssignOptions,
    attrs: Record<string, boolean>,
  ): Tensor {
    return this.graph.nameScope(options.name ?? type, (scope) => {
      const operand = toTensor(value, { graph: this.graph, dtype: this.dtype, name: "value" });
      return this.graph.createOp(type, [this.ref, operand], {
        name: scope,
        attrs: { use_locking: options.useLocking ?? false, ...attrs },
      }).outputs[0]!;
    });
  }
}

/** Its symbol-keyed members: isolatedDeclarations allows none in a class. */
export interface Variable extends VariableMarks {}

function buildRefVariable(initialValue: InitialValue, options: VariableOptions): VariableParts {
  const { settings, graph } = checkOptions(initialValue, options);
  const { validateShape = true, cachingDevice, dtype } = options;
  return graph.controlDependencies(null, () =>
    graph.nameScope(options.name ?? "Variable", (scope) => {
      const name = scope.replace(/\/$/, "");
      const initial =
        typeof initialValue === "function"
          ? underInitializerScope(graph, name, () =>
              toTensor(initialValue(), { graph, dtype, name: "initial_value" }),
            )
          : toTensor(initialValue, { graph, dtype, name: "initial_value" });
      checkOutsideControlFlow(initial, name);
      const shape =
        options.shape !== undefined ? Shape.of(options.shape) : validateShape ? initial.shape : Shape.unknown;
      const create = () =>
        graph.createOp("VariableV2", [], { name: scope, attrs: { shape, dtype: initial.dtype } }).outputs[0]!;
      const variable =
        typeof initialValue === "function" ? withColocationAttr(graph, name, create) : create();
      if (validateShape && !initial.shape.isFullyDefined())
        throw new TfError("INVALID_ARGUMENT", `initial_value must have a shape specified: ${initial}`, {
          node: name,
          hint: "Give the initial value a full shape, or pass validateShape: false.",
        });
      const initializer = graph.createOp("Assign", [variable, guardAgainstUninitialized(scope, initial)], {
        name: "Assign",
        attrs: { validate_shape: validateShape },
      });
      const read = () => graph.createOp("Identity", [variable], { name: "read" }).outputs[0]!;
      const snapshot =
        cachingDevice === undefined
          ? graph.colocateWith(variable.op, read)
          : graph.device(cachingDevice, read);
      return {
        ...settings,
        variable,
        initializer,
        initialValue: initial,
        snapshot,
        saveSliceInfo: undefined,
      };
    }),
  );
}
