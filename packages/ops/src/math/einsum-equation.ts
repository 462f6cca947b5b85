// What an equation of tf.einsum says: "ij,jk->ik" as labels of axes. Source: _einsum_parse_and_resolve_equation in
// python/ops/special_math_ops.py of TensorFlow 1.15.
import type { Shape } from "@org/tensor";
import { invalid } from "../shape-rules.ts";

/** Labels of the inputs' axes and of the output's, a letter each. */
export interface EinsumLabels {
  readonly inputs: readonly string[];
  readonly output: string;
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Letters in the order of their codes: capitals first, as Python sorts them. */
export const sorted = (labels: Iterable<string>): string[] => [...labels].sort();

/** The labels of one input with letters in the ellipsis's place. */
function withoutEllipsis(
  labels: string,
  { rank }: Shape,
  unused: string,
): { labels: string; ellipsis: string } {
  const parts = labels.split("...");
  if (parts.length !== 2) invalid("Unable to resolve ellipsis. Excess number found.");
  if (rank === null) invalid("Unable to statically infer ellipsis axes.");
  const count = rank - parts.join("").length;
  if (count < 0) invalid("Ellipses lengths do not match.");
  if (unused.length < count) invalid("Unable to resolve ellipsis, too many distinct labels.");
  const ellipsis = count > 0 ? unused.slice(-count) : "";
  return { labels: parts.join(ellipsis), ellipsis };
}

/** The output's labels where an equation has no arrow: those of an ellipsis, then, in order, those that stand once. */
function inferred(inputs: readonly string[], ellipsis: string): string {
  const counts = new Map<string, number>();
  for (const label of inputs.join("")) counts.set(label, (counts.get(label) ?? 0) + 1);
  const once = [...counts.keys()].filter((label) => counts.get(label) === 1 && !ellipsis.includes(label));
  return ellipsis + sorted(once).join("");
}

/** Throws TfError INVALID_ARGUMENT where the equation is none, or not one of `shapes`. */
export function parseEinsum(equation: string, shapes: readonly Shape[]): EinsumLabels {
  const text = equation.replaceAll(" ", "");
  const match = /^([a-zA-Z,.]+)(->[a-zA-Z.]*)?$/.exec(text);
  if (!match) invalid(`Indices have incorrect format: ${text}`);
  let inputs = match[1]!.split(",");
  let output = match[2]?.slice(2);
  if (shapes.length !== inputs.length)
    invalid(`Got ${inputs.length} arguments for equation "${text}", expecting ${shapes.length}`);
  let ellipsis = "";
  if (text.includes("...")) {
    const unused = [...letters].filter((letter) => !match[1]!.includes(letter)).join("");
    inputs = inputs.map((labels, i) => {
      if (!labels.includes("...")) return labels;
      const found = withoutEllipsis(labels, shapes[i]!, unused);
      if (found.ellipsis.length > ellipsis.length) ellipsis = found.ellipsis;
      return found.labels;
    });
    output = output?.replaceAll("...", ellipsis);
  }
  if (inputs.some((labels) => labels.includes(".")) || output?.includes("."))
    invalid('period "." found outside of ellipsis');
  return { inputs, output: output ?? inferred(inputs, ellipsis) };
}
