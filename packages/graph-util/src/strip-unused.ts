// Cuts a graph down to what lies between inputs and outputs. Source: python/tools/strip_unused_lib.py (strip_unused).
import { TfError } from "@org/errors";
import type { IAttrValue, IGraphDef, INodeDef } from "@org/proto";
import { type DType, dtypes } from "@org/tensor";
import { extractSubGraph } from "./extract-sub-graph.ts";
import { type NodeGraph, nameList, nodesOf, withNodes } from "./graph-nodes.ts";
import { nodeNameFromInput, outputIndexOf } from "./node-names.ts";

/** What placeholders hold: one type for all, or one an input. A DType, or a DataType number as TensorFlow has it. */
export type PlaceholderTypes = DType | number | readonly (DType | number)[];

/**
 * What `outputNodeNames` need once the nodes of `inputNodeNames` are placeholders of `placeholderType`, which keep name, `_output_shapes` and
 * `shape`. As strip_unused.
 *
 * Throws TfError INVALID_ARGUMENT for an input "n:0" ("Name 'n:0' appears to refer to a Tensor, not a Operation."), an input whose further outputs
 * are read, and as many types as there are not inputs; NOT_FOUND "The following input nodes were not found: ..."; and as `extractSubGraph`.
 */
export function stripUnused(
  graphDef: IGraphDef,
  inputNodeNames: Iterable<string>,
  outputNodeNames: Iterable<string>,
  placeholderType: PlaceholderTypes,
): NodeGraph {
  const nodes = nodesOf(graphDef);
  const inputs = nameList(inputNodeNames, "input_node_names");
  for (const name of inputs)
    if (name.includes(":"))
      throw new TfError("INVALID_ARGUMENT", `Name '${name}' appears to refer to a Tensor, not a Operation.`, {
        node: name,
        hint: `Pass "${nodeNameFromInput(name)}".`,
      });
  const types = typesOf(inputs, placeholderType);
  const missing = new Set(inputs);
  const replaced = nodes.map((node) => {
    const type = types.get(node.name ?? "");
    if (type === undefined) return node;
    missing.delete(node.name!);
    return placeholder(node, type);
  });
  if (missing.size > 0)
    throw new TfError(
      "NOT_FOUND",
      `The following input nodes were not found: {${[...missing].map((name) => `'${name}'`).join(", ")}}`,
      { node: [...missing][0]! },
    );
  const stripped = extractSubGraph(withNodes(graphDef, replaced), outputNodeNames);
  refuseFurtherOutputs(stripped.node, types);
  return stripped;
}

function typesOf(inputs: readonly string[], given: PlaceholderTypes): ReadonlyMap<string, number> {
  const list = typeof given === "object" ? given : inputs.map(() => given as DType | number);
  if (list.length !== inputs.length)
    throw new TfError(
      "INVALID_ARGUMENT",
      `${list.length} placeholder types for ${inputs.length} input nodes: one for each, or one for all`,
    );
  return new Map(inputs.map((name, i) => [name, typeNumber(list[i]!)]));
}

function typeNumber(type: DType | number): number {
  if (typeof type === "number") return type;
  if (!Object.hasOwn(dtypes, type)) throw new TypeError(`${String(type)} is not a DType`);
  return dtypes[type].number;
}

function placeholder(node: INodeDef, type: number): INodeDef {
  const attr: { [key: string]: IAttrValue } = { dtype: { type } };
  const shapes = node.attr?._output_shapes;
  // Of a node with several outputs, the first: a placeholder has one.
  if (shapes?.list?.shape) attr._output_shapes = { list: { shape: shapes.list.shape.slice(0, 1) } };
  if (node.attr?.shape?.shape) attr.shape = node.attr.shape;
  return { name: node.name, op: "Placeholder", attr };
}

/** A placeholder has one output: whoever reads another of the node that it stands for would read nothing. */
function refuseFurtherOutputs(nodes: readonly INodeDef[], inputs: ReadonlyMap<string, number>): void {
  for (const node of nodes)
    for (const input of node.input ?? [])
      if (outputIndexOf(input) > 0 && inputs.has(nodeNameFromInput(input)))
        throw new TfError(
          "INVALID_ARGUMENT",
          `Node '${node.name}' reads '${input}', and a placeholder has one output`,
          {
            node: node.name ?? "",
            op: node.op ?? "",
            hint: `"${nodeNameFromInput(input)}" has several outputs: make inputs of the nodes that read them.`,
          },
        );
}
