// What an initializer is told of the part of a partitioned variable that it makes. Source: python/ops/variable_scope.py (_PartitionInfo).
import { TfError } from "@org/errors";

const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

/** Where a part lies in the whole variable. */
export class PartitionInfo {
  /** Shape of the whole. */
  readonly fullShape: readonly number[];
  /** Where the part begins, one number a dimension. */
  readonly varOffset: readonly number[];

  /** Throws TfError INVALID_ARGUMENT where the two differ in length, or an offset is outside the shape. */
  constructor(fullShape: readonly number[], varOffset: readonly number[]) {
    if (varOffset.length !== fullShape.length)
      invalid(
        `Expected equal length, but \`var_offset\` is of length ${varOffset.length} while full_shape is of length ${fullShape.length}.`,
      );
    for (const [i, offset] of varOffset.entries())
      if (offset < 0 || offset >= fullShape[i]!)
        invalid(
          `Expected 0 <= offset < shape but found offset=${offset}, shape=${fullShape[i]} for var_offset=[${varOffset}], full_shape=[${fullShape}]`,
        );
    this.fullShape = [...fullShape];
    this.varOffset = [...varOffset];
  }

  /** The offset of a part of that shape in the one dimension that is cut; 0 where none is. Throws as `singleSliceDim`. */
  singleOffset(shape: readonly number[]): number {
    const dim = this.singleSliceDim(shape);
    return dim === undefined ? 0 : this.varOffset[dim]!;
  }

  /** The one dimension that is cut, for a part of that shape. Throws TfError INVALID_ARGUMENT where the part does not fit, or several are cut. */
  singleSliceDim(shape: readonly number[]): number | undefined {
    const { fullShape, varOffset } = this;
    if (shape.length !== fullShape.length)
      invalid(
        `Expected equal length, but received shape=[${shape}] of length ${shape.length} while self.full_shape=[${fullShape}] is of length ${fullShape.length}.`,
      );
    for (const [i, length] of shape.entries())
      if (varOffset[i]! + length > fullShape[i]!)
        invalid(
          `With self.var_offset=[${varOffset}], a partition of shape=[${shape}] would exceed self.full_shape=[${fullShape}] in dimension ${i}.`,
        );
    const cut = shape.flatMap((length, i) => (length === fullShape[i] ? [] : [i]));
    if (cut.length > 1)
      invalid(
        `Cannot use single_slice_dim() with shape=[${shape}] and self.full_shape=[${fullShape}] since slice dim could be either dimension ${cut[1]} or ${cut[0]}.`,
      );
    return cut[0];
  }
}
