// What people name files by (a path, a URL, files that were dropped) as a FileSystem and a path in it.
import { blobFileSystem } from "./blob-file-system.ts";
import { unknownScheme } from "./file-errors.ts";
import type { FileSystem } from "./file-system.ts";
import { httpFileSystem } from "./http-file-system.ts";
import { defaultFileSystem } from "./whole-files.ts";

/** A path or prefix, a URL of one (http, https, file), or Files that lie together. */
export type Location = string | URL | Iterable<File> | ArrayLike<File>;

/** Whether `value` is files and no name. */
const isFiles = (value: unknown): value is Iterable<File> | ArrayLike<File> =>
  typeof value === "object" && value !== null && (Symbol.iterator in value || "length" in value);

/**
 * Where `location` is. A path is in `fs`, or in the machine's files; a URL of a web server (also as a string, where no `fs` is given) in an
 * `httpFileSystem` of its folder; dropped files in a `blobFileSystem`, `path` then being what `pick` chooses of their names.
 * Throws a TypeError for what is none of these; TfError UNIMPLEMENTED for a URL of another scheme; FAILED_PRECONDITION where there is no file system.
 */
export async function locate(
  location: Location,
  fs: FileSystem | undefined,
  pick: (names: readonly string[]) => string,
): Promise<{ readonly fs: FileSystem; readonly path: string }> {
  if (isFiles(location)) {
    const files = blobFileSystem(location);
    return { fs: files, path: pick(await allNames(files, "")) };
  }
  if (typeof location === "string") {
    if (fs) return { fs, path: location };
    if (/^https?:\/\//i.test(location)) return locateUrl(new URL(location));
    return { fs: await defaultFileSystem(), path: location };
  }
  if (!(location instanceof URL))
    throw new TypeError(
      `A file must be named by a string or URL, or be given as Files, not ${String(location)}`,
    );
  if (location.protocol !== "file:") return locateUrl(location);
  return { fs: fs ?? (await defaultFileSystem()), path: decodeURIComponent(location.pathname) };
}

function locateUrl(url: URL): { fs: FileSystem; path: string } {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw unknownScheme(url.protocol.slice(0, -1), String(url));
  const folder = new URL(url);
  const slash = folder.pathname.lastIndexOf("/") + 1;
  const path = decodeURIComponent(folder.pathname.slice(slash));
  folder.pathname = folder.pathname.slice(0, slash);
  return { fs: httpFileSystem(folder), path };
}

async function allNames(fs: FileSystem, directory: string): Promise<string[]> {
  const names: string[] = [];
  for (const name of await fs.list(directory === "" ? "." : directory)) {
    const path = directory === "" ? name : `${directory}/${name}`;
    if ((await fs.stat(path))?.isDirectory) names.push(...(await allNames(fs, path)));
    else names.push(path);
  }
  return names;
}
