// Const nodes. Source: python/framework/graph_util_impl.py (create_const_op).
import type { INodeDef } from "@org/proto";
import { dtypes, type NdArray, tensorToProto } from "@org/tensor";

/** A Const node that holds `value`, whose memory it shares: neither may be changed afterwards. */
export function constNode(
  name: string,
  value: NdArray,
  rest: Pick<INodeDef, "device" | "input"> = {},
): INodeDef {
  return {
    name,
    op: "Const",
    ...(rest.input?.length ? { input: rest.input } : {}),
    ...(rest.device ? { device: rest.device } : {}),
    attr: {
      dtype: { type: dtypes[value.dtype].number },
      value: { tensor: tensorToProto(value, { shared: true }) },
    },
  };
}
