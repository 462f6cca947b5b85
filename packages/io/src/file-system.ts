// The door to files. Everything that reads or writes goes through a FileSystem: Node's, memory, dropped
// files, OPFS, HTTP. Six required methods on validated paths; a path means what TensorFlow means by it
// ("file://" prefixes are stripped before a FileSystem sees them). `@org/io/testing` is the test-suite that an implementation passes.

/** Random access to bytes. */
export interface ByteSource {
  readonly size: number;
  /**
   * Bytes [start, end). Throws TfError OUT_OF_RANGE where fewer are there.
   * A caller may keep and must not change the result.
   */
  read(start: number, end: number, options?: { signal?: AbortSignal }): Promise<Uint8Array>;
  /**
   * Fills `target` with the bytes from `start` on, where a source can do that without another copy; `readInto` does it for all.
   * Throws as `read`.
   */
  readInto?(target: Uint8Array, start: number, options?: { signal?: AbortSignal }): Promise<void>;
  /** Bytes that are best read at once, where that matters: a read over a network is a request. */
  readonly pieceBytes?: number;
  close(): Promise<void>;
}

/** How far a long piece of work is: bytes, and what is at hand. */
export interface Progress {
  readonly loaded: number;
  /** Left out where it is not known beforehand. */
  readonly total?: number;
  readonly name?: string;
}

/** Appends bytes; nothing is visible under the path before `close`, if the file system can promise that. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Flushes to durable storage (fsync) and closes. */
  close(): Promise<void>;
  /** Closes and removes what was written. */
  abort(): Promise<void>;
}

/** A file that grows: what was written is there for readers after `flush`, and stays whatever happens later. */
export interface AppendSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Hands what was written to durable storage (fsync). */
  flush(): Promise<void>;
  /** Flushes and closes. */
  close(): Promise<void>;
}

export interface FileStat {
  readonly size: number;
  /** Seconds since the epoch, fractional. */
  readonly mtime: number;
  readonly isDirectory: boolean;
}

export interface FileSystem {
  /** True where nothing can be changed: whoever would mend what a killed save left need not look for it. */
  readonly readOnly?: boolean;
  /** Opens for reading. TfError NOT_FOUND, "<path>; No such file or directory"; FAILED_PRECONDITION "<path>; Is a directory". */
  open(path: string): Promise<ByteSource>;
  /** Creates or truncates. TfError NOT_FOUND where the parent directory is missing. */
  create(path: string): Promise<ByteSink>;
  /** Atomic replace. TfError NOT_FOUND where `from` is missing. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. TfError NOT_FOUND where it is missing. */
  remove(path: string): Promise<void>;
  /** undefined where there is nothing. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Names in a directory, sorted, without the path. TfError NOT_FOUND where it is missing. */
  list(path: string): Promise<string[]>;
  /** Creates a directory and its parents; fine if it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>;
  /**
   * Opens for writing at the end, creating an empty file where there is none. TfError NOT_FOUND where the parent directory is missing.
   * A file system without it can still grow files by writing them again: `appendSink`.
   */
  append?(path: string): Promise<AppendSink>;
  /** Makes a completed rename durable (fsync of the directory), where there is such a thing. */
  syncDirectory?(path: string): Promise<void>;
}
