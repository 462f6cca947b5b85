// Files of a web server as a FileSystem to read from: ranges of bytes, as few requests as can be. What a server does with `Range` is
// checked, not believed. Not here: listings, which HTTP has none of. Spec: RFC 9110, sections 14 and 15.
import { TfError } from "@org/errors";
import { bytesSource, checkRange } from "./bytes.ts";
import { fileError } from "./file-errors.ts";
import type { ByteSource, FileSystem } from "./file-system.ts";
import { failure, type HttpOptions, request } from "./http-request.ts";
import { localPath } from "./path.ts";
import { refuseChanges } from "./read-only.ts";

export type { HttpOptions };

/** Bytes that the first request of a file asks for: a small file comes whole with it. */
const headBytes = 2 ** 16;
/** Bytes that a long read asks for at once. */
const pieceBytes = 2 ** 24;
/** The largest file that is taken whole from a server that does not know ranges. */
const wholeBytes = 2 ** 31;
/** Files whose beginning is kept between `stat` and `open`. */
const keptProbes = 16;

/** What the first request told of a file. */
interface Probe {
  readonly size: number;
  readonly mtime: number;
  /** Tells one version of the file from another. */
  readonly tag: string | undefined;
  readonly head: Uint8Array;
}

/**
 * A FileSystem over what lies below `baseUrl` (a folder; a query in it goes along with each request). `open` takes one request, which brings the
 * first 64 KiB, and a read beyond them one for each 16 MiB.
 *
 * Throws TfError NOT_FOUND (404, 410), PERMISSION_DENIED (401, 403; any change; a path with `..`), UNAVAILABLE (5xx and network failures
 * after `retries`), DATA_LOSS (another length than was said), ABORTED (the file changed between two reads), UNIMPLEMENTED (`list`); a
 * signal's reason.
 */
export function httpFileSystem(baseUrl: string | URL, options: HttpOptions = {}): FileSystem {
  const base = new URL(baseUrl);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const probes = new Map<string, Probe>();

  const urlOf = (path: string): URL => {
    const parts = localPath(path)
      .split("/")
      .filter((part) => part !== "" && part !== ".");
    if (parts.includes("..")) throw fileError("EACCES", path);
    const url = new URL(base);
    url.pathname += parts.map(encodeURIComponent).join("/");
    return url;
  };

  /** Asks for a file's beginning, or takes what `stat` was told before. */
  const probe = async (path: string): Promise<Probe> => {
    const known = probes.get(path);
    if (known) return known;
    const found = await firstRequest(urlOf(path), path, options);
    if (probes.size >= keptProbes) probes.delete(probes.keys().next().value!);
    probes.set(path, found);
    return found;
  };

  return {
    ...refuseChanges(),
    async open(path) {
      const found = await probe(path);
      probes.delete(path);
      return found.head.length === found.size
        ? bytesSource(found.head)
        : rangeSource(urlOf(path), path, found, options);
    },
    async stat(path) {
      try {
        const { size, mtime } = await probe(path);
        return { size, mtime, isDirectory: false };
      } catch (error) {
        if (error instanceof TfError && error.code === "NOT_FOUND") return undefined;
        throw error;
      }
    },
    async list(path) {
      throw new TfError("UNIMPLEMENTED", `A web server lists no files: ${path}`, {
        file: path,
        hint: "Name the file or the checkpoint's prefix itself.",
      });
    },
  };
}

const tagOf = ({ headers }: Response): string | undefined =>
  headers.get("etag") ?? headers.get("last-modified") ?? undefined;

async function firstRequest(url: URL, path: string, options: HttpOptions): Promise<Probe> {
  return request(
    url,
    path,
    options,
    { range: [0, headBytes], mayBeEmpty: true },
    async (response, readBody) => {
      const mtime = Date.parse(response.headers.get("last-modified") ?? "") / 1000 || 0;
      const tag = tagOf(response);
      if (response.status === 416) return { size: 0, mtime, tag, head: new Uint8Array(0) };
      if (response.status === 200) {
        const head = await readBody(wholeBytes);
        return { size: head.length, mtime, tag, head };
      }
      const { start, end, size } = contentRange(response) ?? {
        start: 0,
        end: undefined,
        size: await sizeByHead(url, path, options),
      };
      const expected = Math.min(headBytes, size);
      const head = await readBody(expected);
      if (start !== 0 || (end !== undefined && end !== expected) || head.length !== expected)
        throw failure(
          "DATA_LOSS",
          path,
          `${head.length} bytes of ${size} came where ${expected} were asked for`,
        );
      return { size, mtime, tag, head };
    },
  );
}

/** "bytes 0-9/100" as [start, end) and size; undefined where there is none to read. */
function contentRange({ headers }: Response): { start: number; end: number; size: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (!match) return undefined;
  const [start, last, size] = match.slice(1).map(Number) as [number, number, number];
  return { start, end: last + 1, size };
}

/** For a page that may not see Content-Range. */
async function sizeByHead(url: URL, path: string, options: HttpOptions): Promise<number> {
  return request(url, path, options, { method: "HEAD" }, async ({ headers }) => {
    const length = headers.get("content-length");
    if (length === null || !/^\d+$/.test(length))
      throw new TfError("FAILED_PRECONDITION", `${path}; The server does not tell its size`, {
        file: path,
        hint: "Let it send Access-Control-Expose-Headers: Content-Range.",
      });
    return Number(length);
  });
}

/** A file whose bytes beyond the first are asked for when they are needed. */
function rangeSource(url: URL, path: string, probe: Probe, options: HttpOptions): ByteSource {
  const { size, head, tag } = probe;
  const fill = async (target: Uint8Array, start: number, signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted();
    checkRange(start, start + target.length, size, path);
    const known = head.subarray(Math.min(start, head.length), start + target.length);
    target.set(known);
    for (let at = known.length; at < target.length; at += pieceBytes) {
      const piece = target.subarray(at, at + pieceBytes);
      await requestRange(piece, start + at, signal);
    }
  };
  const requestRange = (
    target: Uint8Array,
    start: number,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const end = start + target.length;
    return request(url, path, options, { range: [start, end], signal }, async (response, readBody) => {
      const range = contentRange(response);
      if ((range && range.size !== size) || (tag !== undefined && tagOf(response) !== tag))
        throw new TfError("ABORTED", `${path} changed while it was read`, {
          file: path,
          hint: "Open it again.",
        });
      // A server that has forgotten how to do ranges sends all.
      const skip = response.status === 200 ? start : 0;
      if (response.status === 206 && range && (range.start !== start || range.end !== end))
        throw failure("DATA_LOSS", path, `bytes ${range.start} to ${range.end} came for ${start} to ${end}`);
      await readBody(target.length, { target, skip, andMore: response.status === 200 });
    });
  };
  return {
    size,
    pieceBytes,
    async read(start, end, given) {
      checkRange(start, end, size, path);
      const bytes = new Uint8Array(end - start);
      await fill(bytes, start, given?.signal);
      return bytes;
    },
    readInto: (target, start, given) => fill(target, start, given?.signal),
    async close() {},
  };
}
