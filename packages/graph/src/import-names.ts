// How an imported node is called: prefix, and suffixes where the graph has the name already.
// Source: core/graph/graph_constructor.cc (EnsureNoNameCollisions, UniquifyNames).
import { TfError } from "@org/errors";
import type { Graph } from "./graph.ts";
import { isValidOpName } from "./name-table.ts";

function addPrefixes(name: string, prefixes: Set<string>): void {
  for (let i = name.indexOf("/"); i >= 0; i = name.indexOf("/", i + 1)) prefixes.add(name.slice(0, i));
}

/** "n:1" or "n" or "^n" as a node and an output (-1: control). A malformed name is a node that no graph has. */
export function parseInput(input: string): { readonly node: string; readonly index: number } {
  if (input.startsWith("^")) return { node: input.slice(1), index: -1 };
  const colon = input.lastIndexOf(":");
  if (colon <= 0) return { node: input, index: 0 };
  const digits = input.slice(colon + 1);
  if (!/^\d{1,9}$/.test(digits)) return { node: input, index: 0 };
  return { node: input.slice(0, colon), index: Number(digits) };
}

/** Gives imported nodes names that the graph lacks. */
export class ImportNames {
  /** "scope/" or "". */
  readonly prefix: string;
  private readonly graph: Graph;
  private readonly existingPrefixes = new Set<string>();
  private readonly fileNames: ReadonlyMap<string, unknown>;
  private filePrefixes: Set<string> | undefined;
  private readonly taken: boolean;

  constructor(graph: Graph, scope: string, fileNames: ReadonlyMap<string, unknown>) {
    this.graph = graph;
    this.prefix = scope;
    this.fileNames = fileNames;
    if (scope !== "" && !isValidOpName(scope.slice(0, -1)))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Imported node name prefix '${scope}' would lead to invalid node names`,
      );
    for (const op of graph.getOperations()) addPrefixes(op.name, this.existingPrefixes);
    this.taken = graph.getOperations().length > 0;
  }

  private inGraph(name: string): boolean {
    return this.graph.findOperation(name) !== undefined || this.existingPrefixes.has(name);
  }

  private inFile(name: string): boolean {
    if (this.filePrefixes === undefined) {
      this.filePrefixes = new Set();
      for (const other of this.fileNames.keys()) addPrefixes(other, this.filePrefixes);
    }
    return this.fileNames.has(name) || this.filePrefixes.has(name);
  }

  /** The name for the node called `name` in the file. */
  of(name: string): string {
    const full = this.prefix + name;
    if (!this.taken || !this.inGraph(full)) return full;
    let count = 0;
    let unique = full;
    do unique = `${full}_${++count}`;
    while (this.inGraph(unique) || this.inFile(unique));
    return unique;
  }
}
