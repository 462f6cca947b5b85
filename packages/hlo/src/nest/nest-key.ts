// The structure of a LoopNest as a string: what code may depend on.
import { attributesOf } from "../instruction.ts";
import type { LoopNest, Movement, NestOp } from "./loop-nest.ts";

const letters: Readonly<Record<Movement, string>> = { broadcast: "0", unit: "1", strided: "s" };
const moves = (movement: readonly Movement[]): string => movement.map((m) => letters[m]).join("");

/** An op of a nest: the same for ops that compute the same. */
export function opKey(op: NestOp): string {
  switch (op.kind) {
    case "load":
      return `l${op.load}`;
    case "literal":
      return `c${op.literal}:${op.dtype}`;
    case "index":
      return `i${op.index}:${op.dtype}`;
    case "compute":
      return `${op.opcode}${op.direction ?? ""}:${op.dtype}(${op.args})`;
    case "reduction":
      return `reduce-${op.reducer}:${op.dtype}(${op.arg})`;
    case "product":
      return `product:${op.dtype}`;
  }
}

/** Everything of a nest but extents, strides, offsets and the values of literals. */
export function nestKey(nest: Omit<LoopNest, "key">): string {
  const { kind, extents, outerRank, loads, indices, ops, inner, stores, dot, convolution } = nest;
  const perRow = (strides: readonly number[]): boolean => kind === "rows" && strides.at(-1) === 0;
  const parts = [
    `${kind} ${outerRank}+${extents.length - outerRank}`,
    loads.map((load) => `${load.parameter}:${load.dtype}:${moves(load.movement)}`).join(" "),
    indices.map((index) => moves(index.movement)).join(" "),
    `${ops.map(opKey).join(" ")} @${inner}`,
    stores.map(({ value, dtype, strides }) => `${value}:${dtype}${perRow(strides) ? "r" : ""}`).join(" "),
  ];
  if (dot)
    for (const matrix of [dot.lhs, dot.rhs])
      parts.push(`${matrix.parameter}:${matrix.dtype}:${moves(matrix.movement)}`);
  if (convolution) {
    const { instruction, lhs, rhs } = convolution;
    const { featureGroupCount } = attributesOf(instruction, "convolution");
    parts.push(
      `${lhs},${rhs}:${instruction.dtype}${instruction.dims.length}`,
      `groups ${featureGroupCount > 1}`,
    );
  }
  return parts.join("; ");
}
