// A function's body built where a call of it would stand, as TensorFlow 1 builds control flow: calls in it likewise, If and Case as conds,
// While as a while loop. So the gradient of a loop finds what an iteration computed on stacks, and computes no body again in an order of
// its own. Source: core/common_runtime/function.cc, lower_if_op.cc, lower_while_op.cc, which do that where a graph is run.
import type { AttrInput, Graph, Operation, Tensor } from "@org/graph";
import { constant } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { cond } from "../control/cond.ts";
import { whileLoop } from "../control/while-loop.ts";
import { equal } from "../math/comparison.ts";
import { callNode, type FunctionRef, functionAttr, functionBody, functionRef } from "./call.ts";
import { truth } from "./expansion-graph.ts";
import { forwardInput } from "./forward.ts";

/** Where a body is built. */
export interface InlinePlace {
  readonly graph: Graph;
  /** What its nodes compute again: see forwardAttrs. */
  readonly forward: readonly string[];
  /** Functions around. */
  readonly within?: readonly string[];
}

const controlFlow = /^(Ref)?(Switch|Merge|Enter|Exit|NextIteration)$/;
/** Functions in functions beyond which calls stay calls. */
const deepest = 16;

/** Whether a function is built as a call: it is one of those around, or has loops of its own that no context here knows. */
function staysCall(ref: FunctionRef, graph: Graph, within: readonly string[]): boolean {
  if (within.length >= deepest || within.includes(ref.name)) return true;
  return graph.library.get(ref.name)?.nodeDef?.some(({ op }) => controlFlow.test(op ?? "")) ?? true;
}

/** What function `ref` returns for `inputs`. Throws as `functionBody`. */
export function inlineFunction(
  ref: FunctionRef,
  inputs: readonly Tensor[],
  place: InlinePlace,
): readonly Tensor[] {
  const { graph, forward, within = [] } = place;
  if (staysCall(ref, graph, within))
    return callNode(graph, ref, inputs, { name: forward.at(-1) ?? ref.name, attrs: forwardInput(...forward) })
      .outputs;
  const handles = inputs.map(({ op, valueIndex }) => op.handles[valueIndex]);
  const body = functionBody(ref, { graph, ops: graph.ops, name: "", handles });
  const inside = { ...place, within: [...within, ref.name] };
  const tensors = new Map<Tensor, Tensor>(body.inputs.map((argument, i) => [argument, inputs[i]!]));
  const done = new Map<Operation, readonly Operation[]>(
    body.inputs.map((argument, i) => [argument.op, [inputs[i]!.op]]),
  );
  for (const op of body.operations) {
    const own = op.inputs.map((input) => tensors.get(input)!);
    const controlInputs = op.controlInputs.flatMap((control) => done.get(control) ?? []);
    const outputs = graph.controlDependencies(controlInputs, () => buildNode(op, own, inside));
    for (const [i, output] of op.outputs.entries()) tensors.set(output, outputs.tensors[i]!);
    done.set(op, outputs.ops);
  }
  return body.outputs.map((output) => tensors.get(output)!);
}

interface Built {
  readonly tensors: readonly Tensor[];
  /** What is done when the node is. */
  readonly ops: readonly Operation[];
}

const built = (tensors: readonly Tensor[]): Built => ({ tensors, ops: tensors.map(({ op }) => op) });

function buildNode(op: Operation, inputs: readonly Tensor[], place: InlinePlace): Built {
  const { graph } = place;
  const unfolded = graph.nameScope(op.name, () => unfold(op, inputs, place));
  if (unfolded !== undefined) return built(unfolded);
  const told = new Set(
    (op.opDef?.inputArg ?? []).flatMap((arg) => [arg.typeAttr, arg.numberAttr, arg.typeListAttr]),
  );
  const attrs: Record<string, AttrInput> = {};
  for (const [key, raw] of op.attrMap) if (key !== "_class" && !told.has(key)) attrs[key] = { raw };
  if (op.opDef?.isStateful || graph.library.get(op.type) !== undefined)
    Object.assign(attrs, forwardInput(...place.forward, op.name));
  const made = graph.createOp(op.type, grouped(op, inputs), { name: op.name, attrs, device: op.device });
  return { tensors: made.outputs, ops: [made] };
}

/** What stands for a node that calls functions; undefined for any other, and for one that gives handles. */
function unfold(op: Operation, inputs: readonly Tensor[], place: InlinePlace): readonly Tensor[] | undefined {
  const { graph } = place;
  if (op.outputs.length === 0 || op.outputs.some(({ dtype }) => dtype === "resource" || dtype === "variant"))
    return undefined;
  const inside = (...names: readonly string[]): InlinePlace => ({
    ...place,
    forward: [...place.forward, op.name, ...names],
  });
  switch (op.type) {
    case "PartitionedCall":
    case "StatefulPartitionedCall":
      return inlineFunction(functionAttr(op, "f"), inputs, inside());
    case "If":
    case "StatelessIf": {
      const [yes, no] = [functionAttr(op, "then_branch"), functionAttr(op, "else_branch")];
      const [pred, ...rest] = inputs as readonly [Tensor, ...Tensor[]];
      return cond(
        predicate(graph, pred),
        () => inlineFunction(yes, rest, inside("then")),
        () => inlineFunction(no, rest, inside("else")),
        { strict: true },
      ) as readonly Tensor[];
    }
    case "Case":
    case "StatelessCase": {
      const refs = (op.attrs.raw("branches")?.list?.func ?? []).map((func) => functionRef(func, op));
      return refs.length === 0 ? undefined : branches(refs, inputs, (at) => inside(`branch${at}`));
    }
    case "While":
    case "StatelessWhile":
      return inlineLoop(op, inputs, inside());
    default:
      if (graph.ops.get(op.type) !== undefined || graph.library.get(op.type) === undefined) return undefined;
      return inlineFunction({ name: op.type, attrs: Object.fromEntries(op.attrMap) }, inputs, inside());
  }
}

/** What a Switch takes: a bool of unknown shape is taken for one alone, since TensorFlow 1.15 has no ToBool that would tell. */
function predicate(graph: Graph, value: Tensor): Tensor {
  const isOpen = value.dtype === "bool" && value.shape.rank === null;
  return isOpen ? reshape(value, constant([], "int32")) : truth(graph, value);
}

/** The branch that an index names; the last one where none has it. */
function branches(
  refs: readonly FunctionRef[],
  [index, ...inputs]: readonly Tensor[],
  place: (at: number) => InlinePlace,
): readonly Tensor[] {
  const from = (at: number): readonly Tensor[] => {
    const own = (): readonly Tensor[] => inlineFunction(refs[at]!, inputs, place(at));
    if (at === refs.length - 1) return own();
    return cond(equal(index!, constant(at, "int32")), own, () => from(at + 1), {
      strict: true,
    }) as readonly Tensor[];
  };
  return from(0);
}

/**
 * The loop of a While, whose handles of resources do not go round: they are what they were. Gives all its outputs.
 */
export function inlineLoop(op: Operation, inputs: readonly Tensor[], place: InlinePlace): readonly Tensor[] {
  const { graph } = place;
  const [condition, body] = [functionAttr(op, "cond"), functionAttr(op, "body")];
  const goesRound = inputs.map(({ dtype }) => dtype !== "resource");
  const own = inputs.filter((_, i) => goesRound[i]);
  if (own.length === 0) return inputs;
  const all = (vars: readonly Tensor[]): Tensor[] => {
    let next = 0;
    return inputs.map((input, i) => (goesRound[i] ? vars[next++]! : input));
  };
  const run = (ref: FunctionRef, name: "cond" | "body", vars: readonly Tensor[]): readonly Tensor[] =>
    graph.nameScope(name, () =>
      inlineFunction(ref, all(vars), { ...place, forward: [...place.forward, name] }),
    );
  const results = whileLoop(
    (...vars: Tensor[]) => predicate(graph, run(condition, "cond", vars)[0]!),
    (...vars: Tensor[]) => run(body, "body", vars).filter((_, i) => goesRound[i]),
    own,
    { shapeInvariants: own.map(() => null), returnSameStructure: true },
  ) as readonly Tensor[];
  return all(results);
}

/** Inputs of a node like `op`, one entry for each of its args. */
function grouped(op: Operation, inputs: readonly Tensor[]): (Tensor | readonly Tensor[])[] {
  let next = 0;
  return (op.opDef?.inputArg ?? []).map(({ numberAttr, typeListAttr }) => {
    if (!numberAttr && !typeListAttr) return inputs[next++]!;
    const length = numberAttr ? op.attrs.int(numberAttr) : op.attrs.types(typeListAttr!).length;
    next += length;
    return inputs.slice(next - length, next);
  });
}
