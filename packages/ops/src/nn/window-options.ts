// What builders of convolutions and pools are given: windows, strides and paddings as Python's tf.nn takes them.
// Source: python/ops/nn_ops.py (_get_sequence, _convert_padding).
import { invalid } from "../shape-rules.ts";

/** Elements in each direction: one number for all, one a spatial dimension, or one a dimension. */
export type Steps = number | readonly number[];

/** "SAME", "VALID", or [before, after] for each dimension, batch and channels included. */
export type Padding = "SAME" | "VALID" | readonly (readonly [number, number])[];

export type DataFormat2d = "NHWC" | "NCHW";
export type DataFormat3d = "NDHWC" | "NCDHW";

/** One number a dimension. Throws TfError INVALID_ARGUMENT "strides should be of length 1, 2 or 4 but was 3". */
export function stepsOf(
  value: Steps | undefined,
  spatial: number,
  dataFormat: string | undefined,
  name: string,
): readonly number[] {
  const given = value === undefined ? [1] : typeof value === "number" ? [value] : value;
  if (given.length === spatial + 2) return given;
  if (given.length !== 1 && given.length !== spatial) {
    invalid(`${name} should be of length 1, ${spatial} or ${spatial + 2} but was ${given.length}`);
  }
  const own = given.length === 1 ? Array.from({ length: spatial }, () => given[0]!) : given;
  return dataFormat?.startsWith("NC") ? [1, 1, ...own] : [1, ...own, 1];
}

/** The attributes of a padding. Throws TfError INVALID_ARGUMENT where a list has not a pair for each of 4 dimensions. */
export function paddingAttrs(padding: Padding): { padding: string; explicit_paddings: readonly number[] } {
  if (typeof padding === "string") {
    if ((padding as string) === "EXPLICIT") {
      invalid(
        '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, the padding parameter must be a list.',
      );
    }
    return { padding, explicit_paddings: [] };
  }
  for (const [i, pair] of padding.entries()) {
    if (!Array.isArray(pair)) {
      invalid(
        `When padding is a list, each element of padding must be a list/tuple of size 2. Element with index ${i} of padding is not a list/tuple`,
      );
    }
    if (pair.length !== 2) {
      invalid(
        `When padding is a list, each element of padding must be a list/tuple of size 2. Element with index ${i} of padding has size ${pair.length}`,
      );
    }
  }
  if (padding.length !== 4) {
    invalid(`When padding is a list, it must be of size 4. Got padding of size: ${padding.length}`);
  }
  return { padding: "EXPLICIT", explicit_paddings: padding.flat() };
}
