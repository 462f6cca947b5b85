// An OpDef made quick to look up: its attrs by name. Computed once an OpDef, shared by all its nodes.
import type { IOpDef, OpDef } from "@org/proto";

export interface IndexedOpDef {
  readonly attrs: ReadonlyMap<string, OpDef.IAttrDef>;
  readonly inputArgs: readonly OpDef.IArgDef[];
  readonly outputArgs: readonly OpDef.IArgDef[];
  /** Attrs that have a default, in the OpDef's order. */
  readonly defaulted: readonly OpDef.IAttrDef[];
}

const cache = new WeakMap<IOpDef, IndexedOpDef>();

/** The index of `op`, made when first asked for. */
export function indexOpDef(op: IOpDef): IndexedOpDef {
  let index = cache.get(op);
  if (index === undefined) {
    const attrs = op.attr ?? [];
    index = {
      attrs: new Map(attrs.map((attr) => [attr.name ?? "", attr])),
      inputArgs: op.inputArg ?? [],
      outputArgs: op.outputArg ?? [],
      defaulted: attrs.filter((attr) => attr.defaultValue),
    };
    cache.set(op, index);
  }
  return index;
}
