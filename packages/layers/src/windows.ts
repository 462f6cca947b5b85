// Arguments of layers that move windows: one number for all dimensions, padding in small letters.
// Source: python/keras/utils/conv_utils.py of TensorFlow 1.15.

/** How windows meet the borders, in small or capital letters. */
export type PaddingName = "same" | "valid" | "SAME" | "VALID";

/** One number a dimension. Throws a TypeError where there are not as many. */
export function extents(value: number | readonly number[], count: number, name: string): readonly number[] {
  const all = typeof value === "number" ? new Array<number>(count).fill(value) : value;
  if (!Array.isArray(all) || all.length !== count || !all.every(Number.isInteger))
    throw new TypeError(`The \`${name}\` argument must be a tuple of ${count} integers. Received: ${value}`);
  return all;
}

/** The padding as ops spell it. Throws a TypeError for others. */
export function paddingOf(name: PaddingName = "valid"): "SAME" | "VALID" {
  const upper = `${name}`.toUpperCase();
  if (upper !== "SAME" && upper !== "VALID")
    throw new TypeError(
      `The \`padding\` argument must be a list/tuple or one of "valid", "same" (or "causal", only for \`Conv1D). Received: ${name}`,
    );
  return upper;
}
