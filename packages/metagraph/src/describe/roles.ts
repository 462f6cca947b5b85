// Which nodes are the model, and which are there to train, save, initialize or watch it. Told from op types and from the names that TensorFlow's
// builders give (scopes "gradients", those of Savers), since a file does not say.
import { GraphKeys } from "@org/collections";
import { decode, type IMetaGraphDef, QueueRunnerDef } from "@org/proto";
import type { Edges } from "./edges.ts";
import type { NodeView } from "./node-view.ts";

export const role = {
  model: 0,
  /** Savers, initializers, updates of variables, queues' own business, assertions. */
  plumbing: 1,
  /** Gradients, summaries, moving averages, groups: they read a model's outputs without being what these are for. */
  observer: 2,
} as const;

const plumbingOps: readonly RegExp[] = [
  /^(Assign|Is.*Initialized|VarIsInitializedOp|DestroyResourceOp)/,
  /^(Resource)?(Sparse)?Apply.+|^(Resource)?CountUpTo$|^(Resource)?Scatter(Nd)?(Add|Div|Max|Min|Mul|Sub|Update)$/,
  /^(Save|Restore)(V2|Slices?)?$|^MergeV2Checkpoints$|^ShardedFile(name|spec)$/,
  /^(Queue|Barrier|Stage|Map|OrderedMap|LookupTable|Reader).*(Size|Close|IsClosed|Clear|Enqueue|EnqueueMany|Insert|InsertMany|Import|Export|Reset|NumRecordsProduced|NumWorkUnitsCompleted|State)(V2)?$/,
  /^(InitializeTable|MakeIterator|IteratorToStringHandle)/,
];
const observerOps =
  /^(NoOp|(Scalar|Histogram|Image|Audio|Tensor|Merge|Write.*)Summary(V2)?|SummaryWriter.*)$/;
const observerNames = /(^|\/)(gradients|report_uninitialized_variables|AssignMovingAvg)(_\d+)?\//;
const guardNames = /(^|\/)(Assert|AssertGuard|assert_\w+?)(_\d+)?\//;
/** Ops of Savers alone: all that is in a scope with one of them is the Saver's. */
const saveOps: ReadonlySet<string> = new Set(["SaveV2", "SaveSlices", "Save"]);

const isPlumbing = (op: string): boolean => plumbingOps.some((pattern) => pattern.test(op));

/** Ops that hold a variable. */
export const variableOps: ReadonlySet<string> = new Set(["Variable", "VariableV2", "VarHandleOp"]);
const readOps: ReadonlySet<string> = new Set(["Identity", "ReadVariableOp"]);
/** Ops that say nothing of the model by themselves: they count with what reads them. */
const passiveOps: ReadonlySet<string> = new Set(["Const", "Variable", "VariableV2", "VarHandleOp"]);

/** The role of each node; `scopes` are those of known Savers, "save/". */
export function rolesOf(
  nodes: NodeView,
  edges: Edges,
  def: IMetaGraphDef,
  scopes: readonly string[],
): Uint8Array {
  const roles = new Uint8Array(nodes.count);
  const trains = def.collectionDef?.train_op?.nodeList?.value ?? [];
  const trainOps = new Set(trains.map((name) => name.replace(/:\d+$/, "")));
  const saverScopes = new Set(scopes);
  for (let i = 0; i < nodes.count; i++)
    if (saveOps.has(nodes.op(i))) saverScopes.add(nodes.name(i).replace(/[^/]*$/, ""));
  const enqueues = queueRunnerOps(def);
  for (let i = 0; i < nodes.count; i++) {
    const op = nodes.op(i);
    const name = nodes.name(i);
    if (isPlumbing(op) || guardNames.test(name) || isWithin(name, saverScopes) || enqueues.has(name))
      roles[i] = role.plumbing;
    else if (observerOps.test(op) || observerNames.test(name) || trainOps.has(name)) roles[i] = role.observer;
    else roles[i] = derivedRole(i, nodes, edges, roles);
  }
  return roles;
}

/** Names of what queue runners run: a conditional enqueue ends in a Merge, which looks like an output. */
function queueRunnerOps(def: IMetaGraphDef): ReadonlySet<string> {
  const names = new Set<string>();
  for (const bytes of def.collectionDef?.[GraphKeys.QUEUE_RUNNERS]?.bytesList?.value ?? [])
    try {
      for (const name of decode(QueueRunnerDef, bytes).enqueueOpName) names.add(name.replace(/:\d+$/, ""));
    } catch {
      // What is no QueueRunnerDef names nothing.
    }
  return names;
}

function isWithin(name: string, scopes: ReadonlySet<string>): boolean {
  for (let slash = name.indexOf("/"); slash >= 0; slash = name.indexOf("/", slash + 1))
    if (scopes.has(name.slice(0, slash + 1))) return true;
  return false;
}

/** A node whose values all come from plumbing or observers (a norm of gradients, how full a queue is) is one of them. */
function derivedRole(node: number, nodes: NodeView, edges: Edges, roles: Uint8Array): number {
  let found: number = role.model;
  for (let k = edges.first[node]!; k < edges.first[node + 1]!; k++) {
    const source = edges.source[k]!;
    if (edges.output[k]! < 0 || source < 0 || passiveOps.has(nodes.op(source))) continue;
    // What stands further on in the file is not known yet: back edges belong to loops of the model.
    if (source >= node || roles[source] === role.model) return role.model;
    found = roles[source]!;
  }
  return found;
}

/** Whether a node just reads a variable, or says which branch is taken. */
export function isMereRead(node: number, nodes: NodeView, edges: Edges): boolean {
  if (!readOps.has(nodes.op(node))) return false;
  const source = edges.source[edges.first[node]!] ?? -1;
  return source >= 0 && (variableOps.has(nodes.op(source)) || nodes.op(source) === "Switch");
}
