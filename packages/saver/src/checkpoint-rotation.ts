// Which checkpoints a Saver keeps: the newest `maxToKeep`, and of the others one every N hours. Pure bookkeeping, no files.
// Source: python/training/saver.py (_RecordLastCheckpoint, _MaybeDeleteOldCheckpoints).

/** A checkpoint's prefix and when it was written, in seconds. */
export type TimedCheckpoint = readonly [path: string, time: number];

export class CheckpointRotation {
  private entries: TimedCheckpoint[] = [];
  private surplus: TimedCheckpoint[] = [];
  private nextKeepTime: number;
  private readonly maxToKeep: number;
  private readonly keepEverySeconds: number;

  /** `now` is when the Saver was made: the first checkpoint to keep for good is one of N hours later. */
  constructor(options: {
    readonly maxToKeep: number;
    readonly keepEveryNHours: number;
    readonly now: number;
  }) {
    this.maxToKeep = options.maxToKeep;
    this.keepEverySeconds = options.keepEveryNHours * 3600;
    this.nextKeepTime = options.now + this.keepEverySeconds;
  }

  /** Prefixes not yet removed, oldest first. */
  get paths(): string[] {
    return this.entries.map(([path]) => path);
  }

  /** Replaces the list. */
  set(entries: readonly TimedCheckpoint[]): void {
    this.entries = [...entries];
  }

  /** Notes a checkpoint; one of that name moves to the end. With `maxToKeep` 0 nothing is noted. */
  record(path: string, time: number): void {
    if (this.maxToKeep === 0) return;
    this.entries = this.entries.filter(([known]) => known !== path);
    this.entries.push([path, time]);
    if (this.entries.length > this.maxToKeep) this.surplus.push(this.entries.shift()!);
  }

  /** The next checkpoint to remove, if there is one and it is not to be kept for good. */
  takeSurplus(): string | undefined {
    const oldest = this.surplus.shift();
    if (!oldest) return undefined;
    if (oldest[1] > this.nextKeepTime) {
      this.nextKeepTime += this.keepEverySeconds;
      return undefined;
    }
    return oldest[0];
  }
}
