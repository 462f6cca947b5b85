// Which slice of a larger variable a variable is: how partitioned variables are keyed in checkpoints.
// Source: python/ops/variables.py, Variable.SaveSliceInfo; core/framework/variable.proto.
import { TfError } from "@org/errors";
import { prependNameScope, stripNameScope } from "@org/graph";
import type { ISaveSliceInfoDef } from "@org/proto";

/** A slice of a larger variable: extents `varShape` from `varOffset` on, in the variable `fullName` of `fullShape`. */
export class SaveSliceInfo {
  readonly fullName: string;
  readonly fullShape: readonly number[];
  readonly varOffset: readonly number[];
  readonly varShape: readonly number[];

  /** Throws a TypeError where the three lists are not of one length. */
  constructor(parts: {
    readonly fullName: string;
    readonly fullShape: readonly number[];
    readonly varOffset: readonly number[];
    readonly varShape: readonly number[];
  }) {
    const rank = parts.fullShape.length;
    if (parts.varOffset.length !== rank || parts.varShape.length !== rank)
      throw new TypeError(
        `Slice of ${parts.fullName}: fullShape [${parts.fullShape}], varOffset [${parts.varOffset}] and varShape [${parts.varShape}] differ in length`,
      );
    this.fullName = parts.fullName;
    this.fullShape = [...parts.fullShape];
    this.varOffset = [...parts.varOffset];
    this.varShape = [...parts.varShape];
  }

  /** The spec that SaveV2 and RestoreV2 take: the full shape, then "offset,extent" per dimension, e.g. "4 5 0,2:0,5". */
  get spec(): string {
    const extents = this.varOffset.map((offset, i) => `${offset},${this.varShape[i]}`);
    return `${this.fullShape.map((dim) => `${dim} `).join("")}${extents.join(":")}`;
  }

  /** The SaveSliceInfoDef, without `exportScope`; undefined where the slice lies outside it. */
  toProto(exportScope?: string): ISaveSliceInfoDef | undefined {
    if (exportScope && !this.fullName.startsWith(exportScope)) return undefined;
    return {
      fullName: stripNameScope(this.fullName, exportScope),
      fullShape: this.fullShape.map(BigInt),
      varOffset: this.varOffset.map(BigInt),
      varShape: this.varShape.map(BigInt),
    };
  }

  /** The slice that `def` describes, under `importScope`. Throws TfError DATA_LOSS where its three lists are not of one length. */
  static fromProto(def: ISaveSliceInfoDef, importScope?: string): SaveSliceInfo {
    const [rank, offsets, extents] = [def.fullShape, def.varOffset, def.varShape].map(
      (list) => list?.length ?? 0,
    );
    if (offsets !== rank || extents !== rank)
      throw new TfError(
        "DATA_LOSS",
        `SaveSliceInfoDef of ${def.fullName}: full_shape, var_offset and var_shape have ${rank}, ${offsets} and ${extents} dimensions`,
        {
          hint: "The file is damaged: a slice has as many offsets and extents as its variable has dimensions.",
        },
      );
    return new SaveSliceInfo({
      fullName: prependNameScope(def.fullName ?? "", importScope),
      fullShape: (def.fullShape ?? []).map(Number),
      varOffset: (def.varOffset ?? []).map(Number),
      varShape: (def.varShape ?? []).map(Number),
    });
  }
}
