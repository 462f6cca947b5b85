// Symbolic differentiation: `gradients(ys, xs)` walks from ys back to xs and lets each op's gradient function add the
// nodes that TensorFlow 1.15's Python adds, under the same names, in the same order. Not here: gradients of single ops
// (beside the ops), the backward loops of while loops (control/control-flow-state.ts). Source: python/ops/gradients_util.py of 1.15.
import { TfError } from "@org/errors";
import {
  type Graph,
  IndexedSlices,
  isIndexedSlices,
  isLoopExit,
  isTensor,
  type Operation,
  type OpRegistry,
  type Tensor,
  type TensorConvertible,
  tensorConversion,
} from "@org/graph";
import { type DType, dtypes } from "@org/tensor";
import { isVariable, type ResourceVariable } from "@org/variables";
import { type AggregationMethod, aggregate } from "./aggregate-gradients.ts";
import { constant, identity } from "./array/constant.ts";
import { fill, zeros, zerosLike } from "./array/fill.ts";
import { shape } from "./array/shape-of.ts";
import { zerosForOutput } from "./control/cond-gradient.ts";
import { ControlFlowState, isLoopSwitch } from "./control/control-flow-state.ts";
import { tuple } from "./control/group.ts";
import { convertToTensor } from "./convert.ts";
import { gradientFunction } from "./functions/gradient-functions.ts";
import { callGradient } from "./functions/symbolic-gradient.ts";
import type { Grad } from "./gradient.ts";
import type { Gradient, OpEntry } from "./op-entry.ts";
import { variableShape } from "./state/resource-ops.ts";
import type { TensorLike } from "./tensor-like.ts";

/** What can be differentiated: a tensor, a variable, rows of a tensor. */
export type Differentiable = Tensor | TensorConvertible | IndexedSlices;
/** What may be given as a gradient. */
export type GradientLike = TensorLike | IndexedSlices;

export interface GradientsOptions {
  /** Gradients of the ys, undefined for ones; one a y. */
  readonly gradYs?: Differentiable | undefined | readonly (GradientLike | undefined)[];
  /** Name scope: "gradients" unless given. */
  readonly name?: string | undefined;
  /** Put gradients on the device of the op that they belong to. */
  readonly colocateGradientsWithOps?: boolean | undefined;
  /** Wait for all gradients of an op before any is used. */
  readonly gateGradients?: boolean | undefined;
  readonly aggregationMethod?: AggregationMethod | undefined;
  /** Tensors that are taken as constants. */
  readonly stopGradients?: Differentiable | readonly Differentiable[] | undefined;
  /** What stands where a y does not depend on an x: undefined ("none") or zeros ("zero"). */
  readonly unconnectedGradients?: "none" | "zero" | undefined;
  /** Where gradient functions are looked up, for graphs whose own registry has none. */
  readonly ops?: OpRegistry<OpEntry> | undefined;
}

type Source = Tensor | IndexedSlices;

const listOf = <T>(x: T | readonly T[]): readonly T[] => (Array.isArray(x) ? x : [x as T]);
const opOf = (x: Source): Operation => x.op;

/** Whether gradients flow through tensors of that type. */
function isTrainable(dtype: DType): boolean {
  return ["float16", "float32", "float64", "complex64", "complex128", "resource", "variant"].includes(dtype);
}

const passesBack = (tensor: Tensor): boolean => isTrainable(tensor.dtype) || tensor.dtype === "bfloat16";

function toSource(value: GradientLike, name: string, graph: Graph): Source {
  if (isTensor(value)) return value;
  return isIndexedSlices(value) ? value : convertToTensor(value, { name, graph });
}

/** An x as the tensor that gradients are collected for: a variable's own ref or handle. */
function toTarget(value: Differentiable): Source {
  if (isTensor(value) || isIndexedSlices(value)) return value;
  if (isVariable(value) && value.isResource) return (value as ResourceVariable).handle;
  if (typeof value === "object" && value !== null && tensorConversion in value)
    return (value as { [tensorConversion](options: { asRef: boolean }): Tensor })[tensorConversion]({
      asRef: true,
    });
  throw new TypeError(`Cannot differentiate with respect to ${value}`);
}

/**
 * Symbolic derivatives of the sum of `ys` with respect to each of `xs`: a tensor, the rows of one (IndexedSlices), or
 * undefined where no y depends on it. As tf.gradients.
 * Throws TfError NOT_FOUND "No gradient defined for operation ..."; INVALID_ARGUMENT where `gradYs` are not as many as ys or a
 * gradient function gives the wrong number or shape; a TypeError for types that have no gradient.
 * @tfExport gradients
 */
export function gradients(
  ys: Differentiable | readonly Differentiable[],
  xs: Differentiable | readonly Differentiable[],
  options: GradientsOptions = {},
): (Tensor | IndexedSlices | undefined)[] {
  const yList = listOf<Differentiable>(ys);
  const xList = listOf<Differentiable>(xs);
  const graph = graphOfAll([...yList, ...xList]);
  const gradYs =
    options.gradYs === undefined
      ? yList.map(() => undefined)
      : listOf<GradientLike | undefined>(options.gradYs);
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? "gradients", () => {
      // TensorFlow takes this name for a uid of the call; others then get "uid_1".
      graph.uniqueName("uid");
      const sources = yList.map((y) => toSource(y, "y", graph));
      const targets = xList.map((x) => toTarget(x));
      const stops = options.stopGradients === undefined ? [] : listOf<Differentiable>(options.stopGradients);
      const stopOps = stops.map((stop) => opOf(toSource(stop, "stop", graph)));
      const seeds = initialGradients(sources, gradYs, (op, build) => colocated(graph, options, op, build));
      const walk = new BackwardPass(graph, options, sources.map(opOf), targets.map(opOf), stopOps);
      return walk.run(sources, seeds, targets);
    }),
  );
}

function colocated<R>(graph: Graph, options: GradientsOptions, op: Operation, build: () => R): R {
  return options.colocateGradientsWithOps ? graph.colocateWith(op, build) : build();
}

function graphOfAll(values: readonly Differentiable[]): Graph {
  for (const value of values)
    if (typeof value === "object" && value !== null && "graph" in value)
      return (value as { graph: Graph }).graph;
  throw new TypeError("gradients: ys and xs must be tensors or variables of a graph");
}

/** Ones for the ys that were given nothing, and checked identities of what was given. */
function initialGradients(
  ys: readonly Source[],
  given: readonly (GradientLike | undefined)[],
  beside: (op: Operation, build: () => Grad) => Grad,
): Grad[] {
  if (given.length !== ys.length)
    throw new TfError("INVALID_ARGUMENT", `Passed ${given.length} grad_ys for ${ys.length} ys`);
  const { graph } = ys[0]!;
  const converted = given.map((grad) => (grad === undefined ? undefined : toSource(grad, "grad_y", graph)));
  return ys.map((y, i) =>
    beside(y.op, (): Grad => {
      const grad = converted[i];
      const { dtype } = y;
      if (grad === undefined) {
        if (dtypes[dtype].kind === "complex")
          throw new TypeError(`Gradients of complex tensors must set grad_ys (y.dtype = ${dtype})`);
        const dims = shape(y);
        return fill(dims, constant(dtype === "bool" ? true : 1, dtype, { name: `grad_ys_${i}`, graph }));
      }
      checkGradientType(grad, y);
      if (!isIndexedSlices(grad)) return identity(grad, { name: `grad_ys_${i}` });
      const indices = identity(grad.indices, { name: `grad_ys_${i}_indices` });
      const values = identity(grad.values, { name: `grad_ys_${i}_values` });
      const { denseShape } = grad;
      return new IndexedSlices(
        values,
        indices,
        denseShape && identity(denseShape, { name: `grad_ys_${i}_shape` }),
      );
    }),
  );
}

function checkGradientType(grad: Source, y: Source): void {
  const kind = dtypes[y.dtype].kind;
  const own = dtypes[grad.dtype].kind;
  const real = (k: string): boolean => k === "float" || k === "int" || k === "uint";
  const wrong = (what: string): never => {
    throw new TypeError(what);
  };
  if (real(kind)) {
    if (!real(own))
      wrong(
        `Gradient type ${grad.dtype} generated for real or integer-valued tensor ${y} with type ${y.dtype} must be real or integer`,
      );
  } else if (kind === "complex") {
    if (own !== "complex")
      wrong(
        `Gradient type ${grad.dtype} generated for complex-valued tensor ${y} with type ${y.dtype} must be real`,
      );
  } else if (kind === "resource") {
    if (own === "resource") wrong(`Input gradient ${grad} for resource tensor ${y} should not be a resource`);
  } else if (kind !== "variant") {
    wrong(`Tensor ${y} with type ${y.dtype} must be numeric to obtain a default gradient`);
  }
}

/** Gradients received by each output of an op: a list while they come in, one value once they were added up. */
type Received = (Grad[] | Grad | undefined)[];

/** One call of `gradients`: which ops lie between ys and xs, and what has flowed back so far. */
class BackwardPass {
  readonly #graph: Graph;
  readonly #options: GradientsOptions;
  /** How many gradients an op still waits for. */
  readonly #pending = new Map<Operation, number>();
  readonly #reachable: ReadonlySet<Operation>;
  readonly #stopOps: ReadonlySet<Operation>;
  readonly #received = new Map<Operation, Received>();
  /** The loops on the way; undefined where there are none. */
  #loops: ControlFlowState | undefined;

  constructor(
    graph: Graph,
    options: GradientsOptions,
    toOps: readonly Operation[],
    fromOps: readonly Operation[],
    stopOps: readonly Operation[],
  ) {
    this.#graph = graph;
    this.#options = options;
    const reached = reachedFrom(fromOps);
    this.#reachable = new Set(toOps.filter((op) => reached.has(op)));
    const between = opsBetween(toOps, reached);
    // Exits that a loop brings in come behind, and are seen, too.
    for (const op of between)
      if (isLoopExit(op)) {
        this.#loops ??= new ControlFlowState();
        this.#colocated(op, () => this.#loops!.addWhileContext(op, between));
      }
    for (const op of between) {
      for (const { op: source } of op.inputs)
        if (between.has(source)) this.#pending.set(source, (this.#pending.get(source) ?? 0) + 1);
    }
    // An x that depends on another x is differentiated through; the others end the walk.
    this.#stopOps = new Set([
      ...fromOps.filter((op) => !op.inputs.some((input) => (this.#pending.get(input.op) ?? 0) > 0)),
      ...stopOps,
    ]);
  }

  #colocated<R>(op: Operation, build: () => R): R {
    return colocated(this.#graph, this.#options, op, build);
  }

  run(ys: readonly Source[], seeds: readonly Grad[], xs: readonly Source[]): (Grad | undefined)[] {
    for (const [i, y] of ys.entries()) this.#receive(y, seeds[i]!);
    const queue: Operation[] = [];
    const queued = new Set<Operation>();
    for (const { op } of ys)
      if ((this.#pending.get(op) ?? 0) === 0 && !queued.has(op) && this.#reachable.has(op)) {
        queued.add(op);
        queue.push(op);
      }
    for (const exit of this.#loops?.unusedExits(this.#pending, queued) ?? [])
      if (isTrainable(exit.dtype)) {
        this.#receive(exit, this.#loops!.zerosForExit(exit));
        queue.push(exit.op);
      }
    for (let op = queue.shift(); op; op = queue.shift()) {
      const current = op;
      this.#colocated(current, () => this.#visit(current));
      for (const input of current.inputs) this.#noteVisited(input, queue);
    }
    this.#loops?.close();
    return xs.map((x) => this.#result(x));
  }

  /** One reader of `input` is done: queues its op once all are, and a loop's Switch each time. */
  #noteVisited(input: Tensor, queue: Operation[]): void {
    const source = input.op;
    const left = (this.#pending.get(source) ?? 0) - 1;
    this.#pending.set(source, left);
    if (left !== 0 && !(left > 0 && this.#loops && isLoopSwitch(source))) return;
    const state = this.#loops && isLoopExit(source) ? this.#loops.stateFor(source, false) : undefined;
    if (!state) {
      queue.push(source);
      return;
    }
    // Exits wait for each other: the backward loop begins with all of them.
    state.deferredExits.push(input);
    state.pendingExits--;
    if (state.pendingExits > 0) return;
    const used = state.deferredExits.filter((exit) => this.#hasGradient(exit.op));
    for (const exit of state.deferredExits)
      if (used.includes(exit)) queue.push(exit.op);
      else state.unusedExits.push(exit);
    for (const exit of state.unusedExits) {
      if (used.length > 0 && isTrainable(exit.dtype)) this.#receive(exit, this.#loops!.zerosForExit(exit));
      queue.push(exit.op);
    }
  }

  #hasGradient(op: Operation): boolean {
    return (this.#received.get(op) ?? []).some((grads) =>
      Array.isArray(grads) ? grads.length > 0 : grads !== undefined,
    );
  }

  #receive(target: Source, grad: Grad): void {
    const tensor = isIndexedSlices(target) ? target.values : (target as Tensor);
    let received = this.#received.get(tensor.op);
    if (!received) {
      received = tensor.op.outputs.map(() => []);
      this.#received.set(tensor.op, received);
    }
    const list = received[tensor.valueIndex];
    // A loop's Switch that was visited from its Exit: now its body.
    if (Array.isArray(list)) list.push(grad);
    else received[tensor.valueIndex] = grad;
  }

  #visit(op: Operation): void {
    const outputGrads = this.#within(op, true, () => this.#aggregated(op));
    this.#within(op, false, () => this.#goBack(op, outputGrads));
  }

  /** Runs `fn` in the backward loop of the loop that `op` is in. */
  #within<R>(op: Operation, before: boolean, fn: () => R): R {
    return this.#loops ? this.#loops.within(op, before, fn) : fn();
  }

  #goBack(op: Operation, outputGrads: (Grad | undefined)[]): void {
    const differentiate = outputGrads.some((grad) => grad !== undefined) && !this.#stopOps.has(op);
    const gradient = differentiate ? this.#gradientOf(op) : null;
    if (!gradient) return;
    // A symbolic gradient takes one for each output, of whatever type.
    const all = gradient === callGradient;
    for (const [i, output] of op.outputs.entries())
      if (outputGrads[i] === undefined && (all || isTrainable(output.dtype)))
        outputGrads[i] = this.#loops ? this.#loops.zerosLike(op, i) : zerosForOutput(output);
    const inputGrads = this.#graph.nameScope(`${op.name}_grad`, () => {
      const made = gradient(op, outputGrads);
      if (made.length !== op.inputs.length)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Num gradients ${made.length} generated for op ${op.name} do not match num inputs ${op.inputs.length}`,
          { node: op.name, op: op.type },
        );
      if (!this.#options.gateGradients || made.filter((grad) => grad !== undefined).length < 2) return made;
      return this.#graph.device(null, () =>
        this.#graph.colocateWith(null, () => tuple(made), { ignoreExisting: true }),
      );
    });
    for (const [i, input] of op.inputs.entries()) {
      const grad = inputGrads[i];
      if (grad === undefined) continue;
      if (!isIndexedSlices(grad) && input.dtype !== "resource") setShapeOf(op, i, grad as Tensor);
      this.#receive(input, grad);
    }
  }

  #aggregated(op: Operation): (Grad | undefined)[] {
    const received = this.#received.get(op);
    if (!received) return op.outputs.map(() => undefined);
    for (const [i, grads] of received.entries())
      if (Array.isArray(grads)) received[i] = aggregate(op, grads, this.#options.aggregationMethod);
    return received as (Grad | undefined)[];
  }

  /** null: the op stops gradients. */
  #gradientOf(op: Operation): Gradient | null {
    const type = op.attrs.has("_gradient_op_type") ? op.attrs.string("_gradient_op_type") : op.type;
    const entry =
      this.#options.ops?.get(type) ??
      ((type === op.type ? op.registered : this.#graph.ops.get(type)) as OpEntry | undefined);
    const name = op.attrs.has("f") ? op.attrs.raw("f")?.func?.name : type;
    const own = name && gradientFunction(this.#graph.library, name);
    if (own) return own;
    if (entry?.gradient === undefined && this.#graph.library.get(type)) return callGradient;
    if (entry?.gradient === undefined)
      throw new TfError("NOT_FOUND", `No gradient defined for operation '${op.name}' (op type: ${type})`, {
        node: op.name,
        op: op.type,
        hint: "Give the op's entry a gradient, or stop at it with stopGradients.",
      });
    return entry.gradient;
  }

  #result(x: Source): Grad | undefined {
    const tensor = isIndexedSlices(x) ? x.values : (x as Tensor);
    const received = this.#received.get(tensor.op);
    // An x that nothing flowed to, not even to another output of its op.
    if (!received) {
      if (this.#options.unconnectedGradients !== "zero") return undefined;
      if (tensor.dtype !== "resource") return zerosLike(tensor);
      return zeros(variableShape(tensor), tensor.op.attrs.type("dtype"));
    }
    const grad = received[tensor.valueIndex];
    // An op that was never visited (no path, or an x behind a stop) has a list still: its parts are added here.
    return Array.isArray(grad) ? aggregate(tensor.op, grad, this.#options.aggregationMethod) : grad;
  }
}

/** Every op that a tensor which passes gradients leads to. */
function reachedFrom(ops: readonly Operation[]): Set<Operation> {
  const reached = new Set<Operation>();
  const stack = [...ops];
  for (let op = stack.pop(); op; op = stack.pop()) {
    if (reached.has(op)) continue;
    reached.add(op);
    for (const output of op.outputs) if (passesBack(output)) stack.push(...output.consumers());
  }
  return reached;
}

/** Ops on a path from what was reached to the ys, ys first. */
function opsBetween(toOps: readonly Operation[], reached: ReadonlySet<Operation>): Set<Operation> {
  const between = new Set<Operation>();
  const queue = [...toOps];
  for (const op of queue) {
    if (!reached.has(op) || between.has(op)) continue;
    between.add(op);
    for (const input of op.inputs) queue.push(input.op);
  }
  return between;
}

function setShapeOf(op: Operation, index: number, grad: Tensor): void {
  const input = op.inputs[index]!;
  if (!grad.shape.isCompatibleWith(input.shape))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Incompatible shapes between op input and calculated input gradient.  Forward operation: ${op.name}.  Input index: ${index}. Original input shape: ${input.shape}.  Calculated input gradient shape: ${grad.shape}`,
      { node: op.name, op: op.type },
    );
  grad.setShape(input.shape);
}
