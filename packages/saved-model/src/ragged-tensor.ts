// Ragged tensors in signatures: a flat tensor and the row splits that divide it, named in a TensorInfo of kind composite_tensor with a
// RaggedTensorSpec. Not here: computing with them. Source: python/ops/ragged/ragged_tensor.py (RaggedTensorSpec, _to_components).
import { TfError } from "@org/errors";
import { isTensor, type Tensor } from "@org/graph";
import { type ITensorInfo, type TensorInfo, TypeSpecProto } from "@org/proto";
import { dtypeToProto, Shape, shapeToProto } from "@org/tensor";

/** Rows of `values`: row i is values[rowSplits[i] .. rowSplits[i + 1]]. */
export interface RaggedTensor {
  readonly values: Tensor | RaggedTensor;
  /** int64 or int32 [rows + 1]. */
  readonly rowSplits: Tensor;
}

/** Whether `value` is made of the parts of a ragged tensor. */
export function isRagged(value: unknown): value is RaggedTensor {
  if (typeof value !== "object" || value === null) return false;
  const { values, rowSplits } = value as Partial<RaggedTensor>;
  return isTensor(rowSplits) && (isTensor(values) || isRagged(values));
}

const nestedRowSplits = ({ values, rowSplits }: RaggedTensor): Tensor[] =>
  isTensor(values) ? [rowSplits] : [rowSplits, ...nestedRowSplits(values)];

const flatValues = ({ values }: RaggedTensor): Tensor => (isTensor(values) ? values : flatValues(values));

/** [rows, null, ...] and the dimensions of the values after their first. */
function raggedShape({ values, rowSplits }: RaggedTensor): Shape {
  const [splits] = rowSplits.shape.dims ?? [];
  const rows = splits === undefined || splits === null ? null : splits - 1;
  const { dims } = isTensor(values) ? values.shape : raggedShape(values);
  return dims === null ? Shape.unknown : new Shape([rows, null, ...dims.slice(1)]);
}

/** The TensorInfo of a ragged tensor; `infoOf` makes those of its parts. */
export function raggedTensorInfo(tensor: RaggedTensor, infoOf: (part: Tensor) => ITensorInfo): ITensorInfo {
  const splits = nestedRowSplits(tensor);
  const flat = flatValues(tensor);
  return {
    compositeTensor: {
      typeSpec: {
        typeSpecClass: TypeSpecProto.TypeSpecClass.RAGGED_TENSOR_SPEC,
        typeSpecClassName: "RaggedTensorSpec",
        typeState: {
          tupleValue: {
            values: [
              { tensorShapeValue: shapeToProto(raggedShape(tensor)) },
              { tensorDtypeValue: dtypeToProto(flat.dtype) },
              { int64Value: BigInt(splits.length) },
              { tensorDtypeValue: dtypeToProto(splits[0]!.dtype) },
            ],
          },
        },
      },
      components: [flat, ...splits].map(infoOf),
    },
  };
}

/**
 * The ragged tensor that a composite TensorInfo names; `tensorOf` looks its parts up.
 * Throws TfError UNIMPLEMENTED for another kind of composite, INVALID_ARGUMENT where parts are missing.
 */
export function raggedFromInfo(
  info: TensorInfo.ICompositeTensor,
  tensorOf: (name: string | null | undefined) => Tensor,
): RaggedTensor {
  const { typeSpec, components = [] } = info;
  if (typeSpec?.typeSpecClass !== TypeSpecProto.TypeSpecClass.RAGGED_TENSOR_SPEC)
    throw new TfError(
      "UNIMPLEMENTED",
      `No value type for TypeSpec '${typeSpec?.typeSpecClassName || (typeSpec?.typeSpecClass ?? "none")}'`,
      { hint: "Of composite tensors, ragged ones are known; look the components up by their names." },
    );
  const [flat, ...splits] = (components ?? []).map(({ name }) => tensorOf(name));
  if (!flat || splits.length === 0)
    throw new TfError("INVALID_ARGUMENT", "A ragged TensorInfo needs values and row splits.");
  return splits.reduceRight<Tensor | RaggedTensor>(
    (values, rowSplits) => ({ values, rowSplits }),
    flat,
  ) as RaggedTensor;
}
