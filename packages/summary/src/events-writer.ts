// Writes one event file. Events are on their way to the disk when they are written, and there after `flush`. When to flush is
// EventFileWriter's business, what to write FileWriter's.
// Source: core/util/events_writer.cc.
import { TfError } from "@org/errors";
import {
  appendSink,
  createRecordWriter,
  defaultFileSystem,
  type FileSystem,
  localPath,
  type RecordWriter,
} from "@org/io";
import { Event, encode, type IEvent } from "@org/proto";

/** What the first event of a file says. */
export const eventFileVersion = "brain.Event:2";

export interface EventsWriterOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  /** Stands at the end of the file's name. */
  readonly filenameSuffix?: string;
  /** Seconds since the epoch. Default: the clock. */
  readonly now?: () => number;
  /** Default: this machine's name; the page's host in a browser. */
  readonly hostname?: string;
}

/**
 * Event files "<prefix>.out.tfevents.<seconds>.<host><suffix>", one at a time: the first one at the first event, another one where the first
 * has been removed or closed. Where a file of that name is there, a number comes behind the host (TensorFlow would overwrite it).
 */
export class EventsWriter {
  readonly #prefix: string;
  readonly #options: EventsWriterOptions;
  #fs: FileSystem | undefined;
  #fileName = "";
  #records: RecordWriter | undefined;
  #outstanding = 0;
  #lost = 0;

  constructor(prefix: string, options: EventsWriterOptions = {}) {
    this.#prefix = localPath(prefix);
    this.#options = options;
  }

  /** Events written since the last flush. */
  get outstandingEvents(): number {
    return this.#outstanding;
  }

  /** Events that went with a file that somebody removed before they were flushed. */
  get lostEvents(): number {
    return this.#lost;
  }

  /**
   * Opens a file, unless one is open and still there; its first event, the version, is flushed at once.
   * Throws TfError as `append` of the file system does: NOT_FOUND where the directory is missing.
   */
  async init(): Promise<void> {
    if (this.#records) {
      if (await this.#isThere()) return;
      this.#lost += this.#outstanding;
      await this.#records.close();
      this.#records = undefined;
    }
    const fs = await this.#fileSystem();
    const seconds = Math.floor((this.#options.now ?? (() => Date.now() / 1000))());
    this.#fileName = await this.#freeName(fs, seconds);
    this.#records = await createRecordWriter(await appendSink(fs, this.#fileName));
    this.#outstanding = 0;
    await this.writeEvent({ wallTime: seconds, fileVersion: eventFileVersion });
    await this.flush();
  }

  /** Path of the file; opens one if there was none yet. */
  async fileName(): Promise<string> {
    if (this.#fileName === "") await this.init();
    return this.#fileName;
  }

  /** Writes an event, or the bytes of one. Opens a file if none is open. */
  async writeEvent(event: IEvent | Uint8Array): Promise<void> {
    const bytes = event instanceof Uint8Array ? event : encode(Event, event);
    if (!this.#records) await this.init();
    this.#outstanding++;
    await this.#records!.write(bytes);
  }

  /**
   * Makes what was written durable. Throws TfError UNKNOWN "The events file <path> has disappeared." where somebody has removed
   * it, and what the file system throws; the events count as written only if it throws nothing.
   */
  async flush(): Promise<void> {
    if (this.#outstanding === 0 || !this.#records) return;
    await this.#records.flush();
    if (!(await this.#isThere()))
      throw new TfError("UNKNOWN", `The events file ${this.#fileName} has disappeared.`, {
        file: this.#fileName,
        hint: `${this.#outstanding} events went with it; \`init\` opens another file.`,
      });
    this.#outstanding = 0;
  }

  /** Flushes and closes the file; an event after that opens another one. Throws as `flush` does; it is closed then, too. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      const records = this.#records;
      this.#records = undefined;
      this.#outstanding = 0;
      await records?.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #fileSystem(): Promise<FileSystem> {
    this.#fs ??= this.#options.fs ?? (await defaultFileSystem());
    return this.#fs;
  }

  async #isThere(): Promise<boolean> {
    return (await (await this.#fileSystem()).stat(this.#fileName)) !== undefined;
  }

  async #freeName(fs: FileSystem, seconds: number): Promise<string> {
    const { filenameSuffix = "", hostname = hostName() } = this.#options;
    const stem = `${this.#prefix}.out.tfevents.${String(seconds).padStart(10, "0")}.${hostname}`;
    for (let i = 0; ; i++) {
      const name = `${stem}${i === 0 ? "" : `.${i}`}${filenameSuffix}`;
      if (!(await fs.stat(name))) return name;
    }
  }
}

function hostName(): string {
  if (typeof process === "object" && typeof process.getBuiltinModule === "function")
    return process.getBuiltinModule("node:os").hostname();
  const { location } = globalThis as { readonly location?: { readonly hostname?: string } };
  return location?.hostname || "localhost";
}
