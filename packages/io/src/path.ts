// Paths as TensorFlow means them: slash-separated strings that are joined by text, with an optional scheme.
// No normalization happens where TensorFlow does none: a prefix is a string that files are made from.
// Source: core/lib/io/path.cc, python/lib/io/file_io.py, os.path (posix) where the Python code uses it.
import { TfError } from "@org/errors";
import { unknownScheme } from "./file-errors.ts";

const scheme = /^([a-zA-Z][0-9a-zA-Z.]*):\/\//;

/** Scheme ("" if none), host and path of a file name: "gs://bucket/a" -> ["gs", "bucket", "/a"]. */
export function parseUri(name: string): { scheme: string; host: string; path: string } {
  const match = scheme.exec(name);
  if (match === null) return { scheme: "", host: "", path: name };
  const rest = name.slice(match[0].length);
  const slash = rest.indexOf("/");
  if (slash < 0) return { scheme: match[1]!, host: rest, path: "" };
  return { scheme: match[1]!, host: rest.slice(0, slash), path: rest.slice(slash) };
}

/**
 * The path that a FileSystem sees: a "file://" in front is stripped. Throws TfError UNIMPLEMENTED for another scheme,
 * INVALID_ARGUMENT for an empty name or one with a NUL.
 */
export function localPath(name: string): string {
  if (name.includes("\0"))
    throw new TfError("INVALID_ARGUMENT", `File name with a NUL: ${JSON.stringify(name)}`);
  const { scheme: kind, path } = parseUri(name);
  if (kind !== "" && kind !== "file") {
    throw unknownScheme(kind, name);
  }
  if (path === "") {
    throw new TfError("NOT_FOUND", `${name}; No such file or directory`, { file: name });
  }
  return path;
}

/** Puts paths together as os.path.join does: an absolute part starts anew, an empty last part leaves a slash. */
export function joinPath(first: string, ...more: readonly string[]): string {
  let path = first;
  for (const part of more) {
    if (part.startsWith("/") || scheme.test(part)) path = part;
    else if (path === "" || path.endsWith("/")) path += part;
    else path += `/${part}`;
  }
  return path;
}

/** Where the last slash divides a path; a scheme and host are never cut off. */
function split(path: string): number {
  const prefix = path.length - parseUri(path).path.length;
  return Math.max(path.lastIndexOf("/") + 1, prefix);
}

/** What is before the last slash, without it (but "/" itself stays): "a/b" -> "a", "a" -> "". */
export function dirname(path: string): string {
  const head = path.slice(0, split(path));
  const prefix = path.slice(0, path.length - parseUri(path).path.length);
  const stripped = head.replace(/\/+$/, "");
  return stripped.length <= prefix.length ? head : stripped;
}

/** What is after the last slash: "a/b" -> "b", "a/" -> "". */
export function basename(path: string): string {
  return path.slice(split(path));
}

/** Whether a path is absolute: it begins with a slash or has a scheme. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || scheme.test(path);
}

/** `path` as seen from `from`, as os.path.relpath gives it for two absolute or two relative paths: "a/b/c" from "a" is "b/c". */
export function relativePath(path: string, from: string): string {
  const parts = (name: string): string[] => {
    const result: string[] = [];
    for (const part of name.split("/")) {
      if (part === "" || part === ".") continue;
      if (part === ".." && result.length > 0 && result.at(-1) !== "..") result.pop();
      else result.push(part);
    }
    return result;
  };
  const [target, start] = [parts(path), parts(from)];
  let shared = 0;
  while (shared < target.length && shared < start.length && target[shared] === start[shared]) shared++;
  const relative = [...new Array<string>(start.length - shared).fill(".."), ...target.slice(shared)];
  return relative.length === 0 ? "." : relative.join("/");
}
