// Functions over elements: a JavaScript function becomes one of the graph's library, with the name and form that TensorFlow's Python gives it.
// Source: StructuredFunctionWrapper in python/data/ops/dataset_ops.py, python/eager/function.py, func_graph.py.
import { currentGraph, FuncGraph, type Graph, graphToFunctionDef, type Tensor } from "@org/graph";
import type { IAttrValue, IFunctionDef } from "@org/proto";
import { shapeToProto } from "@org/tensor";
import { identity } from "../array/constant.ts";
import { convertToTensor } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";
import { leavesIn, packed, type Structure, specOf } from "./structure.ts";

/** A function of the graph's library, with what it captures, as attributes and inputs of a data set's op. */
export interface DataFunction {
  readonly attr: IAttrValue;
  readonly captures: readonly Tensor[];
  /** What it gives. */
  readonly output: Structure;
}

/** Tensors of finished functions under a graph, and two for each function: Python counts them with the graph's own for names. */
const counted = new WeakMap<Graph, number>();

const tensorsIn = (graph: Graph): number =>
  graph.getOperations().reduce((sum, { outputs }) => sum + outputs.length, 0);

function rootOf(graph: Graph): Graph {
  let root = graph;
  while (root.outerGraph) root = root.outerGraph;
  return root;
}

/** The number behind the name of the function that `body` is: ops.uid() in a process with this graph alone. */
function uid(body: FuncGraph): number {
  const own = tensorsIn(body) + 2;
  const root = rootOf(body);
  const before = counted.get(root) ?? 0;
  counted.set(root, before + own);
  let total = before + own;
  for (let outer: Graph | undefined = body.outerGraph; outer; outer = outer.outerGraph)
    total += tensorsIn(outer);
  return total;
}

const shapesOf = (tensors: readonly Tensor[]): IAttrValue => ({
  list: { shape: tensors.map(({ shape }) => shapeToProto(shape)) },
});

/** `def` with what TensorFlow's Python says of such functions: names of arguments, and all shapes. */
function described(graph: FuncGraph, def: IFunctionDef): IFunctionDef {
  const declared = graph.inputs.length - graph.captures.length;
  const named = graph.inputs
    .slice(0, declared)
    .map(({ op }, i) => [i, { attr: { _user_specified_name: { s: utf8.encode(op.name) } } }] as const);
  const inputs = new Set(graph.inputs.map(({ op }) => op));
  const body = graph.getOperations().filter((op) => !inputs.has(op));
  return {
    ...def,
    attr: { ...def.attr, _input_shapes: shapesOf(graph.inputs) },
    argAttr: { ...def.argAttr, ...Object.fromEntries(named) },
    nodeDef: (def.nodeDef ?? []).map((node, i) => ({
      ...node,
      attr: { ...node.attr, _output_shapes: shapesOf(body[i]!.outputs) },
    })),
  };
}

const utf8 = new TextEncoder();

/** What a function stands for beside its outputs: a data set's variant and structure, where it gives one. */
export interface DatasetLike {
  readonly variantTensor: Tensor;
}

const isDatasetLike = (value: unknown): value is DatasetLike =>
  typeof value === "object" && value !== null && "variantTensor" in value;

/**
 * The function over elements of `input` that `fn` builds, in the library of the current graph; `transformation` ("Dataset_map") and the name of
 * `fn` make its name. Outer tensors that it reads are captured. Yields what `fn` gave, too, with its own tensors.
 * Throws what `fn` throws, and a TypeError where it gives what is no element.
 */
export function dataFunction(
  transformation: string,
  fn: (...args: never[]) => unknown,
  input: Structure,
): DataFunction & { readonly result: unknown } {
  const outer = currentGraph();
  if (!outer) throw new TypeError("No graph: map and filter inside graph.asDefault(() => ...)");
  const name = `${transformation}_${fn.name || "<lambda>"}`;
  const graph = new FuncGraph(name, outer);
  const { result, form } = graph.asDefault(() => {
    const args = input.components.map(({ dtype, shape }, i) => {
      const arg = graph.addInput(`args_${i}`, dtype);
      arg.setShape(shape);
      return arg;
    });
    const element = packed(input.form, args);
    const result = fn(...((Array.isArray(element) ? element : [element]) as never[]));
    if (result === undefined || result === null)
      throw new TypeError(`Unsupported return value from function passed to ${transformation}: ${result}.`);
    const { form, leaves } = isDatasetLike(result)
      ? { form: undefined, leaves: [result.variantTensor] }
      : leavesIn(result);
    const tensors = leaves.map((leaf) => graph.capture(convertToTensor(leaf as TensorLike)));
    graph.outputs = tensors.map((tensor) => identity(tensor));
    return { result, form };
  });
  const funcName = `__inference_${name}_${uid(graph)}`;
  outer.addFunction(described(graph, graphToFunctionDef(graph, funcName, graph.inputs, graph.outputs)));
  outer.library.addLibrary(graph.library.toProto());
  return {
    attr: { func: { name: funcName } },
    captures: graph.captures,
    output: { form, components: graph.outputs.map(specOf) },
    result,
  };
}
