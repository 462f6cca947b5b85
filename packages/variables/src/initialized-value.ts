// A variable's value "after its initializer has run", and the rewriting that makes an initial value use it: a variable may
// start from another one, whatever the order in which a session initialises them.
// Built from raw Switch and Merge nodes, as tf.cond builds them, since `cond` lies in a package above.
// Source: python/ops/variables.py (initialized_value, _try_guard_against_uninitialized_dependencies); control_flow_ops.py (cond).
import { GraphKeys } from "@org/collections";
import { CondContext, type Graph, type Operation, type Tensor } from "@org/graph";
import type { ResourceVariable } from "./resource-variable.ts";
import type { Variable } from "./variable.ts";
import { isVariable } from "./variable-options.ts";

/** A cond: the variable's value where it is initialised, else its initial value. Throws a TypeError where that is not known. */
export function initializedValue(variable: Variable | ResourceVariable): Tensor {
  const { graph, initialValue } = variable;
  if (!initialValue)
    throw new TypeError(`Variable ${variable.name} has no initial value: its VariableDef names none`);
  return graph.controlDependencies(null, () => {
    const isInitialized = variable.isInitialized();
    return graph.nameScope("cond", () => {
      const identity = (tensor: Tensor, name: string) =>
        graph.createOp("Identity", [tensor], { name }).outputs[0]!;
      const pivots = graph.createOp("Switch", [isInitialized, isInitialized]);
      const pivotTrue = identity(pivots.outputs[1]!, "switch_t");
      const pivotFalse = identity(pivots.outputs[0]!, "switch_f");
      const pred = identity(isInitialized, "pred_id");

      const whenTrue = branchContext(graph, pred, pivotTrue, 1);
      const read = variable.isResource
        ? readInBranch(graph, whenTrue, variable.handle, "ReadVariableOp", variable)
        : readInBranch(graph, whenTrue, variable.asRef(), "Identity", variable);

      const whenFalse = branchContext(graph, pred, pivotFalse, 0);
      whenFalse.values.add(initialValue.name);
      const initial = switchTo(graph, whenFalse, initialValue);
      whenFalse.addOp(initial.op);

      const merge = graph.createOp("Merge", [[initial, read]]);
      graph.addToCollection(GraphKeys.COND_CONTEXT, whenTrue);
      graph.addToCollection(GraphKeys.COND_CONTEXT, whenFalse);
      return merge.outputs[0]!;
    });
  });
}

function branchContext(graph: Graph, pred: Tensor, pivot: Tensor, branch: 0 | 1): CondContext {
  const context = new CondContext(pred, pivot, branch, graph.uniqueName("cond_text"));
  context.values.add(pred.name);
  context.externalValues.set(pred.name, pred);
  context.values.add(pivot.name);
  pivot.op.controlFlowContext = context;
  return context;
}

/** The branch's side of a Switch of `tensor`; it stands for `tensor` in the branch. */
function switchTo(graph: Graph, context: CondContext, tensor: Tensor): Tensor {
  const made = graph.colocateWith(
    tensor.op,
    () => graph.createOp(tensor.isRef ? "RefSwitch" : "Switch", [tensor, context.pred], { name: "Switch" }),
    { ignoreExisting: true },
  ).outputs[context.branch]!;
  context.externalValues.set(tensor.name, made);
  return made;
}

/** The read of a variable within a branch: the op first, then the Switch that lets its input in, as cond does. */
function readInBranch(
  graph: Graph,
  context: CondContext,
  input: Tensor,
  type: "Identity" | "ReadVariableOp",
  variable: Variable | ResourceVariable,
): Tensor {
  const within = (name: string, attrs: Record<string, string>): Tensor =>
    graph.nameScope(name, (scope) => {
      const op = graph.createOp(type, [input], { name: scope, attrs });
      context.values.add(input.name);
      const inside = graph.controlDependencies(null, () => switchTo(graph, context, input));
      context.values.add(inside.name);
      op.updateInput(0, inside);
      context.addOp(op);
      return op.outputs[0]!;
    });
  if (type === "Identity") return within("read", {});
  const read = graph.nameScope("Read", () =>
    graph.device(variable.device, () => within("ReadVariableOp", { dtype: variable.dtype })),
  );
  const copy = graph.createOp("Identity", [read]);
  context.addOp(copy);
  return copy.outputs[0]!;
}

const stops = new Set(["IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If"]);
const variableOps = new Set(["Variable", "VariableV2", "VarHandleOp"]);

/**
 * `initial` with each variable that it depends on replaced by that variable's initialised value, as far as the variable is
 * in a collection of its graph and the graph of `initial` has no cycle. Returns `initial` itself where nothing is to be done.
 * Rebuilt ops are named after the old ones and `scope`, the name scope of the variable to initialise ("u/").
 */
export function guardAgainstUninitialized(scope: string, initial: Tensor): Tensor {
  if (!dependsOnVariable(initial.op)) return initial;
  return safeTensor(scope, initial, new Map());
}

/** Whether a variable op is upstream of `root`, and no cycle. */
function dependsOnVariable(root: Operation): boolean {
  const state = new Map<Operation, "open" | "done">();
  const stack: { op: Operation; leave: boolean }[] = [{ op: root, leave: false }];
  let found = false;
  while (stack.length > 0) {
    const { op, leave } = stack.pop()!;
    if (leave) {
      state.set(op, "done");
      continue;
    }
    if (state.get(op) === "done") continue;
    if (state.get(op) === "open") return false;
    state.set(op, "open");
    if (variableOps.has(op.type)) found = true;
    stack.push({ op, leave: true });
    for (const next of [...op.inputs.map((input) => input.op), ...op.controlInputs]) {
      if (state.get(next) === "open") return false;
      if (state.get(next) !== "done") stack.push({ op: next, leave: false });
    }
  }
  return found;
}

function safeTensor(scope: string, tensor: Tensor, made: Map<Operation, Operation>): Tensor {
  let op = made.get(tensor.op);
  if (!op) {
    op = safeOp(scope, tensor.op, made);
    made.set(tensor.op, op);
  }
  return op.outputs[tensor.valueIndex]!;
}

function safeOp(scope: string, op: Operation, made: Map<Operation, Operation>): Operation {
  if (stops.has(op.type)) return op;
  if (variableOps.has(op.type)) return initializedValueOf(op)?.op ?? op;
  const inputs = op.inputs.map((input) => safeTensor(scope, input, made));
  if (inputs.every((input, i) => input === op.inputs[i])) return op;
  const attrs = Object.fromEntries(op.attrs.names().map((key) => [key, { raw: op.attrs.raw(key)! }]));
  return op.graph.createOp(op.type === "RefSwitch" ? "Switch" : op.type, byArg(op, inputs), {
    name: `${op.name}_${scope}`.replaceAll(":", "_"),
    attrs,
  });
}

/** Flat inputs as the op's arguments take them: a list for an argument of several tensors. */
function byArg(op: Operation, inputs: readonly Tensor[]): (Tensor | Tensor[])[] {
  let at = 0;
  return (op.opDef?.inputArg ?? []).map((arg) => {
    const count = arg.numberAttr
      ? op.attrs.int(arg.numberAttr)
      : arg.typeListAttr
        ? op.attrs.types(arg.typeListAttr).length
        : undefined;
    const own = inputs.slice(at, at + (count ?? 1));
    at += own.length;
    return count === undefined ? own[0]! : own;
  });
}

function initializedValueOf(op: Operation): Tensor | undefined {
  for (const key of [GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES])
    for (const item of op.graph.getCollection(key))
      if (isVariable(item) && item.op === op && item.initialValue) return item.initializedValue();
  return undefined;
}
