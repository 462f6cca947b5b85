// tf.while_loop: a loop of graph nodes (Enter, Merge, LoopCond, Switch, NextIteration, Exit) around a body that is built once.
// Source: python/ops/control_flow_ops.py (while_loop, WhileContext.BuildLoop) of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { type Graph, isLoopConstantEnter, switchRefOrTensor, type Tensor, WhileContext } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { constant, identity } from "../array/constant.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import { less, logicalAnd } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { merge, type TensorsOf } from "./cond.ts";
import { type Crossing, crossing, rebuildAll } from "./flow-tensor.ts";
import { assertSameStructure, flatten, isNested, packAs } from "./nest.ts";

/** A shape that a loop variable keeps: null for any dim, or for any shape. */
export type ShapeInvariant = Shape | readonly (number | null)[] | null;

export interface WhileOptions extends NameOption {
  /** One a leaf of `loopVars`, in order; default: the shapes at the start. */
  readonly shapeInvariants?: readonly ShapeInvariant[] | undefined;
  /** How many iterations may be under way at once; kept in the graph (default 10). */
  readonly parallelIterations?: number | undefined;
  /** Whether gradients go back through the loop; default true. */
  readonly backProp?: boolean | undefined;
  readonly swapMemory?: boolean | undefined;
  /** Ends the loop after so many iterations, whatever `condition` says. */
  readonly maximumIterations?: TensorLike | undefined;
  /** Keep a list of one result as a list. */
  readonly returnSameStructure?: boolean | undefined;
}

type LoopTensors<V extends readonly unknown[]> = { -readonly [K in keyof V]: TensorsOf<V[K]> };

type Results<V extends readonly unknown[], Same> = Same extends true
  ? TensorsOf<V>
  : V extends readonly [infer U]
    ? TensorsOf<U>
    : TensorsOf<V>;

/**
 * tf.while_loop: repeats `body` while `condition` holds, both called once with the loop variables as tensors to build what an iteration
 * does. `loopVars`: tensors, TensorArrays, rows, arrays and records of such; `body` returns new ones in the same form. Gives their values
 * after the last iteration; one alone is not in a list unless `returnSameStructure`.
 * Throws a TypeError where functions are none, forms or types differ, or `parallelIterations` is below 1; TfError INVALID_ARGUMENT where there are
 * no loop variables or a shape does not fit its invariant.
 * @tfExport whileLoop
 */
export function whileLoop<const V extends readonly unknown[], Same extends boolean = false>(
  condition: (...vars: LoopTensors<V>) => TensorLike,
  body: (...vars: LoopTensors<V>) => unknown,
  loopVars: V,
  options: WhileOptions & { readonly returnSameStructure?: Same | undefined } = {},
): Results<V, Same> {
  return buildWhile(
    condition as (...vars: unknown[]) => TensorLike,
    body as (...vars: unknown[]) => unknown,
    loopVars,
    options,
  ) as Results<V, Same>;
}

type Pred = (...vars: unknown[]) => TensorLike;
type Body = (...vars: unknown[]) => unknown;

function buildWhile(
  condition: Pred,
  body: Body,
  loopVars: readonly unknown[],
  options: WhileOptions,
): unknown {
  const { parallelIterations = 10, backProp = true, swapMemory = false } = options;
  if (typeof condition !== "function") throw new TypeError("cond must be callable.");
  if (typeof body !== "function") throw new TypeError("body must be callable.");
  if (!Number.isInteger(parallelIterations) || parallelIterations < 1)
    throw new TypeError("parallel_iterations must be a positive integer.");
  const graph = resolveGraph(flatten(loopVars));
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? "while", () => {
      if (loopVars.length === 0) throw new TfError("INVALID_ARGUMENT", "No loop variables provided");
      const bounded = boundedLoop(condition, body, loopVars, options);
      const context = new WhileContext({
        graph,
        name: graph.uniqueName("while_context"),
        parallelIterations,
        backProp,
        swapMemory,
        maximumIterations: bounded.maximum,
      });
      // A nested one is in the message of the context around it.
      if (context.outerContext === undefined) graph.addToCollection(GraphKeys.WHILE_CONTEXT, context);
      const invariants =
        bounded.maximum && options.shapeInvariants
          ? [Shape.scalar, ...options.shapeInvariants]
          : options.shapeInvariants;
      const { packed, count } = buildLoop(graph, context, bounded, invariants);
      const result =
        options.returnSameStructure || count !== 1 || !Array.isArray(packed) ? packed : packed[0];
      return bounded.maximum ? (result as readonly unknown[])[1] : result;
    }),
  );
}

interface LoopParts {
  readonly condition: Pred;
  readonly body: Body;
  readonly vars: readonly unknown[];
  readonly maximum?: Tensor;
}

/** The loop with a counter in front, where the number of iterations is bounded. */
function boundedLoop(
  condition: Pred,
  body: Body,
  vars: readonly unknown[],
  options: WhileOptions,
): LoopParts {
  if (options.maximumIterations === undefined) return { condition, body, vars };
  const maximum = convertToTensor(options.maximumIterations, {
    name: "maximum_iterations",
    ...(typeof options.maximumIterations === "number" ? { dtype: "int32" } : {}),
  });
  if (maximum.shape.rank !== null && maximum.shape.rank !== 0)
    throw new TfError("INVALID_ARGUMENT", `maximum_iterations must be a scalar, saw shape: ${maximum.shape}`);
  const counter = constant(0, maximum.dtype, { name: "iteration_counter" });
  const alone = vars.length === 1 && !options.returnSameStructure;
  const spread = (inner: unknown): unknown[] => (alone ? [inner] : (inner as unknown[]));
  return {
    maximum,
    vars: [counter, alone ? vars[0] : vars],
    condition: (i, inner) => logicalAnd(less(i as Tensor, maximum), condition(...spread(inner))),
    body: (i, inner) => {
      const next = operator.add(i as Tensor, 1);
      return [next, body(...spread(inner))];
    },
  };
}

/** Whether every shape that `shape` stands for is one that `invariant` stands for. */
function isWithin(shape: Shape, invariant: Shape): boolean {
  const { dims } = invariant;
  if (dims === null) return true;
  if (shape.dims?.length !== dims.length) return false;
  return dims.every((dim, i) => dim === null || dim === shape.dims![i]);
}

function setInvariants(outer: readonly Tensor[], enters: readonly Tensor[], shapes: readonly Shape[]): void {
  for (const [i, enter] of enters.entries()) {
    const input = outer[i]!;
    const shape = shapes[i]!;
    if (!isWithin(input.shape, shape))
      throw new TfError(
        "INVALID_ARGUMENT",
        `The shape invariant specified for ${input.name} is not compatible with the initial shape of the loop variable. It enters the loop with shape ${input.shape.toTuple()}, but the specified shape invariant is ${shape.toTuple()}.`,
      );
    enter.setShape(shape);
  }
}

/** Closes the loop of one variable: NextIteration of its new value, fed to its Merge. Source: _AddNextAndBackEdge. */
export function addBackEdge(merged: Tensor, value: Tensor, enforceShape = true): Tensor {
  const next = applyOne(value.isRef ? "RefNextIteration" : "NextIteration", [value]);
  if (enforceShape && !isWithin(next.shape, merged.shape)) {
    const input = merged.op.inputs[0]!.op.inputs[0]!;
    throw new TfError(
      "INVALID_ARGUMENT",
      `Input tensor '${input.name}' enters the loop with shape ${input.shape.toTuple()}, but has shape ${next.shape.toTuple()} after one iteration. To allow the shape to vary across iterations, use the \`shape_invariants\` argument of tf.while_loop to specify a less-specific shape.`,
      { node: merged.op.name, hint: "whileLoop(condition, body, vars, { shapeInvariants: [...] })" },
    );
  }
  merged.op.updateInput(1, next, { keepShapes: true });
  return next;
}

function buildLoop(
  graph: Graph,
  context: WhileContext,
  { condition, body, vars }: LoopParts,
  invariants: readonly ShapeInvariant[] | undefined,
): { readonly packed: unknown; readonly count: number } {
  const crossings = flatten(vars).map((leaf) => crossing(leaf));
  const tensors = crossings.flatMap((one) => one.tensors);
  const shapes = invariantsOf(crossings, invariants);
  const built = context.enter(() => {
    const enters = enterAll(graph, context, tensors, shapes);
    const merges = enters.map((enter) => merge([enter, enter])[0]);
    context.pivotForPred = merges[0];
    const packedFor = (inside: readonly Tensor[]): unknown[] =>
      packAs(vars, rebuildAll(crossings, inside)) as unknown[];
    const test = convertToTensor(condition(...packedFor(merges)));
    const pivot = applyOne("LoopCond", [test]);
    context.pivot = pivot;
    const switches = merges.map((merged) => switchRefOrTensor(merged, pivot));
    const inside = switches.map(([, yes]) => (yes.isRef ? applyOne("RefIdentity", [yes]) : identity(yes)));
    context.pivotForBody = inside[0];
    const packedVars = packedFor(inside);
    const returned = body(...packedVars);
    const result = isNested(returned) ? returned : [returned];
    assertSameStructure(packedVars, Array.isArray(result) ? result : [result]);
    const resultCrossings = flatten(result).map((leaf) => crossing(leaf));
    const values = resultCrossings.flatMap((one) => one.tensors);
    if (values.length !== merges.length)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Number of inputs and outputs of body must match loop_vars: ${merges.length}, ${values.length}`,
      );
    for (const [i, merged] of merges.entries()) addBackEdge(merged, values[i]!);
    const exits = switches.map(([no]) => applyOne(no.isRef ? "RefExit" : "Exit", [no]));
    context.loopExits = exits;
    context.exitResult(exits);
    return { result, resultCrossings, exits };
  });
  return {
    packed: packAs(built.result, rebuildAll(built.resultCrossings, built.exits)),
    count: built.exits.length,
  };
}

/** One shape a tensor: what was asked for, or what the tensors have. */
function invariantsOf(
  crossings: readonly Crossing[],
  given: readonly ShapeInvariant[] | undefined,
): readonly Shape[] {
  if (given === undefined) return crossings.flatMap(({ tensors }) => tensors.map((tensor) => tensor.shape));
  if (given.length !== crossings.length)
    throw new TypeError(`shapeInvariants has ${given.length} shapes for ${crossings.length} loop variables`);
  return crossings.flatMap(({ tensors }, i) => {
    const shape = Shape.of(given[i]);
    // Rows: the invariant is of the dense tensor, of which any number of rows may be there.
    if (tensors.length === 1) return [shape];
    const rest = shape.dims === null ? null : [null, ...shape.dims.slice(1)];
    return [new Shape(rest), new Shape([null]), new Shape([shape.rank])].slice(0, tensors.length);
  });
}

function enterAll(
  graph: Graph,
  context: WhileContext,
  tensors: readonly Tensor[],
  shapes: readonly Shape[],
): readonly Tensor[] {
  for (const tensor of tensors) context.addName(tensor.name);
  const outer = context.outerContext;
  const real = outer ? tensors.map((tensor) => outer.addValue(tensor)) : tensors;
  const enters = graph.controlDependencies(null, () =>
    real.map((tensor) => context.enterTensor(tensor, { isConstant: false, useInputShape: false })),
  );
  for (const enter of enters) outer?.addInnerOp(enter.op);
  const pivot = pivotAround(context);
  if (pivot)
    for (const enter of enters)
      if (isLoopConstantEnter(enter.op.inputs[0]!.op)) enter.op.addControlInput(pivot.op);
  setInvariants(real, enters, shapes);
  context.fixEnters(enters);
  context.values.clear();
  for (const enter of enters) context.addName(enter.name);
  context.loopEnters = [...enters];
  return enters;
}

/** The nearest control pivot of the contexts around. */
function pivotAround(context: WhileContext): Tensor | undefined {
  for (let at = context.outerContext; at !== undefined; at = at.outerContext)
    if (at.controlPivot) return at.controlPivot;
  return undefined;
}
