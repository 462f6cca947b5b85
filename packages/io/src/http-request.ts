// One request over HTTP, made again where that may help, its body read with a bound. What it means is http-file-system.ts's business.
import { type ErrorCode, isTfError, TfError } from "@org/errors";
import { fileError } from "./file-errors.ts";

export interface HttpOptions {
  /** In place of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** Sent with every request: credentials, say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often a request is made again after a failure that may pass (429, 5xx, a broken connection); default 3. */
  readonly retries?: number;
  /** Milliseconds before the first of them, doubled for each further one; default 100. */
  readonly retryDelay?: number;
  /** Ends every request. */
  readonly signal?: AbortSignal;
}

/** What is asked for. */
export interface HttpRequest {
  readonly method?: "GET" | "HEAD";
  /** Bytes [start, end). */
  readonly range?: readonly [start: number, end: number];
  /** Whether 416 is an answer: the file may be empty. */
  readonly mayBeEmpty?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a body: at most `limit` bytes, or exactly `target`, behind `skip` bytes; `andMore`: what comes after them is left. */
export type ReadBody = (
  limit: number,
  into?: { readonly target: Uint8Array; readonly skip: number; readonly andMore: boolean },
) => Promise<Uint8Array>;

/** A TfError about a file on a server. */
export function failure(code: ErrorCode, path: string, why: string, cause?: unknown): TfError {
  return new TfError(code, `${path}; ${why}`, { file: path, ...(cause === undefined ? {} : { cause }) });
}

/** Thrown inside an attempt that may be made again; carries what to throw if that does not help. */
class Passing extends Error {
  readonly error: TfError;
  readonly waitMs: number | undefined;
  constructor(error: TfError, waitMs?: number) {
    super();
    this.error = error;
    this.waitMs = waitMs;
  }
}

/** The longest wait that a server's Retry-After is followed for. */
const longestWaitMs = 10_000;

/** Makes a request and hands the response to `use`; again, if it fails in a way that may pass. Throws TfErrors, and a signal's reason. */
export async function request<T>(
  url: URL,
  path: string,
  options: HttpOptions,
  what: HttpRequest,
  use: (response: Response, readBody: ReadBody) => Promise<T>,
): Promise<T> {
  const signals = [options.signal, what.signal].filter((signal) => signal !== undefined);
  const { retries = 3, retryDelay = 100 } = options;
  for (let attempt = 0; ; attempt++) {
    for (const signal of signals) signal.throwIfAborted();
    try {
      return await once(url, path, options, what, signals, use);
    } catch (error) {
      for (const signal of signals) signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      if (attempt >= retries) throw error.error;
      await wait(error.waitMs ?? retryDelay * 2 ** attempt, signals);
    }
  }
}

async function once<T>(
  url: URL,
  path: string,
  options: HttpOptions,
  { method = "GET", range, mayBeEmpty }: HttpRequest,
  signals: readonly AbortSignal[],
  use: (response: Response, readBody: ReadBody) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  for (const signal of signals) signal.addEventListener("abort", stop, { once: true });
  try {
    const response = await passing(path, () =>
      (options.fetch ?? fetch)(url, {
        method,
        headers: {
          ...options.headers,
          // Ranges are of the file's own bytes, not of packed ones.
          "accept-encoding": "identity",
          ...(range ? { range: `bytes=${range[0]}-${range[1] - 1}` } : {}),
        },
        signal: ending.signal,
      }),
    );
    checkStatus(response, path, mayBeEmpty ?? false);
    return await use(response, (limit, into) => readBody(response, path, limit, into));
  } finally {
    // Whatever of the body was not read is not waited for.
    ending.abort();
    for (const signal of signals) signal.removeEventListener("abort", stop);
  }
}

/** What a failing connection throws, as one that may pass. */
async function passing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (isTfError(cause)) throw cause;
    throw new Passing(failure("UNAVAILABLE", path, `Request failed: ${String(cause)}`, cause));
  }
}

function checkStatus(response: Response, path: string, mayBeEmpty: boolean): void {
  const { status, statusText, headers } = response;
  if (status === 200 || status === 206 || (status === 416 && mayBeEmpty)) return;
  if (status === 404 || status === 410) throw fileError("ENOENT", path);
  if (status === 401 || status === 403) throw fileError("EACCES", path);
  const said = `HTTP ${status}${statusText ? ` ${statusText}` : ""}`;
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    const waitMs = seconds >= 0 ? Math.min(seconds * 1000, longestWaitMs) : undefined;
    throw new Passing(failure("UNAVAILABLE", path, said), waitMs);
  }
  throw failure(status === 416 ? "OUT_OF_RANGE" : "UNKNOWN", path, said);
}

async function readBody(
  response: Response,
  path: string,
  limit: number,
  into?: Parameters<ReadBody>[1],
): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length") ?? 0);
  if (!into && announced > limit)
    throw failure("RESOURCE_EXHAUSTED", path, `${announced} bytes, at most ${limit}`);
  const pieces: Uint8Array[] = [];
  let skip = into?.skip ?? 0;
  let length = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { value, done } = await passing(path, () => reader.read());
    if (done) break;
    const piece = value.subarray(Math.min(skip, value.length));
    skip -= value.length - piece.length;
    const room = limit - length;
    if (piece.length > room && !into?.andMore)
      throw failure("DATA_LOSS", path, `more than the ${limit} bytes that were asked for`);
    const taken = piece.subarray(0, room);
    if (into) into.target.set(taken, length);
    else pieces.push(taken);
    length += taken.length;
    if (into?.andMore && length === limit) break;
  }
  if (into && length < limit)
    throw new Passing(failure("DATA_LOSS", path, `the server sent ${length} of ${limit} bytes`));
  if (into) return into.target;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function wait(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (signal: AbortSignal) => () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const listeners = signals.map((signal) => [signal, end(signal)] as const);
    const timer = setTimeout(() => {
      for (const [signal, listener] of listeners) signal.removeEventListener("abort", listener);
      resolve();
    }, ms);
    for (const [signal, listener] of listeners) signal.addEventListener("abort", listener, { once: true });
  });
}
