// What is inside a MetaGraph, as plain data to print or to choose from: what can be fed, what comes out, signatures, variables, Savers,
// collections, tables, functions, sizes, and what is missing to run it. Reads the message, builds no graph, leaves nodes that are bytes as they are.
import { type Graph, type OpRegistry, registryOfOpList } from "@org/graph";
import { checkMessage, type IMetaGraphDef, type IOpDef } from "@org/proto";
import { describeCollection, describeSignature } from "./describe/collections.ts";
import type { Description } from "./describe/description.ts";
import { edgesOf } from "./describe/edges.ts";
import { inputsAndOutputs } from "./describe/inputs-and-outputs.ts";
import { describeMissing } from "./describe/missing.ts";
import { type NodeView, nodeView } from "./describe/node-view.ts";
import { rolesOf } from "./describe/roles.ts";
import { describeSavers, saverScopes } from "./describe/savers.ts";
import { describeSizes } from "./describe/sizes.ts";
import { describeTables } from "./describe/tables.ts";
import { describeVariables } from "./describe/variables.ts";
import { exportMetaGraph } from "./export-meta-graph.ts";

export type * from "./describe/description.ts";

/**
 * Describes a MetaGraphDef (of a GraphDef alone: `{ graphDef }`), or a graph as its export. `ops`: the registry that says which ops could run.
 * Takes time in proportion to nodes and edges.
 * Throws TypeError for what is neither; TfError INVALID_ARGUMENT for shapes that cannot be, and for more outputs than a graph of its size can have.
 */
export function describe(
  source: IMetaGraphDef | Graph,
  options: { readonly ops?: OpRegistry } = {},
): Description {
  checkMessage(source, "describe", "MetaGraphDef or a graph", "read one with readMetaGraph");
  const def = isGraph(source) ? exportMetaGraph(source, { onWarning: () => {} }) : source;
  const list = def.graphDef?.node ?? [];
  const nodes = nodeView(list);
  const edges = edgesOf(nodes);
  const info = def.metaInfoDef;
  const fileOps = registryOfOpList(info?.strippedOpList ?? {});
  const collections = Object.entries(def.collectionDef ?? {});
  const signatures = def.signatureDef ?? {};
  const savers = describeSavers(def);
  const variables = describeVariables(collections, nodes, edges);
  const functions = def.graphDef?.library?.function ?? [];
  const signatureOf = new Map<string, IOpDef>(
    functions.flatMap(({ signature }) => (signature ? [[signature.name ?? "", signature] as const] : [])),
  );
  const missing = describeMissing(nodes, functions, options.ops);
  return {
    tensorflowVersion: info?.tensorflowVersion ?? "",
    metaGraphVersion: info?.metaGraphVersion ?? "",
    tags: info?.tags ?? [],
    producer: def.graphDef?.versions?.producer ?? 0,
    minConsumer: def.graphDef?.versions?.minConsumer ?? 0,
    nodeCount: nodes.count,
    ops: countOps(nodes),
    ...inputsAndOutputs({
      nodes,
      edges,
      roles: rolesOf(nodes, edges, def, saverScopes(savers)),
      signatures,
      opDefOf: (op) => (options.ops?.get(op) ?? fileOps.get(op))?.opDef ?? signatureOf.get(op),
    }),
    signatures: Object.entries(signatures).map(([key, signature]) => describeSignature(key, signature)),
    variables,
    savers,
    hasSaver: Boolean(def.saverDef),
    collections: collections.map(([key, collection]) => describeCollection(key, collection)),
    tables: describeTables(nodes, edges),
    functions: functions.map((fn) => fn.signature?.name ?? ""),
    missing,
    unknownOps: missing.ops,
    ...describeSizes(list, nodes, variables),
  };
}

const isGraph = (source: IMetaGraphDef | Graph): source is Graph =>
  typeof (source as Partial<Graph>).createOp === "function";

function countOps(nodes: NodeView): { op: string; count: number }[] {
  const counts = new Map<string, number>();
  for (let i = 0; i < nodes.count; i++) counts.set(nodes.op(i), (counts.get(nodes.op(i)) ?? 0) + 1);
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}
