// The gradient of a conditional over functions: the conditional of the branches' gradients. Each is a function of its own, which
// computes its branch again, drawing the same random numbers: no intermediate values are carried from one to the other, as
// python/ops/cond_v2.py does.
import type { AttrInput, Graph, Operation, Tensor } from "@org/graph";
import type { IAttrValue, IFunctionDef, OpDef } from "@org/proto";
import { dtypes } from "@org/tensor";
import { zerosLike } from "../array/fill.ts";
import { dense } from "../gradient.ts";
import type { Gradient } from "../op-entry.ts";
import type { FunctionRef } from "./call.ts";
import { forwardAttrs, forwardInput } from "./forward.ts";
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
          ...forwardAttrs(),
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

/** The functions that an op chooses from, and how its gradient names others in their place. */
export interface Branches {
  readonly of: (op: Operation) => readonly FunctionRef[];
  readonly attrs: (names: readonly string[]) => Readonly<Record<string, AttrInput>>;
}

/** The gradient of an op whose first input chooses between functions of the others. */
export function conditionalGradient(branches: Branches): Gradient {
  return (op, grads) => {
    const { graph } = op;
    const [choice, ...inputs] = op.inputs as readonly [Tensor, ...Tensor[]];
    const given = grads.map((grad, i) => (grad === undefined ? zerosLike(op.outputs[i]!) : dense(grad)));
    const all = [...inputs, ...given];
    const out = inputs.map(gradientDType);
    const names = branches.of(op).map((ref) => {
      const name = freeName(graph, `__grad_${ref.name}`);
      const types = out.map((dtype) => dtypes[dtype].number);
      graph.addFunction(gradientDef(ref, name, typesOf(all), types));
      return name;
    });
    const made = graph.createOp(op.type, [choice, all], {
      attrs: { ...branches.attrs(names), ...forwardInput(op.name), Tout: out },
    });
    return [undefined, ...made.outputs];
  };
}
