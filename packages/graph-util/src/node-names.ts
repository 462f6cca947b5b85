// Names of nodes in the input strings of a GraphDef: "n" and "n:0" are the first output of n, "n:1" its second, "^n" a control edge.
// Source: python/tools/optimize_for_inference_lib.py (node_name_from_input), framework/graph_util_impl.py (_node_name).

/** The node that an input string names: "n" of "n", "n:1" and "^n". As node_name_from_input. */
export function nodeNameFromInput(input: string): string {
  const name = input.startsWith("^") ? input.slice(1) : input;
  const colon = name.lastIndexOf(":");
  return colon > 0 && /^\d+$/.test(name.slice(colon + 1)) ? name.slice(0, colon) : name;
}

/** Which output an input string reads; -1 of a control edge. */
export function outputIndexOf(input: string): number {
  if (input.startsWith("^")) return -1;
  return Number(/:(\d+)$/.exec(input)?.[1] ?? 0);
}

/** Whether an input string is a control edge. */
export const isControlInput = (input: string): boolean => input.startsWith("^");
