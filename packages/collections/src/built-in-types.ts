// Collection types that need nothing above the graph. Variables' types are `@org/variables`', SaverDef's is `@org/saver`'s.
import { CondContext, WhileContext } from "@org/graph";
import { CondContextDef, type ICondContextDef, type IWhileContextDef, WhileContextDef } from "@org/proto";
import type { AnyCollectionType, CollectionType } from "./collection-type.ts";
import { GraphKeys } from "./graph-keys.ts";
import { queueRunnersType } from "./queue-runner.ts";

/** The collection `cond_context`. */
export const condContextType: CollectionType<CondContext, ICondContextDef> = {
  key: GraphKeys.COND_CONTEXT,
  protoType: CondContextDef,
  toProto: (context, { exportScope }) => context.toProto(exportScope),
  fromProto: (def, { graph, importScope }) => CondContext.fromProto(def, graph, importScope),
  mayNameOutside: true,
  origin: "@org/collections",
};

/** The collection `while_context`. */
export const whileContextType: CollectionType<WhileContext, IWhileContextDef> = {
  key: GraphKeys.WHILE_CONTEXT,
  protoType: WhileContextDef,
  toProto: (context, { exportScope }) => context.toProto(exportScope),
  fromProto: (def, { graph, importScope }) => WhileContext.fromProto(def, graph, importScope),
  mayNameOutside: true,
  origin: "@org/collections",
};

/** `queue_runners`, `cond_context` and `while_context`, to put into `createCollectionRegistry`. */
export const builtInTypes: readonly AnyCollectionType[] = [
  queueRunnersType,
  condContextType,
  whileContextType,
];
