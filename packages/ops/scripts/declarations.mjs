// What the sources of @org/ops declare, told from their text: entries of ops (by their declared type), functions and classes that
// build graphs (by the mark @tfExport in their comment). The form of a declaration is the formatter's: `export` begins a line.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** Folders that hold no families of ops. */
const aside = new Set(["gen", "testing"]);

function* files(folder, below = "") {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) {
      if (!aside.has(entry.name)) yield* files(join(folder, entry.name), `${path}/`);
    } else if (entry.name.endsWith(".ts") && entry.name !== "index.ts") yield path;
  }
}

const declaration =
  /(?:^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n(?:^\/\/.*\n)*)?^export (?:async )?(?:abstract )?(const|function|class|interface|type) (\w+)(?:: (\w*(?: ?\w+)*(?:\[\])?) =)?/gm;

/**
 * By file below `src`, in order: `entries` (names of constants that hold OpEntry or readonly OpEntry[]), `builders`
 * ({ name, kind, comment, tf: the names under tf }) and `types` (exported types and interfaces, as "type Name").
 * Throws Error where a mark stands in a comment that no exported function, constant or class follows.
 */
export function declarations() {
  const found = [];
  for (const file of [...files(src)].sort()) {
    const text = readFileSync(join(src, file), "utf8");
    const [entries, builders, types] = [[], [], []];
    const values = new Set();
    for (const [, comment, kind, name, type] of text.matchAll(declaration)) {
      if (kind === "interface" || kind === "type") types.push(name);
      else values.add(name);
      if (kind === "const" && (type === "readonly OpEntry[]" || type === "OpEntry"))
        entries.push({ name, many: type !== "OpEntry" });
      const marked = /@tfExport ([\w., ]+)/.exec(comment ?? "");
      if (marked && kind !== "interface" && kind !== "type")
        builders.push({ name, kind, comment, tf: marked[1].split(",").map((one) => one.trim()) });
    }
    const marks = text.match(/@tfExport /g)?.length ?? 0;
    if (marks !== builders.length)
      throw new Error(
        `packages/ops/src/${file}: ${marks} marks @tfExport, ${builders.length} of them right before an exported function or class`,
      );
    // What is a constant and the type of its values goes out as both.
    const exported = types.map((type) => (values.has(type) ? type : `type ${type}`));
    found.push({ file, entries, builders, types: exported });
  }
  return found;
}
