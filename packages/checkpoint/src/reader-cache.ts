// Readers that are shared: each checkpoint is opened once, however many ops of a run read it (a Saver of TensorFlow 1.0 has one
// restoring op a variable). Source: core/util/tensor_slice_reader_cache.h.
import type { CheckpointReader } from "./checkpoint-reader.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

type OpenOptions = NonNullable<Parameters<typeof openCheckpoint>[1]>;

export class CheckpointReaderCache {
  readonly #options: OpenOptions;
  readonly #readers: Map<string, Promise<CheckpointReader>> = new Map();

  /** How its checkpoints are opened. */
  constructor(options: OpenOptions = {}) {
    this.#options = options;
  }

  /**
   * The reader of a prefix, or of a pattern of V1 files; the cache closes it. One that does not open is tried again when it is asked for again.
   * Throws as openCheckpoint.
   */
  get(prefix: string): Promise<CheckpointReader> {
    const known = this.#readers.get(prefix);
    if (known) return known;
    const opening = openCheckpoint(prefix, this.#options);
    this.#readers.set(prefix, opening);
    opening.catch(() => {
      if (this.#readers.get(prefix) === opening) this.#readers.delete(prefix);
    });
    return opening;
  }

  /** Closes all readers. */
  async close(): Promise<void> {
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    await Promise.all(
      readers.map((opening) =>
        opening.then(
          (reader) => reader.close(),
          () => {},
        ),
      ),
    );
  }
}
