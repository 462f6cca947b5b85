// A context within another, as its message tells which kind it is. Source: control_flow_ops.from_control_flow_context_def.
import { TfError } from "@org/errors";
import type { IControlFlowContextDef } from "@org/proto";
import { CondContext } from "./cond-context.ts";
import type { Graph } from "./graph.ts";
import { WhileContext } from "./while-context.ts";

/** The context of a ControlFlowContextDef. Throws TfError INVALID_ARGUMENT where it holds neither kind. */
export function contextFromDef(
  def: IControlFlowContextDef,
  graph: Graph,
  importScope?: string,
): CondContext | WhileContext {
  if (def.condCtxt) return CondContext.fromProto(def.condCtxt, graph, importScope);
  if (def.whileCtxt) return WhileContext.fromProto(def.whileCtxt, graph, importScope);
  throw new TfError("INVALID_ARGUMENT", `Invalid ControlFlowContextDef: ${JSON.stringify(Object.keys(def))}`);
}
