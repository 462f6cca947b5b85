// What padded batches are filled up to, and with. Source: _padded_shape_to_tensor and its kin in python/data/ops/dataset_ops.py.
import { TfError } from "@org/errors";
import { isTensor, type Tensor } from "@org/graph";
import { ndArray, Shape } from "@org/tensor";
import { convertToTensor } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";
import { type ComponentSpec, packed, type Structure } from "./structure.ts";

/** The parts of `tree` at the leaves of an element's form, in order. Throws a TypeError where it has another form. */
function partsAt(structure: Structure, tree: unknown): readonly unknown[] {
  const parts: unknown[] = [];
  const walk = (form: unknown, part: unknown): void => {
    if (typeof form !== "object" || form === null) parts.push(part);
    else if (Array.isArray(form)) {
      if (!Array.isArray(part) || part.length !== form.length)
        throw new TypeError(`Expected a tuple of ${form.length}, got ${JSON.stringify(part)}`);
      for (const [i, inner] of form.entries()) walk(inner, part[i]);
    } else
      for (const key of Object.keys(form).sort())
        walk((form as Record<string, unknown>)[key], (part as Record<string, unknown> | undefined)?.[key]);
  };
  walk(
    packed(
      structure.form,
      structure.components.map(() => 0),
    ),
    tree,
  );
  return parts;
}

const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

function checkPadded(padded: Shape, own: Shape): void {
  const fits =
    !padded.dims ||
    !own.dims ||
    (padded.dims.length === own.dims.length &&
      padded.dims.every((dim, i) => dim === null || own.dims![i] === null || dim >= own.dims![i]!));
  if (!fits)
    invalid(
      `The padded shape ${padded.toTuple()} is not compatible with the corresponding input component shape ${own.toTuple()}.`,
    );
}

function paddedShape(given: unknown, { shape }: ComponentSpec): { tensor: Tensor; shape: Shape } {
  if (isTensor(given)) {
    if (given.shape.rank !== null && given.shape.rank !== 1)
      invalid(
        `Padded shape ${given.name} must be a 1-D tensor of tf.int64 values, but its shape was ${given.shape.toTuple()}.`,
      );
    return { tensor: given, shape: ofLength(given) };
  }
  const padded = Shape.of(given as readonly (number | null)[]);
  const dims = padded.dims ?? invalid("A padded shape must be of known rank");
  checkPadded(padded, shape);
  const data = BigInt64Array.from(dims, (dim) => BigInt(dim ?? -1));
  return { tensor: convertToTensor(ndArray("int64", [dims.length], data)), shape: padded };
}

/** As many unknown dims as the vector is long. */
function ofLength({ shape }: Tensor): Shape {
  const length = shape.dims?.[0];
  return length === null || length === undefined ? Shape.unknown : Shape.ofRank(length);
}

/** Padded shapes as tensors, one a component, and what is known of them. Throws TfError INVALID_ARGUMENT where one does not fit. */
export function paddedShapes(
  structure: Structure,
  shapes: unknown,
): readonly { readonly tensor: Tensor; readonly shape: Shape }[] {
  const parts = partsAt(structure, shapes);
  return structure.components.map((component, i) => paddedShape(parts[i], component));
}

/** Padding values as tensors, one a component. Throws TfError INVALID_ARGUMENT for one that is no scalar, a TypeError for one of another type. */
export function paddingValues(structure: Structure, values: unknown): readonly Tensor[] {
  const parts = values === undefined ? undefined : partsAt(structure, values);
  return structure.components.map(({ dtype }, i) => {
    const value = (parts ? parts[i] : ndArray(dtype, [])) as TensorLike;
    const bare = typeof value === "number" || typeof value === "string";
    const tensor = convertToTensor(dtype === "string" && !parts ? "" : value, {
      name: "padding_value",
      ...(bare ? { dtype } : {}),
    });
    if (!tensor.shape.isCompatibleWith(Shape.scalar))
      invalid(`Padding value should be a scalar, but is not: ${tensor.name}`);
    if (tensor.dtype !== dtype)
      throw new TypeError(`Padding value tensor (${tensor.name}) does not match output type: ${dtype}`);
    return tensor;
  });
}
