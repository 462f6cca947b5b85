// A reader of a session: takes names of work (mostly files) from a queue and gives the records of each, one after another, to whoever asks.
// What records are is the format's matter (record-formats.ts). Source: core/framework/reader_base.cc.
import { TfError } from "@org/errors";
import { decode, encode, ReaderBaseState } from "@org/proto";
import type { HostContext, Resource } from "../op-entry.ts";
import type { QueueState } from "../queues/queue-state.ts";
import type { ReaderRecord, RecordFormat, RecordStream } from "./record-formats.ts";

export class ReaderState implements Resource {
  readonly kind = "reader";
  readonly name: string;
  readonly #format: RecordFormat;
  /** One read after the other: the last of those that are under way. */
  #last: Promise<unknown> = Promise.resolve();
  #stream: RecordStream | undefined;
  #work = "";
  #started = 0n;
  #finished = 0n;
  #produced = 0n;

  constructor(name: string, format: RecordFormat) {
    this.name = name;
    this.#format = format;
  }

  /** "TFRecordReader 'reader'". */
  get title(): string {
    return `${this.#format.type} '${this.name}'`;
  }
  get recordsProduced(): bigint {
    return this.#produced;
  }
  get workUnitsCompleted(): bigint {
    return this.#finished;
  }

  /**
   * At most `count` records, at least one: fewer where the work at hand ends. Takes work from `queue` as it needs it, and waits for it.
   * Rejects with what the queue (OUT_OF_RANGE where it is closed and empty), the file system or the format say.
   */
  read(count: number, queue: QueueState, c: HostContext): Promise<readonly ReaderRecord[]> {
    return this.#alone(async () => {
      const records: ReaderRecord[] = [];
      while (records.length < count) {
        if (this.#finished === this.#started) await this.#begin(queue, c);
        this.#stream ??= await this.#format.open(this.#work, c);
        const record = await this.#stream.next();
        if (record) {
          records.push(record);
          this.#produced++;
        }
        if (record && !this.#format.isWhole) continue;
        await this.#close();
        this.#finished = this.#started;
        if (records.length > 0) break;
      }
      return records;
    });
  }

  /** Forgets everything. */
  reset(): Promise<void> {
    return this.#alone(() => this.#clear());
  }

  /** Bytes of a ReaderBaseState. Rejects with UNIMPLEMENTED for formats that have more of a state. */
  serialize(): Promise<Uint8Array> {
    return this.#alone(async () => {
      if (!this.#format.isWhole) throw new TfError("UNIMPLEMENTED", "Reader SerializeState");
      return encode(ReaderBaseState, {
        workStarted: this.#started,
        workFinished: this.#finished,
        numRecordsProduced: this.#produced,
        currentWork: new TextEncoder().encode(this.#work),
      });
    });
  }

  /** Goes on where `state` was taken; a state that is refused resets the reader. Rejects with UNIMPLEMENTED, INVALID_ARGUMENT. */
  restore(state: Uint8Array): Promise<void> {
    return this.#alone(async () => {
      await this.#clear();
      if (!this.#format.isWhole) throw new TfError("UNIMPLEMENTED", "Reader RestoreState");
      const { workStarted, workFinished, numRecordsProduced, currentWork } = this.#decode(state);
      const shown = `work_started: ${workStarted} work_finished: ${workFinished} num_records_produced: ${numRecordsProduced}`;
      if (workStarted < 0n || workFinished < 0n || numRecordsProduced < 0n)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Unexpected negative value when restoring in ${this.title}: ${shown}`,
        );
      if (workStarted > workFinished)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Inconsistent work started vs. finished when restoring in ${this.title}: ${shown}`,
        );
      this.#started = workStarted;
      this.#finished = workFinished;
      this.#produced = numRecordsProduced;
      this.#work = new TextDecoder().decode(currentWork);
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  #decode(state: Uint8Array): ReaderBaseState {
    try {
      return decode(ReaderBaseState, state);
    } catch (cause) {
      throw new TfError("INVALID_ARGUMENT", `Could not parse state for ${this.title}: ${escaped(state)}`, {
        cause,
      });
    }
  }

  async #begin(queue: QueueState, c: HostContext): Promise<void> {
    // Where no work comes, there is none at hand.
    this.#work = "";
    const [element] = await queue.dequeue(1, false, c);
    const [work] = element!;
    if (element!.length !== 1) c.fail("INVALID_ARGUMENT", "Expected single component queue");
    if (work!.dtype !== "string") c.fail("INVALID_ARGUMENT", "Expected queue with single string component");
    if (work!.data.length !== 1)
      c.fail("INVALID_ARGUMENT", "Expected to dequeue a one-element string tensor");
    this.#work = new TextDecoder().decode((work!.data as Uint8Array[])[0]);
    // Work whose file cannot be opened is passed over by the next read.
    this.#stream = await this.#format.open(this.#work, c);
    this.#started++;
  }

  async #clear(): Promise<void> {
    await this.#close();
    this.#started = 0n;
    this.#finished = 0n;
    this.#produced = 0n;
    this.#work = "";
  }

  async #close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    await stream?.close();
  }

  #alone<R>(body: () => Promise<R>): Promise<R> {
    const running = this.#last.then(body);
    this.#last = running.catch(() => {});
    return running;
  }
}

/** Bytes as C escapes them in messages. */
function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`,
  ).join("");
}
