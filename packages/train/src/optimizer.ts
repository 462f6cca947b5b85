// Optimizer: what all optimizers share: gradients, slots, the train op and its names. Subclasses say which slots they
// keep and how one variable is updated. Not the updates: see the subclasses.
// Source: python/training/optimizer.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import type { OpRegistry } from "@org/graph";
import {
  type Graph,
  IndexedSlices,
  isIndexedSlices,
  isTensor,
  type Operation,
  type Tensor,
} from "@org/graph";
import {
  type AggregationMethod,
  type AnyVariable,
  applyOne,
  applyOp,
  assignAdd,
  convertToTensor,
  type Differentiable,
  type GradientLike,
  getItem,
  gradients,
  group,
  type Initializer,
  type OpEntry,
  shape as shapeOf,
  type TensorLike,
  tuple,
} from "@org/ops";
import type { DType, Shape } from "@org/tensor";
import { isVariable, type ResourceVariable, trainableVariables } from "@org/variables";
import { createSlot, createSlotWithInitializer, createZerosSlot } from "./slot-creator.ts";

/** A gradient and the variable that it belongs to; undefined where the loss does not depend on the variable. */
export type GradientAndVariable = readonly [Tensor | IndexedSlices | undefined, AnyVariable];

/** How gradients wait for each other: not at all, for the others of their op, for all of them. */
export const Gate = { NONE: 0, OP: 1, GRAPH: 2 } as const;
export type Gate = 0 | 1 | 2;

/** A number, a tensor, or a function that gives one when the update is built. */
export type Hyperparameter = TensorLike | (() => TensorLike);

export interface OptimizerOptions {
  /** Name of the train op and in front of the updates. */
  readonly name?: string;
  /** Locks variables while they are updated (an attribute; the executor never interleaves updates). */
  readonly useLocking?: boolean;
}

export interface ComputeGradientsOptions {
  /** What to train. Default: the collection trainable_variables. */
  readonly varList?: readonly AnyVariable[];
  /** Default Gate.OP. */
  readonly gateGradients?: Gate;
  readonly aggregationMethod?: AggregationMethod;
  readonly colocateGradientsWithOps?: boolean;
  /** The gradient of the loss itself. */
  readonly gradLoss?: Differentiable;
  /** Where gradient functions are looked up, for graphs whose own registry has none. */
  readonly ops?: OpRegistry<OpEntry>;
}

export interface ApplyGradientsOptions {
  /** A variable, or the ref tensor of one, that grows by one with each update. */
  readonly globalStep?: AnyVariable | Tensor;
  readonly name?: string;
}

const validTypes: readonly DType[] = ["float16", "bfloat16", "float32", "float64"];

/** "['a', 'b']" as Python prints a list of strings. */
function pythonList(items: readonly unknown[]): string {
  return `[${items.map((item) => (`${item}`.includes("'") ? `"${item}"` : `'${item}'`)).join(", ")}]`;
}

/** The base of all optimizers. One may be used for several losses and graphs; its slots are kept by variable. */
export abstract class Optimizer {
  readonly name: string;
  protected readonly useLocking: boolean;
  readonly #slots = new Map<string, Map<Operation, AnyVariable>>();
  readonly #others = new Map<string, WeakMap<Graph, AnyVariable>>();

  constructor(defaultName: string, options: OptimizerOptions = {}) {
    this.name = options.name ?? defaultName;
    if (!this.name) throw new TypeError("Must specify the optimizer name");
    this.useLocking = options.useLocking ?? false;
  }

  /**
   * Adds the nodes that train: gradients of `loss`, and updates. Returns the operation that does one step; it is in the collection
   * train_op, too. Throws as computeGradients and applyGradients; INVALID_ARGUMENT where the loss depends on no variable.
   */
  minimize(loss: Tensor, options: ComputeGradientsOptions & ApplyGradientsOptions = {}): Operation {
    const pairs = this.computeGradients(loss, options);
    if (pairs.every(([gradient]) => gradient === undefined))
      throw new TfError(
        "INVALID_ARGUMENT",
        `No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ${pythonList(pairs.map(([, variable]) => variable))} and loss ${loss}.`,
        { node: loss.op.name, op: loss.op.type },
      );
    return this.applyGradients(pairs, options);
  }

  /** Gradients of `loss` for each variable. Throws INVALID_ARGUMENT where there is none to train; a TypeError for types that cannot be. */
  computeGradients(loss: Tensor, options: ComputeGradientsOptions = {}): GradientAndVariable[] {
    const { graph } = loss;
    const { gateGradients = Gate.OP, gradLoss } = options;
    if (![0, 1, 2].includes(gateGradients))
      throw new TypeError(
        `gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not ${gateGradients}`,
      );
    this.#checkTypes([loss]);
    const variables = options.varList ?? [
      ...(trainableVariables(graph) as AnyVariable[]),
      ...(graph.getCollection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES) as AnyVariable[]),
    ];
    if (variables.length === 0) throw new TfError("INVALID_ARGUMENT", "No variables to optimize.");
    for (const variable of variables)
      if (!isVariable(variable)) throw new TypeError(`Trying to optimize unsupported type ${variable}`);
    let grads = gradients(loss, variables, {
      ...(gradLoss === undefined ? {} : { gradYs: gradLoss }),
      gateGradients: gateGradients === Gate.OP,
      aggregationMethod: options.aggregationMethod,
      colocateGradientsWithOps: options.colocateGradientsWithOps,
      ops: options.ops,
    });
    if (gateGradients === Gate.GRAPH) grads = tuple(grads);
    const pairs = variables.map((variable, i): GradientAndVariable => [grads[i], variable]);
    this.#checkTypes(pairs.filter(([gradient]) => gradient !== undefined).map(([, variable]) => variable));
    return pairs;
  }

  /** Adds the updates for gradients that were computed, and perhaps changed, before. Throws INVALID_ARGUMENT where there are none. */
  applyGradients(
    gradientsAndVariables: readonly (readonly [GradientLike | undefined, AnyVariable])[],
    options: ApplyGradientsOptions = {},
  ): Operation {
    if (gradientsAndVariables.length === 0) throw new TfError("INVALID_ARGUMENT", "No variables provided.");
    const { globalStep } = options;
    const { graph } = gradientsAndVariables[0]![1];
    const pairs = gradientsAndVariables.map(([gradient, variable]): GradientAndVariable => {
      if (gradient === undefined || isIndexedSlices(gradient)) return [gradient, variable];
      return [convertToTensor(gradient, { graph }), variable];
    });
    const trained = pairs.filter(([gradient]) => gradient !== undefined).map(([, variable]) => variable);
    if (trained.length === 0)
      throw new TfError(
        "INVALID_ARGUMENT",
        `No gradients provided for any variable: ${pythonList(pairs.map(([, variable]) => variable))}.`,
      );
    return graph.asDefault(() => {
      initScope(graph, () => this.createSlots(trained));
      const made = graph.nameScope(options.name ?? this.name, (scope) => {
        this.prepare(graph);
        const updates: Operation[] = [];
        for (const [gradient, variable] of pairs)
          if (gradient !== undefined)
            updates.push(
              graph.nameScope(`update_${variable.op.name}`, () =>
                graph.colocateWith(variable, () => this.#update(gradient, variable)),
              ),
            );
        if (globalStep === undefined) return this.finish(updates, scope, graph);
        return graph.controlDependencies([this.finish(updates, "update", graph)], () =>
          graph.colocateWith(globalStep, () => stepOn(globalStep, scope)),
        );
      });
      const collected = graph.getCollectionRef(GraphKeys.TRAIN_OP);
      if (!collected.includes(made)) collected.push(made);
      return made;
    });
  }

  /** The slot `name` of a variable that was trained, or undefined. */
  getSlot(variable: AnyVariable, name: string): AnyVariable | undefined {
    return this.#slots.get(name)?.get(variable.op);
  }

  /** Names of slots, sorted. */
  getSlotNames(): string[] {
    return [...this.#slots.keys()].sort();
  }

  /** The variables that hold the optimizer's own state in `graph`, sorted by name. */
  variables(graph: Graph): AnyVariable[] {
    const found: AnyVariable[] = [];
    for (const byGraph of this.#others.values()) {
      const variable = byGraph.get(graph);
      if (variable) found.push(variable);
    }
    for (const slots of this.#slots.values())
      for (const slot of slots.values()) if (slot.graph === graph) found.push(slot);
    return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  #update(gradient: Tensor | IndexedSlices, variable: AnyVariable): Operation {
    const { constraint, graph } = variable;
    if (isIndexedSlices(gradient)) {
      if (constraint) throw new TypeError("Cannot use a constraint function on a sparse variable.");
      return this.applySparseDuplicateIndices(gradient, variable);
    }
    const update = this.applyDense(gradient as Tensor, variable);
    if (!constraint) return update;
    return graph.controlDependencies([update], () => {
      // TensorFlow takes the read that the variable has, whose memory the update changes; a value here does not change.
      const value = variable.isResource ? variable.value() : variable.readValue();
      return writer(variable.assign(constraint(value)));
    });
  }

  #checkTypes(tensors: readonly { readonly dtype: DType; readonly name: string }[]): void {
    for (const { dtype, name } of tensors)
      if (!validTypes.includes(dtype))
        throw new TypeError(`Invalid type ${dtype} for ${name}, expected: ${pythonList(validTypes)}.`);
  }

  // ---- what subclasses say

  /** Makes the slots of variables. */
  protected createSlots(_variables: readonly AnyVariable[]): void {}
  /** Makes the tensors of hyperparameters; runs in the train op's name scope. */
  protected prepare(_graph: Graph): void {}
  /** The update of a variable by a dense gradient. */
  protected abstract applyDense(gradient: Tensor, variable: AnyVariable): Operation;
  /** The update of a variable by rows, no row twice. */
  protected abstract applySparse(gradient: IndexedSlices, variable: AnyVariable): Operation;

  /** The same where rows may come twice: they are summed first. */
  protected applySparseDuplicateIndices(gradient: IndexedSlices, variable: AnyVariable): Operation {
    const [indices, positions] = applyOp("Unique", [gradient.indices]).outputs as [Tensor, Tensor];
    const rows = getItem(shapeOf(indices), 0);
    const values = applyOne("UnsortedSegmentSum", [gradient.values, positions, rows]);
    return this.applySparse(new IndexedSlices(values, indices, gradient.denseShape), variable);
  }

  /** The operation that does all updates. */
  protected finish(updates: readonly Operation[], name: string, graph: Graph): Operation {
    return group(updates, { name, graph });
  }

  // ---- what subclasses use

  /** A hyperparameter as a tensor named `name`. */
  protected tensorOf(value: Hyperparameter, name: string, graph: Graph): Tensor {
    return convertToTensor(typeof value === "function" ? value() : value, { name, graph });
  }

  #keep(variable: AnyVariable, slotName: string, make: () => AnyVariable): AnyVariable {
    let slots = this.#slots.get(slotName);
    if (!slots) {
      slots = new Map();
      this.#slots.set(slotName, slots);
    }
    let slot = slots.get(variable.op);
    if (!slot) {
      slot = make();
      slots.set(variable.op, slot);
    }
    return slot;
  }

  /** The slot, made of zeros where there is none yet. */
  protected zerosSlot(variable: AnyVariable, slotName: string, opName: string): AnyVariable {
    return this.#keep(variable, slotName, () => createZerosSlot(variable, opName));
  }

  /** The slot, made from a tensor where there is none yet. */
  protected slotFrom(variable: AnyVariable, value: Tensor, slotName: string, opName: string): AnyVariable {
    return this.#keep(variable, slotName, () => createSlot(variable, value, opName));
  }

  /** The slot, made by an initializer where there is none yet. */
  protected slotWith(
    variable: AnyVariable,
    initializer: Initializer,
    shape: Shape,
    slotName: string,
    opName: string,
  ): AnyVariable {
    return this.#keep(variable, slotName, () =>
      createSlotWithInitializer(variable, initializer, shape, variable.dtype, opName),
    );
  }

  /** A slot that must be there. */
  protected slot(variable: AnyVariable, name: string): AnyVariable {
    const slot = this.getSlot(variable, name);
    if (!slot)
      throw new TfError("INTERNAL", `Optimizer ${this.name} has no slot ${name} for ${variable.name}`);
    return slot;
  }

  /** A variable that is the optimizer's as a whole, made where its graph has none yet. */
  protected otherVariable(name: string, graph: Graph, make: () => AnyVariable): AnyVariable {
    let byGraph = this.#others.get(name);
    if (!byGraph) {
      byGraph = new WeakMap();
      this.#others.set(name, byGraph);
    }
    let variable = byGraph.get(graph);
    if (!variable) {
      variable = make();
      byGraph.set(graph, variable);
    }
    return variable;
  }
}

/** The op that writes: of a resource variable's assignment one gets a read that waits for it. */
export function writer(assigned: Tensor | Operation): Operation {
  if (!isTensor(assigned)) return assigned as Operation;
  const { op } = assigned as Tensor;
  if (op.type !== "ReadVariableOp") return op;
  return op.controlInputs.find((write) => write.inputs[0] === op.inputs[0]) ?? op;
}

/** Runs outside of control dependencies and loops, in the same name scope. Source: ops.init_scope. */
function initScope<R>(graph: Graph, build: () => R): R {
  return graph.controlDependencies(null, build);
}

function stepOn(globalStep: AnyVariable | Tensor, name: string): Operation {
  if (isTensor(globalStep) || !globalStep.isResource) return assignAdd(globalStep, 1, { name }).op;
  const { handle, dtype, graph } = globalStep as ResourceVariable;
  const one = convertToTensor(1, { dtype, graph });
  return applyOp("AssignAddVariableOp", [handle, one], { name, attrs: { dtype } });
}
