// A variable's value "after its initializer has run", and the rewriting that makes an initial value use it: a variable may
// start from another one, whatever the order in which a session initialises them.
// Built from raw Switch and Merge nodes, as tf.cond builds them, since `cond` lies in a package above.
// Source: python/ops/variables.py (initialized_value, _try_guard_against_uninitialized_dependencies); control_flow_ops.py (cond).
import { GraphKeys } from "@org/collections";
import { CondContext, type Operation, type Tensor } from "@org/graph";
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

      const whenTrue = new CondContext(pred, pivotTrue, 1, graph.uniqueName("cond_text"));
      const read = whenTrue.enter(() => whenTrue.outputTensor(readValue(variable)));
      const whenFalse = new CondContext(pred, pivotFalse, 0, graph.uniqueName("cond_text"));
      const initial = whenFalse.enter(() => whenFalse.outputTensor(initialValue));

      const merge = graph.createOp("Merge", [[initial, read]]);
      graph.addToCollection(GraphKeys.COND_CONTEXT, whenTrue);
      graph.addToCollection(GraphKeys.COND_CONTEXT, whenFalse);
      return merge.outputs[0]!;
    });
  });
}

/** A read of the variable as `readValue()` of either kind makes it. */
function readValue(variable: Variable | ResourceVariable): Tensor {
  const { graph } = variable;
  if (!variable.isResource)
    return graph.createOp("Identity", [variable.asRef()], { name: "read" }).outputs[0]!;
  const read = graph.nameScope("Read", () =>
    graph.device(variable.device, () =>
      graph.createOp("ReadVariableOp", [variable.handle], { attrs: { dtype: variable.dtype } }),
    ),
  );
  return graph.createOp("Identity", [read.outputs[0]!]).outputs[0]!;
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
