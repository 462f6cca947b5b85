// Lists of anything under string keys: a graph's collections, raw. What becomes of them in a file is
// `@org/collections`' matter. Source: python/framework/ops.py (Graph.get_collection).
import { TfError } from "@org/errors";

function nameOf(item: unknown): string | undefined {
  if ((typeof item !== "object" && typeof item !== "function") || item === null) return undefined;
  const { name } = item as { name?: unknown };
  return typeof name === "string" ? name : undefined;
}

/** A Python regular expression, matched from the start as `re.match` does. */
function fromStart(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})`);
  } catch (cause) {
    throw new TfError("INVALID_ARGUMENT", `Scope '${pattern}' is not a regular expression`, { cause });
  }
}

export class Collections {
  private readonly lists = new Map<string, unknown[]>();

  add(name: string, value: unknown): void {
    this.ref(name).push(value);
  }

  get(name: string, scope?: string | null): unknown[] {
    const list = this.lists.get(name);
    if (list === undefined) return [];
    if (scope === undefined || scope === null) return [...list];
    const pattern = fromStart(scope);
    return list.filter((item) => {
      const found = nameOf(item);
      return found !== undefined && pattern.test(found);
    });
  }

  ref(name: string): unknown[] {
    let list = this.lists.get(name);
    if (list === undefined) {
      list = [];
      this.lists.set(name, list);
    }
    return list;
  }

  clear(name: string): void {
    this.lists.delete(name);
  }

  keys(): readonly string[] {
    return [...this.lists.keys()];
  }
}
