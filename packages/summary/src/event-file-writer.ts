// A queue before an event file: adding an event costs nothing, the file grows beside the program that adds.
// Source: python/summary/writer/event_file_writer.py. Its thread is a loop of promises here; where `put` would block, the promise is late.
import { defaultFileSystem, joinPath, localPath } from "@org/io";
import type { IEvent } from "@org/proto";
import { EventsWriter, type EventsWriterOptions } from "./events-writer.ts";

export interface EventFileWriterOptions extends EventsWriterOptions {
  /** How many events may wait before adding one is to be waited for. Default 10. */
  readonly maxQueue?: number;
  /** Seconds between flushes; the first event is flushed at once. Default 120. */
  readonly flushSecs?: number;
}

/** Adds events to a new event file in a directory, which is made if it is missing. */
export class EventFileWriter {
  readonly logdir: string;
  readonly #options: EventFileWriterOptions;
  readonly #writer: EventsWriter;
  readonly #queue: IEvent[] = [];
  #space: (() => void)[] = [];
  #draining: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #nextFlush = 0;
  #ready = false;
  #closed = false;

  constructor(logdir: string, options: EventFileWriterOptions = {}) {
    this.logdir = logdir;
    this.#options = options;
    this.#writer = new EventsWriter(joinPath(localPath(logdir), "events"), options);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Puts an event into the queue; nothing where the writer is closed. The promise is there when the queue has room again, and
   * never fails: what goes wrong in writing, the next `flush` or `close` throws.
   */
  addEvent(event: IEvent): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#queue.push(event);
    this.#draining ??= this.#drain();
    if (this.#queue.length <= (this.#options.maxQueue ?? 10)) return Promise.resolve();
    return new Promise((resolve) => this.#space.push(resolve));
  }

  /** Writes what waits and makes it durable. Throws TfError as EventsWriter's `flush` does, or what went wrong since the last flush. */
  async flush(): Promise<void> {
    await this.#draining;
    this.#throwFailure();
    await this.#writer.flush();
  }

  /** Flushes and closes the file. Throws as `flush` does; it is closed then, too. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#draining;
    await this.#writer.close();
    this.#throwFailure();
  }

  /** Opens a closed writer: what is added goes into a new file. Nothing where it is open. */
  reopen(): void {
    this.#closed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  async #drain(): Promise<void> {
    const now = this.#options.now ?? (() => Date.now() / 1000);
    // What is added in the same turn is taken together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const event = this.#queue.shift()!;
      try {
        await this.#makeDirectory();
        await this.#writer.writeEvent(event);
        if (now() > this.#nextFlush) {
          await this.#writer.flush();
          this.#nextFlush = now() + (this.#options.flushSecs ?? 120);
        }
      } catch (error) {
        this.#failure ??= { error };
      }
      for (const resolve of this.#space.splice(0, 1)) resolve();
    }
    this.#draining = undefined;
  }

  async #makeDirectory(): Promise<void> {
    if (this.#ready) return;
    const fs = this.#options.fs ?? (await defaultFileSystem());
    const directory = localPath(this.logdir);
    if (directory !== "" && !(await fs.stat(directory))?.isDirectory) await fs.makeDirectory(directory);
    this.#ready = true;
  }
}
