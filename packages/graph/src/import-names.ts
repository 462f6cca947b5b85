// How imported nodes are called: prefix, and suffixes where the graph has the name already.
// Source: core/graph/graph_constructor.cc (EnsureNoNameCollisions, UniquifyNames).
import { TfError } from "@org/errors";
import type { NodeTable } from "@org/proto/nodes";
import type { Graph } from "./graph.ts";
import type { NameIndex } from "./name-index.ts";
import { isValidOpName } from "./name-table.ts";

function addPrefixes(name: string, prefixes: Set<string>): void {
  for (let i = name.indexOf("/"); i >= 0; i = name.indexOf("/", i + 1)) prefixes.add(name.slice(0, i));
}

/** Names are decoded together, and cut out of pieces of about this many characters. */
const pieceSize = 1 << 18;
const ascii = new TextDecoder();

/** `prefix` and the name of each node. Names have been checked: they are ASCII. */
function prefixedNames(table: NodeTable, prefix: string): string[] {
  const names: string[] = [];
  const { bytes, nameStart, nameEnd, count } = table;
  const start = new TextEncoder().encode(prefix);
  let buffer = new Uint8Array(pieceSize);
  for (let i = 0; i < count; ) {
    const first = i;
    let at = 0;
    for (; i < count; i++) {
      const size = start.length + nameEnd[i]! - nameStart[i]!;
      if (at + size > buffer.length) {
        if (i > first) break;
        buffer = new Uint8Array(size);
      }
      for (let p = 0; p < start.length; p++) buffer[at++] = start[p]!;
      for (let p = nameStart[i]!; p < nameEnd[i]!; p++) buffer[at++] = bytes[p]!;
    }
    const text = ascii.decode(buffer.subarray(0, at));
    let from = 0;
    for (let k = first; k < i; k++) {
      const to = from + start.length + nameEnd[k]! - nameStart[k]!;
      names.push(text.slice(from, to));
      from = to;
    }
  }
  return names;
}

/** The names that imported nodes have in the graph. */
export class ImportNames {
  /** By position in the file. */
  readonly all: readonly string[];
  /** Whether a node is called otherwise than in the file. */
  readonly areOthers: boolean;
  private readonly graph: Graph;
  private readonly existingPrefixes = new Set<string>();
  private readonly index: NameIndex;
  private readonly filePrefixes = new Set<string>();
  private readonly scope: string;
  private areUnique = false;

  /** `scope` is "scope/" or "". Throws TfError INVALID_ARGUMENT for one that makes no valid names. */
  constructor(graph: Graph, scope: string, table: NodeTable, index: NameIndex) {
    this.graph = graph;
    this.index = index;
    this.scope = scope;
    if (scope !== "" && !isValidOpName(scope.slice(0, -1)))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Imported node name prefix '${scope}' would lead to invalid node names`,
      );
    const names = prefixedNames(table, scope);
    this.all = names;
    let others = scope !== "";
    if (graph.getOperations().length > 0) {
      for (const op of graph.getOperations()) addPrefixes(op.name, this.existingPrefixes);
      const taken = names.flatMap((name, i) => (this.inGraph(name) ? [i] : []));
      if (taken.length > 0) {
        others = this.areUnique = true;
        for (let i = 0; i < table.count; i++) addPrefixes(names[i]!.slice(scope.length), this.filePrefixes);
        for (const i of taken) names[i] = this.uniqueName(names[i]!);
      }
    }
    this.areOthers = others;
  }

  /** What stands before the name of every node; undefined where one had to be called otherwise, too. */
  get prefix(): string | undefined {
    return this.areUnique ? undefined : this.scope;
  }

  /** The name in the graph of the file's node `name`, which has to be there. */
  of(name: string): string {
    return this.areUnique ? (this.all[this.index.find(name)] ?? name) : this.scope + name;
  }

  private inGraph(name: string): boolean {
    return this.graph.findOperation(name) !== undefined || this.existingPrefixes.has(name);
  }

  private inFile(name: string): boolean {
    return this.index.find(name) >= 0 || this.filePrefixes.has(name);
  }

  private uniqueName(full: string): string {
    let count = 0;
    let unique = full;
    do unique = `${full}_${++count}`;
    while (this.inGraph(unique) || this.inFile(unique));
    return unique;
  }
}
