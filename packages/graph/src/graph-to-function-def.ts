// A graph as a function: its nodes under names that no argument has, tensors as "node:outarg:index".
// Source: c/c_api_function.cc (GraphToFunctionDef).
import { TfError } from "@org/errors";
import type { IFunctionDef, INodeDef, OpDef } from "@org/proto";
import type { Graph } from "./graph.ts";
import { compareUtf8 } from "./name-order.ts";
import { typesOfArg } from "./node-signature.ts";
import type { Operation } from "./operation.ts";
import { type Tensor, tensorTypeString } from "./tensor.ts";

export interface GraphFunctionOptions {
  /** Of the outputs, in order; default: what their nodes are called. */
  readonly outputNames?: readonly string[] | undefined;
}

class Names {
  readonly #used: Set<string> = new Set();

  unique(name: string): string {
    let free = name;
    for (let i = 0; this.#used.has(free); i++) free = `${name}_${i}`;
    this.#used.add(free);
    return free;
  }

  /** As arguments are called: lower case, beginning with a letter. */
  argument(name: string): string {
    return this.unique(
      name
        .toLowerCase()
        .replace(/[^a-z0-9]/g, "_")
        .replace(/^[^a-z]+/, "") || "unknown",
    );
  }

  use(name: string): void {
    if (this.#used.has(name))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot have duplicate output names. Name '${name}' appears more than once in 'output_names' array.`,
      );
    this.#used.add(name);
  }
}

/**
 * The nodes of `graph` as function `name`, from `inputs` (each the only output of its op) to `outputs`.
 * Throws TfError INVALID_ARGUMENT where an output is a reference, an output's name stands twice, or something comes from another graph.
 */
export function graphToFunctionDef(
  graph: Graph,
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  options: GraphFunctionOptions = {},
): IFunctionDef {
  for (const tensor of [...inputs, ...outputs])
    if (tensor.isRef)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Output ${tensor.valueIndex} of node '${tensor.op.name}' has a reference type ${tensorTypeString(tensor)}`,
        { node: tensor.op.name, op: tensor.op.type },
      );
  const names = new Names();
  for (const output of options.outputNames ?? []) names.use(output);
  const outputArg = outputs.map(
    (tensor, i): OpDef.IArgDef => ({
      name: options.outputNames?.[i] ?? names.argument(tensor.op.name),
      type: tensor.typeNumber,
    }),
  );
  const place = new Map<Tensor, string>();
  const nodeName = new Map<Operation, string>();
  const inputArg = inputs.map((tensor): OpDef.IArgDef => {
    const own = names.argument(tensor.op.name);
    place.set(tensor, own);
    nodeName.set(tensor.op, own);
    return { name: own, type: tensor.typeNumber };
  });
  const arguments_ = new Set(inputs.map(({ op }) => op));
  const body = graph.getOperations().filter((op) => !arguments_.has(op));
  for (const op of body) {
    const own = names.unique(op.name);
    nodeName.set(op, own);
    for (const [tensor, ref] of outputRefs(op, own)) place.set(tensor, ref);
  }
  const find = (tensor: Tensor, sentence: () => string): string => {
    const found = place.get(tensor);
    if (found === undefined) throw new TfError("INVALID_ARGUMENT", sentence(), { op: name });
    return found;
  };
  const nodeDef = body.map((op): INodeDef => {
    const controls = [...op.controlInputs].sort((a, b) => compareUtf8(a.name, b.name));
    return {
      ...op.toNodeDef(),
      name: nodeName.get(op)!,
      input: [
        ...op.inputs.map((tensor, i) =>
          find(
            tensor,
            () =>
              `Input ${i}, '${tensor.name}', of node '${op.name}' in function '${name}' is not available. You might need to include it in inputs or include its source node in the body`,
          ),
        ),
        ...controls.map((control) => `^${nodeName.get(control)}`),
      ],
    };
  });
  const stateful = body.some((op) => op.opDef?.isStateful);
  return {
    signature: { name, inputArg, outputArg, ...(stateful ? { isStateful: true } : {}) },
    argAttr: Object.fromEntries(inputs.map((_, i) => [i, {}])),
    nodeDef,
    ret: Object.fromEntries(
      outputs.map((tensor, i) => [
        outputArg[i]!.name!,
        find(
          tensor,
          () =>
            `TF_Output ${tensor.name} is neither in the function body nor among function inputs. Encountered while creating function '${name}'`,
        ),
      ]),
    ),
  };
}

/** How a function's nodes call the outputs of `op`, whose own name there is `name`. */
function* outputRefs(op: Operation, name: string): Generator<[Tensor, string]> {
  let next = 0;
  for (const arg of op.opDef?.outputArg ?? []) {
    const { length } = typesOfArg(arg, op.attrMap, op.name);
    for (let i = 0; i < length; i++) yield [op.outputs[next++]!, `${name}:${arg.name}:${i}`];
  }
}
