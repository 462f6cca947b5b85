// What the tests of functions make: nodes of ops over functions, and what a failed run says.
import { isTfError } from "@org/errors";
import type { Graph, Tensor } from "@org/graph";
import { cpu } from "@org/kernels-cpu";
import type { DefinedFunction } from "@org/ops";
import type { SessionOptions } from "../src/index.ts";

/** Session options by backend. */
export const backends: readonly (readonly [string, SessionOptions])[] = [
  ["evaluator", {}],
  ["cpu", { backends: [() => cpu()], fallback: false }],
];

export const graphOf = (tensor: Tensor): Graph => tensor.graph;

/** A node of an op over functions. */
export function node(
  graph: Graph,
  type: string,
  inputs: (Tensor | readonly Tensor[])[],
  functions: Readonly<Record<string, DefinedFunction>>,
  attrs: object = {},
  name: string = type,
): readonly Tensor[] {
  const funcs = Object.entries(functions).map(([key, fn]) => {
    fn.addToGraph(graph);
    return [key, { func: fn.funcName }] as const;
  });
  return graph.createOp(type, inputs, { name, attrs: { ...Object.fromEntries(funcs), ...attrs } }).outputs;
}

/** "CODE: sentence [node]" of the TfError that a run ends with. */
export async function failureOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence} [${error.place.node}]` : `${error}`;
  }
  return "it did not fail";
}
