// Shape <-> TensorShapeProto. Source: core/framework/tensor_shape.proto, tensor_shape.cc.
import { TfError } from "@org/errors";
import type { ITensorShapeProto } from "@org/proto";
import { Shape } from "./shape.ts";

/** TensorShape::MaxDimensions(). */
const maxDimensions = 254;
const maxElements = 2n ** 63n - 1n;

/**
 * The static shape of a TensorShapeProto: -1 is a dimension that is not known; absent or `unknownRank` is an unknown rank.
 * Throws TfError INVALID_ARGUMENT for dims below -1, more than 254 dims, or more than 2**63 - 1 elements.
 */
export function shapeFromProto(proto: ITensorShapeProto | null | undefined): Shape {
  if (!proto) return Shape.unknown;
  const dims = (proto.dim ?? []).map((dim) => BigInt(dim.size ?? 0));
  if (proto.unknownRank) {
    if (dims.length > 0)
      throw new TfError("INVALID_ARGUMENT", "An unknown shape must not have any dimensions set.");
    return Shape.unknown;
  }
  const text = () => `Shape [${dims.map((dim) => (dim === -1n ? "?" : dim)).join(",")}]`;
  if (dims.length > maxDimensions) {
    throw new TfError("INVALID_ARGUMENT", `Shape of ${dims.length} dimensions has too many dimensions`);
  }
  let elements: bigint | null = 1n;
  for (const dim of dims) {
    if (dim < -1n) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `${text()} has dimensions with values below -1 (where -1 means unknown)`,
      );
    }
    if (dim === -1n) elements = null;
    else if (elements !== null) elements *= dim;
    if ((elements !== null && elements > maxElements) || dim > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new TfError("INVALID_ARGUMENT", `${text()} is too large (more than 2**63 - 1 entries)`);
    }
  }
  return new Shape(dims.map((dim) => (dim === -1n ? null : Number(dim))));
}

/** The TensorShapeProto of a shape, as Python's `TensorShape.as_proto` writes it. */
export function shapeToProto(shape: Shape | readonly number[]): ITensorShapeProto {
  const dims = shape instanceof Shape ? shape.dims : shape;
  if (dims === null) return { unknownRank: true };
  return { dim: dims.map((dim) => ({ size: dim === null ? -1n : BigInt(dim) })) };
}
