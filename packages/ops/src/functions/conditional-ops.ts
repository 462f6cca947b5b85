// If and Case, whose branches are functions: a call of each branch, behind Switches on the predicate, and Merges of what they return.
// Source: core/common_runtime/lower_if_op.cc, lower_case_op.cc, core/kernels/functional_ops.cc.
import { TfError } from "@org/errors";
import type { Graph, Operation, OpRegistry, Tensor } from "@org/graph";
import { defineOps, type OpSpec } from "../define.ts";
import type { Expansion, OpEntry } from "../op-entry.ts";
import { callNode, type FunctionRef, functionAttr, functionRef } from "./call.ts";
import { type Branches, conditionalGradient } from "./conditional-gradient.ts";
import { inExpansion, made, truth } from "./expansion-graph.ts";
import { statedOutputs } from "./stated-outputs.ts";

/** What a conditional gives: its outputs, and an operation that is done when the branch that was taken is. */
interface Taken {
  readonly outputs: readonly Tensor[];
  readonly done: Operation;
}

/** A branch that is built from its inputs and what its nodes without inputs hang on. */
type Branch = (inputs: readonly Tensor[], pivot: Operation | undefined) => Taken;

function call(graph: Graph, ref: FunctionRef, name: string): Branch {
  return (inputs, pivot) => {
    const op = callNode(graph, ref, inputs, { name, ...(pivot ? { controlInputs: [pivot] } : {}) });
    return { outputs: op.outputs, done: op };
  };
}

/** `yes` where `pred` holds, else `no`. */
function either(graph: Graph, pred: Tensor, inputs: readonly Tensor[], yes: Branch, no: Branch): Taken {
  const pivots = graph.createOp("Switch", [pred, pred], { name: "switch_pred" }).outputs;
  const sides = inputs.map((input) => graph.createOp("Switch", [input, pred]).outputs);
  const branch = (side: 0 | 1, build: Branch): Taken & { readonly ran: Tensor } => {
    const pivot = made(graph, "Identity", [pivots[side]!], { name: side ? "pivot_t" : "pivot_f" });
    const taken = build(
      sides.map((outputs) => outputs[side]!),
      pivot.op,
    );
    return { ...taken, ran: made(graph, "Identity", [pivot], { name: "ran", controlInputs: [taken.done] }) };
  };
  const [first, second] = [branch(1, yes), branch(0, no)];
  if (first.outputs.length !== second.outputs.length)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Branches return ${first.outputs.length} and ${second.outputs.length} values`,
    );
  const merge = (a: Tensor, b: Tensor, name: string): Tensor => {
    const output = made(graph, "Merge", [[a, b]], { name });
    output.op.setHandle(0, a.op.handles[a.valueIndex]);
    return output;
  };
  return {
    outputs: first.outputs.map((output, i) => merge(output, second.outputs[i]!, "output")),
    done: merge(first.ran, second.ran, "branch_executed").op,
  };
}

const expansion = (graph: Graph, inputs: readonly Tensor[], { outputs, done }: Taken): Expansion => ({
  graph,
  inputs,
  outputs,
  effects: [done],
  done: [done],
});

const expandIf = (op: Operation, ops: OpRegistry): Expansion =>
  inExpansion(op, ops, (graph, inputs) => {
    const branch = (attr: string, name: string): Branch => call(graph, functionAttr(op, attr), name);
    const pred = truth(graph, inputs[0]!);
    const branches = [branch("then_branch", "then"), branch("else_branch", "else")] as const;
    return expansion(graph, inputs, either(graph, pred, inputs.slice(1), ...branches));
  });

const cases: Branches = {
  of: (op) => (op.attrs.raw("branches")?.list?.func ?? []).map((ref) => functionRef(ref, op)),
  attrs: (names) => ({ branches: names.map((func) => ({ func })) }),
};

/** An index that no branch has takes the last one. */
const expandCase = (op: Operation, ops: OpRegistry): Expansion =>
  inExpansion(op, ops, (graph, inputs) => {
    const refs = cases.of(op);
    if (refs.length === 0)
      throw new TfError("INVALID_ARGUMENT", "Case has no branches", { node: op.name, op: op.type });
    const from =
      (at: number): Branch =>
      (values, pivot) => {
        const branch = call(graph, refs[at]!, `branch${at}`);
        if (at === refs.length - 1) return branch(values, pivot);
        const [index, ...rest] = values as readonly [Tensor, ...Tensor[]];
        const own = made(graph, "Const", [], {
          attrs: { dtype: "int32", value: { dtype: "int32", shape: [], data: Int32Array.of(at) } },
          ...(pivot ? { controlInputs: [pivot] } : {}),
        });
        const pred = made(graph, "Equal", [index, own]);
        const later = from(at + 1);
        const last = at === refs.length - 2;
        return either(
          graph,
          pred,
          last ? rest : values,
          last ? branch : (all, on) => branch(all.slice(1), on),
          later,
        );
      };
    const all = refs.length === 1 ? inputs.slice(1) : inputs;
    return expansion(graph, inputs, from(0)(all, undefined));
  });

const conditional: OpSpec = {
  shape: statedOutputs("Tout"),
  expand: expandIf,
  gradient: conditionalGradient({
    of: (op) => [functionAttr(op, "then_branch"), functionAttr(op, "else_branch")],
    attrs: ([yes, no]) => ({ then_branch: { func: yes! }, else_branch: { func: no! } }),
  }),
};
const oneOfMany: OpSpec = {
  shape: statedOutputs("Tout"),
  expand: expandCase,
  gradient: conditionalGradient(cases),
};

/** Entries of conditionals over functions. */
export const conditionalOps: readonly OpEntry[] = defineOps({
  If: conditional,
  StatelessIf: conditional,
  Case: oneOfMany,
  StatelessCase: oneOfMany,
});
