// Patterns over file names: `*` and `?` (never over a slash), `[a-z]`, `[^a]` or `[!a]`, `\` takes the next character as it is.
// Source: core/platform/file_system_helper.cc (GetMatchingPaths) and fnmatch(3) with FNM_PATHNAME.
import { isTfError } from "@org/errors";
import type { FileSystem } from "./file-system.ts";
import { joinPath } from "./path.ts";

const magic = /[*?[\\]/;

/** One path component's pattern as a regular expression. An unclosed "[" stands for itself. */
function componentPattern(component: string): RegExp {
  let source = "";
  for (let i = 0; i < component.length; i++) {
    const char = component[i]!;
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const negated = component[i + 1] === "!" || component[i + 1] === "^";
      const first = i + (negated ? 2 : 1);
      const close = component.indexOf("]", first + 1);
      if (close < 0) {
        source += "\\[";
        continue;
      }
      const inner = component.slice(first, close).replace(/[\\\]^[]/g, "\\$&");
      source += `[${negated ? "^/" : ""}${inner}]`;
      i = close;
    } else {
      const literal = char === "\\" && i + 1 < component.length ? component[++i]! : char;
      source += literal.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
    }
  }
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return /(?!)/; // A range that runs backwards, "[z-a]", matches nothing.
  }
}

/** Whether a path matches a pattern as a whole. */
export function matchesPattern(path: string, pattern: string): boolean {
  const parts = path.split("/");
  const patterns = pattern.split("/");
  return (
    parts.length === patterns.length &&
    patterns.every((component, i) => matchesComponent(parts[i]!, component))
  );
}

function matchesComponent(name: string, component: string): boolean {
  return magic.test(component) ? componentPattern(component).test(name) : name === component;
}

/**
 * Paths that match a pattern, sorted. A directory that is missing matches nothing; a pattern without wildcards matches the
 * path itself if there is such a file.
 */
export async function getMatchingPaths(fs: FileSystem, pattern: string): Promise<string[]> {
  if (!magic.test(pattern)) return (await fs.stat(pattern)) === undefined ? [] : [pattern];
  const components = pattern.split("/");
  const firstMagic = components.findIndex((component) => magic.test(component));
  const fixed = components.slice(0, firstMagic).join("/");
  let found = [firstMagic === 1 && fixed === "" ? "/" : fixed];
  for (let i = firstMagic; i < components.length; i++) {
    const component = components[i]!;
    const last = i === components.length - 1;
    const next: string[] = [];
    for (const directory of found) {
      if (!magic.test(component)) {
        const path = joinPath(directory, component);
        if ((await fs.stat(path)) !== undefined) next.push(path);
        continue;
      }
      for (const name of await namesIn(fs, directory === "" ? "." : directory)) {
        if (!componentPattern(component).test(name)) continue;
        const path = joinPath(directory, name);
        if (last || (await fs.stat(path))?.isDirectory) next.push(path);
      }
    }
    found = next;
  }
  return found.sort();
}

async function namesIn(fs: FileSystem, directory: string): Promise<string[]> {
  try {
    return await fs.list(directory);
  } catch (error) {
    if (isTfError(error) && (error.code === "NOT_FOUND" || error.code === "FAILED_PRECONDITION")) return [];
    throw error;
  }
}
