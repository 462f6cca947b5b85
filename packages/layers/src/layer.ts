// Layer: what all layers share: a variable scope that is opened when the layer is first applied, variables in it that are made once,
// update operations and regularization losses in their collections. Not the layers themselves.
// Source: python/layers/base.py and python/keras/engine/base_layer.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, isOperation, isTensorLike, type Operation, type Tensor } from "@org/graph";
import {
  type AnyVariable,
  convertToTensor,
  type GetVariableOptions,
  getVariable,
  glorotUniformInitializer,
  type Initializer,
  type Reuse,
  type TensorLike,
  type VariableScope,
  variableScope,
  zerosInitializer,
} from "@org/ops";
import { type DType, dtypes, type Shape } from "@org/tensor";
import { globalVariables } from "@org/variables";

/** Makes a loss of a variable; undefined for none. */
export type Regularizer = (variable: AnyVariable) => Tensor | undefined;
/** What a layer does to its result. */
export type Activation = (x: Tensor) => Tensor;
/** Projects a variable's new value. */
export type Constraint = (value: Tensor) => Tensor;

export interface LayerOptions {
  /** Name of the variable scope; made of the layer's kind and unique unless given. */
  readonly name?: string | undefined;
  /** Whether its variables are trained; default true. */
  readonly trainable?: boolean | undefined;
  /** Type of the variables; that of the first input unless given. */
  readonly dtype?: DType | undefined;
  /** Share the variables of a layer of the same name. */
  readonly reuse?: Reuse | undefined;
  /** The scope to work in, opened at once. */
  readonly scope?: string | VariableScope | undefined;
}

/** What one variable of a layer is. */
export interface WeightOptions {
  readonly shape: readonly number[];
  readonly dtype?: DType | undefined;
  readonly initializer?: Initializer | undefined;
  readonly regularizer?: Regularizer | undefined;
  readonly constraint?: Constraint | undefined;
  readonly trainable?: boolean | undefined;
  readonly synchronization?: number | undefined;
  readonly aggregation?: number | undefined;
  readonly partitioner?: GetVariableOptions["partitioner"];
}

/** Whether something is trained by default: what is synchronized on reading is not. Source: VariableSynchronization.ON_READ. */
const onRead = 3;

function graphFor(): Graph {
  const graph = currentGraph();
  if (!graph) throw new TypeError("No graph: build inside graph.asDefault(() => ...)");
  return graph;
}

/** Shared by all layers. A layer is applied with `apply`; applied again, it uses its variables again. */
export abstract class Layer {
  readonly trainable: boolean;
  /** The name that was given, or the kind of layer. */
  readonly name: string;
  readonly #trainableWeights: AnyVariable[] = [];
  readonly #nonTrainableWeights: AnyVariable[] = [];
  readonly #updates: Operation[] = [];
  readonly #losses: Tensor[] = [];
  readonly #reuse: Reuse | undefined;
  #dtype: DType | undefined;
  #scope: VariableScope | undefined;
  #built = false;

  constructor(kind: string, options: LayerOptions = {}) {
    this.name = options.name ?? kind;
    this.trainable = options.trainable ?? true;
    this.#dtype = options.dtype;
    this.#reuse = options.reuse;
    if (options.scope !== undefined) this.#scope = variableScope(options.scope, (scope) => scope);
  }

  /** Type of its variables: undefined until it is known. */
  get dtype(): DType | undefined {
    return this.#dtype;
  }
  /** Variables that are trained, in the order in which they were made. */
  get trainableWeights(): readonly AnyVariable[] {
    return this.trainable ? this.#trainableWeights : [];
  }
  get nonTrainableWeights(): readonly AnyVariable[] {
    return this.trainable
      ? this.#nonTrainableWeights
      : [...this.#trainableWeights, ...this.#nonTrainableWeights];
  }
  /** All variables: those that are trained first. */
  get weights(): readonly AnyVariable[] {
    return [...this.trainableWeights, ...this.nonTrainableWeights];
  }
  /** What is to run with each training step; in the collection update_ops, too. */
  get updates(): readonly Operation[] {
    return this.#updates;
  }
  /** Losses of regularizers; in the collection regularization_losses, too. */
  get losses(): readonly Tensor[] {
    return this.#losses;
  }
  /** The variable scope's name. Throws TfError FAILED_PRECONDITION before the layer was applied. */
  get scopeName(): string {
    if (!this.#scope)
      throw new TfError(
        "FAILED_PRECONDITION",
        `No name available for layer scope because the layer "${this.name}" has not been used yet. The scope name  is determined the first time the layer instance is called. You must therefore call the layer before querying \`scope_name\`.`,
      );
    return this.#scope.name;
  }

  /** Makes the layer's variables for an input of that shape. */
  protected build(_shape: Shape): void {}

  /**
   * Runs `call` where the layer's ops go, after its variables were made. Subclasses' `apply` is this.
   */
  protected within<R>(input: Tensor, call: () => R, scope?: string | VariableScope): R {
    const { graph } = input;
    return graph.asDefault(() => {
      const own = this.#open(scope);
      const done = this.#updates.length;
      const reuse = this.#built ? true : this.#reuse;
      const result = variableScope(
        own,
        (current) =>
          graph.nameScope(current.originalNameScope, () => {
            this.#dtype ??= input.dtype;
            if (!this.#built) {
              this.build(input.shape);
              this.#built = true;
            }
            return call();
          }),
        { reuse, auxiliaryNameScope: false },
      );
      collect(graph, GraphKeys.UPDATE_OPS, this.#updates.slice(done));
      return result;
    });
  }

  #open(scope: string | VariableScope | undefined): VariableScope {
    this.#scope ??=
      this.#reuse && scope === undefined
        ? variableScope(this.name, (captured) => captured)
        : variableScope(scope ?? null, (captured) => captured, { defaultName: this.name });
    return this.#scope;
  }

  /**
   * A variable of the layer. Throws as getVariable does.
   */
  protected addWeight(name: string, options: WeightOptions): AnyVariable {
    const { regularizer, constraint, synchronization, aggregation, partitioner } = options;
    const graph = graphFor();
    const trainable = (options.trainable ?? synchronization !== onRead) && this.trainable;
    const dtype = options.dtype ?? this.#dtype ?? "float32";
    const before = regularizer ? new Set<unknown>(globalVariables(graph)) : undefined;
    return variableScope(
      this.#open(undefined),
      (current) =>
        graph.nameScope(current.originalNameScope, () => {
          const initializer =
            options.initializer ?? current.defaults.initializer ?? defaultInitializer(dtype);
          const variable = getVariable(name, options.shape, {
            dtype,
            initializer,
            trainable,
            ...(constraint ? { constraint } : {}),
            ...(synchronization === undefined ? {} : { synchronization }),
            ...(aggregation === undefined ? {} : { aggregation }),
            ...(partitioner ? { partitioner } : {}),
          } as GetVariableOptions);
          const kept = trainable ? this.#trainableWeights : this.#nonTrainableWeights;
          if (!kept.includes(variable)) kept.push(variable);
          if (regularizer && !before!.has(variable)) this.#regularize(graph, name, variable, regularizer);
          return variable;
        }),
      { reuse: this.#built ? true : this.#reuse, auxiliaryNameScope: false },
    );
  }

  #regularize(graph: Graph, name: string, variable: AnyVariable, regularizer: Regularizer): void {
    const loss = graph.nameScope(`${name}/Regularizer`, () => regularizer(variable));
    if (loss === undefined) return;
    this.#losses.push(loss);
    collect(graph, GraphKeys.REGULARIZATION_LOSSES, [loss]);
  }

  /** Says that `update` is to run with each training step. */
  protected addUpdate(update: Operation | Tensor): void {
    this.#updates.push(isOperation(update) ? update : update.op);
  }
}

function defaultInitializer(dtype: DType): Initializer {
  return dtypes[dtype].kind === "float" ? glorotUniformInitializer() : zerosInitializer();
}

function collect(graph: Graph, key: string, values: readonly unknown[]): void {
  if (values.length === 0) return;
  const collection = graph.getCollectionRef(key);
  for (const value of values) if (!collection.includes(value)) collection.push(value);
}

/** What a layer is applied to, as a tensor. */
export function inputOf(value: TensorLike): Tensor {
  return isTensorLike(value) ? convertToTensor(value) : convertToTensor(value, { graph: graphFor() });
}
