// What is settled of an output before its Tensor is made.
import { TfError } from "@org/errors";
import { type DType, dtypeFromProto } from "@org/tensor";

export interface OutputKind {
  /** DataType number, +100 for a ref. */
  readonly number: number;
  readonly dtype: DType;
  readonly isRef: boolean;
  /** False where the type is a guess. */
  readonly known: boolean;
}

const kinds = new Map<number, OutputKind>();

/** Kinds of outputs with these DataType numbers. Throws TfError INVALID_ARGUMENT for a number that is no type. */
export function outputKinds(
  types: readonly number[],
  node: string,
  op: string,
  known: boolean,
): readonly OutputKind[] {
  return types.map((number, i) => {
    const key = known ? number : -1 - number;
    let kind = kinds.get(key);
    if (kind === undefined) {
      const type = dtypeFromProto(number);
      if (type === undefined)
        throw new TfError("INVALID_ARGUMENT", `Output ${i} of node ${node} has unknown type ${number}`, {
          node,
          op,
        });
      kind = { number, dtype: type.dtype, isRef: type.isRef, known };
      kinds.set(key, kind);
    }
    return kind;
  });
}
