// Names in use in a graph: what unique_name and name_scope of a Graph do. Names compare without regard to case.
// Source: python/framework/ops.py (Graph.unique_name, Graph.name_scope).
import { TfError } from "@org/errors";

const validOpName = /^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$/;
const validScopeName = /^[A-Za-z0-9_.\-/]*$/;

/** Whether a node may have this name ("^" and ":" would be read as parts of an input). */
export function isValidOpName(name: string): boolean {
  return validOpName.test(name);
}

export class NameTable {
  /** Lower-case name -> the next suffix to try. */
  private readonly used = new Map<string, number>();
  /** The graph's nodes; the names of the first `noted` are in `used`. Imports bring many that nobody asks about. */
  private readonly nodes: readonly { readonly name: string }[];
  private noted = 0;
  /** The current name scope without its trailing slash; "" at the root. */
  scope = "";

  constructor(nodes: readonly { readonly name: string }[]) {
    this.nodes = nodes;
  }

  /** A name under the current scope that no node or scope has yet: "add", "add_1" ... */
  unique(name: string, markAsUsed = true): string {
    this.noteNodes();
    const full = this.scope === "" ? name : `${this.scope}/${name}`;
    let key = full.toLowerCase();
    const base = key;
    let i = this.used.get(key) ?? 0;
    if (markAsUsed) this.used.set(key, i + 1);
    if (i === 0) return full;
    while (this.used.has(key)) key = `${base}_${i++}`;
    if (markAsUsed) this.used.set(key, 1);
    return `${full}_${i - 1}`;
  }

  /** Notes the names of nodes that came since; a scope of such a name made before is left as it is. */
  private noteNodes(): void {
    for (; this.noted < this.nodes.length; this.noted++) {
      const key = this.nodes[this.noted]!.name.toLowerCase();
      if (!this.used.has(key)) this.used.set(key, 1);
    }
  }

  /** Nodes from `count` on were taken back. */
  forget(count: number): void {
    this.noted = Math.min(this.noted, count);
  }

  /**
   * Runs `fn` within a scope, and hands it the scope's full name with its slash. null or "" goes back to the root; a name that ends in "/" is re-entered as it is.
   * Throws TfError INVALID_ARGUMENT: "'a b' is not a valid scope name".
   */
  within<R>(name: string | null, fn: (scope: string) => R): R {
    const outer = this.scope;
    let scope = "";
    if (name) {
      const valid = outer === "" ? validOpName : validScopeName;
      if (!valid.test(name)) throw new TfError("INVALID_ARGUMENT", `'${name}' is not a valid scope name`);
      scope = name.endsWith("/") ? name.slice(0, -1) : this.unique(name);
    }
    this.scope = scope;
    try {
      return fn(scope === "" ? "" : `${scope}/`);
    } finally {
      this.scope = outer;
    }
  }
}
