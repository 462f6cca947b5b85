// tf.TFRecordReader and its kin: readers as a program builds them. Source: python/ops/io_ops.py of TensorFlow 1.15.
import type { Graph, Operation, Tensor } from "@org/graph";
import { isTensor } from "@org/graph";
import type { RecordCompression } from "@org/io";
import { applyOne, applyOp } from "../apply-op.ts";
import type { QueueBase } from "../queues/queue.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.ReaderBase: what all readers do: records, one by one, from the files that a queue names. @tfExport ReaderBase */
export class ReaderBase {
  readonly readerRef: Tensor;
  /** Whether its state can be saved. */
  readonly supportsSerialize: boolean;

  /** A reader that is there already. */
  constructor(readerRef: Tensor, supportsSerialize = false) {
    this.readerRef = readerRef;
    this.supportsSerialize = supportsSerialize;
  }

  get graph(): Graph {
    return this.readerRef.graph;
  }

  /** The next record: its key and value, scalar strings. The queue holds names of files; one after another is read to its end. */
  read(queue: QueueBase | Tensor, options: NameOption = {}): readonly [key: Tensor, value: Tensor] {
    const [key, value] = this.#verb("ReaderRead", [this.#queue(queue)], options).outputs;
    return [key!, value!];
  }

  /** At most `numRecords` records, fewer at the end of a file: keys and values, string vectors. */
  readUpTo(
    queue: QueueBase | Tensor,
    numRecords: TensorLike,
    options: NameOption = {},
  ): readonly [keys: Tensor, values: Tensor] {
    const [keys, values] = this.#verb("ReaderReadUpTo", [this.#queue(queue), numRecords], options).outputs;
    return [keys!, values!];
  }

  /** How many records it gave, an int64 scalar. */
  numRecordsProduced(options: NameOption = {}): Tensor {
    return this.#verb("ReaderNumRecordsProduced", [], options).outputs[0]!;
  }

  /** How many files it read to their ends, an int64 scalar. */
  numWorkUnitsCompleted(options: NameOption = {}): Tensor {
    return this.#verb("ReaderNumWorkUnitsCompleted", [], options).outputs[0]!;
  }

  /** Its state, a scalar string; running it fails with UNIMPLEMENTED for readers that have none to save. */
  serializeState(options: NameOption = {}): Tensor {
    return this.#verb("ReaderSerializeState", [], options).outputs[0]!;
  }

  /** Puts it into a state that `serializeState` gave. */
  restoreState(state: TensorLike, options: NameOption = {}): Operation {
    return this.#verb("ReaderRestoreState", [state], options);
  }

  /** Puts it into the state of a new one. */
  reset(options: NameOption = {}): Operation {
    return this.#verb("ReaderReset", [], options);
  }

  get #isResource(): boolean {
    return this.readerRef.dtype === "resource";
  }

  #verb(op: string, inputs: readonly TensorLike[], options: NameOption): Operation {
    return applyOp(this.#isResource ? `${op}V2` : op, [this.readerRef, ...inputs], options);
  }

  /** The queue's handle, as a reference where the reader is one. */
  #queue(queue: QueueBase | Tensor): Tensor {
    const ref = isTensor(queue) ? queue : queue.queueRef;
    return this.#isResource || ref.dtype !== "resource" ? ref : applyOne("FakeQueue", [ref]);
  }
}

/** tf.WholeFileReader: a record is a file; its key the file's name. @tfExport WholeFileReader */
export class WholeFileReader extends ReaderBase {
  constructor(options: NameOption = {}) {
    super(applyOne("WholeFileReaderV2", [], options), true);
  }
}

/** tf.IdentityReader: a record is what the queue gives, as key and value. @tfExport IdentityReader */
export class IdentityReader extends ReaderBase {
  constructor(options: NameOption = {}) {
    super(applyOne("IdentityReaderV2", [], options), true);
  }
}

export interface TextLineReaderOptions extends NameOption {
  /** Lines at the beginning of each file that are left out: 0 unless given. */
  readonly skipHeaderLines?: number | undefined;
}

/** tf.TextLineReader: a record is a line without its end; its key "file:number". @tfExport TextLineReader */
export class TextLineReader extends ReaderBase {
  constructor({ name, skipHeaderLines }: TextLineReaderOptions = {}) {
    super(applyOne("TextLineReaderV2", [], { name, attrs: { skip_header_lines: skipHeaderLines } }));
  }
}

export interface TFRecordReaderOptions extends NameOption {
  /** How files are compressed; not at all unless given. */
  readonly compression?: RecordCompression | undefined;
}

/** tf.TFRecordReader: a record is a TFRecord; its key "file:offset". @tfExport TFRecordReader */
export class TFRecordReader extends ReaderBase {
  constructor({ name, compression }: TFRecordReaderOptions = {}) {
    super(applyOne("TFRecordReaderV2", [], { name, attrs: { compression_type: compression } }));
  }
}

export interface FixedLengthReaderOptions extends NameOption {
  /** Bytes at the beginning of each file that are left out: 0 unless given. */
  readonly headerBytes?: number | undefined;
  /** Bytes that must follow the last record: 0 unless given. */
  readonly footerBytes?: number | undefined;
  /** Bytes from one record to the next: `recordBytes` unless given. */
  readonly hopBytes?: number | undefined;
  /** How files are compressed; not at all unless given. */
  readonly encoding?: RecordCompression | undefined;
}

/** tf.FixedLengthRecordReader: a record is `recordBytes` bytes; its key "file:number". @tfExport FixedLengthRecordReader */
export class FixedLengthRecordReader extends ReaderBase {
  constructor(recordBytes: number, options: FixedLengthReaderOptions = {}) {
    const { name, headerBytes, footerBytes, hopBytes, encoding } = options;
    super(
      applyOne("FixedLengthRecordReaderV2", [], {
        name,
        attrs: {
          header_bytes: headerBytes,
          record_bytes: recordBytes,
          footer_bytes: footerBytes,
          hop_bytes: hopBytes,
          encoding,
        },
      }),
    );
  }
}
