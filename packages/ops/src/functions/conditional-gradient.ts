// The gradient of a conditional over functions: the conditional of the branches' gradients. Each is a function of its own, which
// computes its branch again: no intermediate values are carried from one to the other, as python/ops/cond_v2.py does.
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import type { IAttrValue, IFunctionDef, OpDef } from "@org/proto";
import { dtypes } from "@org/tensor";
import { dense } from "../gradient.ts";
import type { Gradient } from "../op-entry.ts";
import { type FunctionRef, functionAttr } from "./call.ts";
import { gradientDType } from "./symbolic-gradient.ts";

const typesOf = (tensors: readonly Tensor[]): number[] => tensors.map(({ dtype }) => dtypes[dtype].number);
const listOf = (type: number[]): IAttrValue => ({ list: { type } });

/** (x ..., dy ...) to (dx ...): a function with one node, the symbolic gradient of `ref`. */
function gradientDef(
  ref: FunctionRef,
  name: string,
  inputs: readonly number[],
  outputs: readonly number[],
): IFunctionDef {
  const arg = (prefix: string, type: number, i: number): OpDef.IArgDef => ({ name: `${prefix}_${i}`, type });
  const ret = outputs.map((_, i) => [`grad_${i}`, `SymbolicGradient:output:${i}`] as const);
  return {
    signature: {
      name,
      inputArg: inputs.map((type, i) => arg("input", type, i)),
      outputArg: outputs.map((type, i) => arg("grad", type, i)),
    },
    nodeDef: [
      {
        name: "SymbolicGradient",
        op: "SymbolicGradient",
        input: inputs.map((_, i) => `input_${i}`),
        attr: {
          Tin: listOf([...inputs]),
          Tout: listOf([...outputs]),
          f: { func: { name: ref.name, attr: { ...ref.attrs } } },
        },
      },
    ],
    ret: Object.fromEntries(ret),
  };
}

/** A name that no function of the graph has. */
function freeName(graph: Graph, wanted: string): string {
  let name = wanted;
  for (let i = 1; graph.library.get(name) !== undefined; i++) name = `${wanted}_${i}`;
  return name;
}

/** The gradient of an op whose first input chooses between the functions that `branches` name. */
export function conditionalGradient(branches: readonly [string, string]): Gradient {
  return (op: Operation, grads) => {
    const { graph } = op;
    if (grads.some((grad) => grad === undefined))
      throw new TfError(
        "UNIMPLEMENTED",
        `The gradient of ${op.type} needs a gradient of each output: some are of a type that has none`,
        { node: op.name, op: op.type },
      );
    const [choice, ...inputs] = op.inputs as readonly [Tensor, ...Tensor[]];
    const all = [...inputs, ...grads.map((grad) => dense(grad!))];
    const out = inputs.map(gradientDType);
    const refs = branches.map((branch) => {
      const ref = functionAttr(op, branch);
      const name = freeName(graph, `__grad_${ref.name}`);
      graph.addFunction(
        gradientDef(
          ref,
          name,
          typesOf(all),
          out.map((dtype) => dtypes[dtype].number),
        ),
      );
      return { raw: { func: { name, attr: {} } } };
    });
    const made = graph.createOp(op.type, [choice, all], {
      attrs: { [branches[0]]: refs[0]!, [branches[1]]: refs[1]!, Tout: out },
    });
    return [undefined, ...made.outputs];
  };
}
