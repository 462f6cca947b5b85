// Stack traces of ops as a message. Source: python/framework/error_interpolation.py (create_graph_debug_info_def),
// core/protobuf/graph_debug_info.proto.
import { TfError } from "@org/errors";
import { create, GraphDebugInfo } from "@org/proto";
import type { Operation } from "./operation.ts";

/**
 * The GraphDebugInfo of ops, each with the name of the function it lies in ("" for the graph): traces under "op@function", oldest call
 * first, files sorted and each once. Ops without a trace are left out. Without source lines: they are not read here.
 * Throws TfError FAILED_PRECONDITION for an op of a graph that records no traces.
 */
export function createGraphDebugInfoDef(
  operations: Iterable<readonly [functionName: string, operation: Operation]>,
): GraphDebugInfo {
  const found: (readonly [string, NonNullable<Operation["traceback"]>])[] = [];
  for (const [functionName, op] of operations) {
    if (op.graph.traces === undefined)
      throw new TfError("FAILED_PRECONDITION", "The graph has no record of where its operations were made", {
        node: op.name,
        op: op.type,
        hint: "Make it with new Graph({ recordTraces: true }): a record costs time, so it is not kept unasked.",
      });
    if (op.traceback) found.push([`${op.name}@${functionName}`, op.traceback]);
  }
  const files = [...new Set(found.flatMap(([, frames]) => frames.map(({ file }) => file)))].sort();
  const index = new Map(files.map((file, i) => [file, i]));
  return create(GraphDebugInfo, {
    files,
    traces: Object.fromEntries(
      found.map(([key, frames]) => [
        key,
        {
          fileLineCols: frames.map(({ file, line, column, func }) => ({
            fileIndex: index.get(file)!,
            line,
            col: column,
            func,
          })),
        },
      ]),
    ),
  });
}
