// CheckpointManager: saves numbered checkpoints into a directory through a Saver, keeps the newest ones and one every N hours, and remembers
// in the directory's state file which those are and when they were written, so that the next manager goes on with them.
// Over a Saver, where TensorFlow's is over a tf.train.Checkpoint. Source: python/training/checkpoint_management.py (CheckpointManager), with
// TensorFlow 2's checkpoint_interval and init_fn.
import { getCheckpointState, removeCheckpoint, updateCheckpointState } from "@org/checkpoint";
import { TfError } from "@org/errors";
import {
  basename,
  defaultFileSystem,
  type FileSystem,
  isAbsolutePath,
  joinPath,
  relativePath,
} from "@org/io";
import { stepNumber } from "./save-run.ts";
import type { Saver } from "./saver.ts";
import type { SaveOptions } from "./saver-options.ts";
import type { SaverSession } from "./saver-session.ts";

type Step = NonNullable<SaveOptions["globalStep"]>;

/** Arguments of tf.train.CheckpointManager. */
export interface CheckpointManagerOptions {
  /** Checkpoints in the active set; null: all stay in it. */
  readonly maxToKeep: number | null;
  /** A checkpoint that leaves the active set is kept for good where it is so many hours newer than the last one so kept. Default: none is. */
  readonly keepCheckpointEveryNHours?: number | undefined;
  /** What file names begin with. Default "ckpt". */
  readonly checkpointName?: string;
  /** Holds the current step; asked where `checkpointInterval` is given. */
  readonly stepCounter?: Step | undefined;
  /** Least number of steps from one checkpoint to the next. */
  readonly checkpointInterval?: number | undefined;
  /** Step of the last checkpoint, from which the interval counts. */
  readonly lastCheckpointStep?: number | undefined;
  /** Called by `restoreOrInitialize` where the directory has no checkpoint. */
  readonly initFn?: (() => unknown) | undefined;
  /** Seconds since the epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** Told of a clock that was set back, a state file that cannot be read, an old file that cannot be removed. */
  readonly onWarning?: (message: string) => void;
}

/** Arguments of `CheckpointManager.save`. */
export interface ManagedSaveOptions
  extends Omit<SaveOptions, "globalStep" | "writeState" | "latestFilename"> {
  /** The number in the file name. Default: one more than the greatest so far. */
  readonly checkpointNumber?: Step | undefined;
  /** false: save though `checkpointInterval` is not over; never twice at one step. Default true. */
  readonly checkInterval?: boolean;
}

/**
 * Manages the checkpoints of one directory; only one manager should be at work in a directory. `await CheckpointManager.open(...)` makes one.
 */
export class CheckpointManager {
  readonly saver: Saver;
  readonly directory: string;
  readonly checkpointInterval: number | undefined;
  private readonly session: SaverSession;
  private readonly fs: FileSystem;
  private readonly options: CheckpointManagerOptions;
  private readonly clock: () => number;
  /** The active set with times in seconds, oldest first. */
  private readonly active: Map<string, number> = new Map();
  private latest: string | undefined;
  private lastPreserved = 0;
  private lastNumber = 0n;
  private lastStep: number | undefined;

  private constructor(
    saver: Saver,
    session: SaverSession,
    directory: string,
    fs: FileSystem,
    options: CheckpointManagerOptions,
  ) {
    this.saver = saver;
    this.session = session;
    this.directory = directory;
    this.fs = fs;
    this.options = options;
    this.checkpointInterval = options.checkpointInterval;
    this.clock = options.clock ?? (() => Date.now() / 1000);
    this.lastStep = options.lastCheckpointStep;
  }

  /**
   * A manager of `directory`, which need not be there yet; one that was managed before is gone on with: its checkpoints, their times.
   * Checkpoints that a Saver left there are not managed, and never removed.
   * Throws TfError INVALID_ARGUMENT where `maxToKeep` is not positive, or there is an interval and no `stepCounter`; else as `getCheckpointState`.
   */
  static async open(
    saver: Saver,
    session: SaverSession,
    directory: string,
    options: CheckpointManagerOptions,
  ): Promise<CheckpointManager> {
    const { maxToKeep, checkpointInterval, stepCounter } = options;
    if (maxToKeep !== null && !(Number.isInteger(maxToKeep) && maxToKeep > 0))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected a positive integer or \`None\` for \`max_to_keep\`, got ${maxToKeep}.`,
        { hint: "Pass { maxToKeep: null } to keep all." },
      );
    if (checkpointInterval !== undefined && stepCounter === undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        "`step_counter` should be passed if `checkpoint_interval` is not None.",
      );
    const fs = session.fs ?? (await defaultFileSystem());
    const manager = new CheckpointManager(saver, session, directory, fs, options);
    await manager.recover();
    return manager;
  }

  /** The prefix of the newest checkpoint in the directory, for `saver.restore`; undefined where there is none. */
  get latestCheckpoint(): string | undefined {
    return this.latest;
  }

  /** Prefixes of the active set, oldest first. Those that are kept for good are not in it. */
  get checkpoints(): string[] {
    return [...this.active.keys()];
  }

  /**
   * Saves a checkpoint, "<directory>/ckpt-<number>", notes it in the state file, and removes what no longer belongs to the active set. Yields
   * its prefix; undefined where nothing was saved, since the interval is not over or the Saver has no variables. The state file names
   * whole checkpoints at every moment. Throws as `Saver.save`.
   */
  async save(options: ManagedSaveOptions = {}): Promise<string | undefined> {
    const { checkpointNumber, checkInterval = true, ...rest } = options;
    if (this.checkpointInterval !== undefined && !(await this.isDue(checkInterval, options.signal)))
      return undefined;
    const number =
      checkpointNumber === undefined
        ? this.lastNumber + 1n
        : BigInt(await stepNumber(this.session, checkpointNumber, options.signal));
    await this.fs.makeDirectory(this.directory);
    const prefix = joinPath(this.directory, this.options.checkpointName ?? "ckpt");
    const saved = await this.saver.save(this.session, prefix, {
      ...rest,
      globalStep: number,
      writeState: false,
    });
    if (saved === undefined) return undefined;
    if (number > this.lastNumber) this.lastNumber = number;
    // One that is written over goes to the end.
    this.active.delete(saved);
    this.active.set(saved, this.clock());
    this.latest = saved;
    // Named before anything is removed, so that a kill in between leaves a state file that is right; then without what was removed.
    await this.recordState();
    await this.sweep(options.metaGraphSuffix);
    await this.recordState();
    return saved;
  }

  /**
   * Restores from the newest checkpoint and yields its prefix; without one, calls `initFn`, if there is one, and yields undefined.
   * Throws as `Saver.restore`.
   */
  async restoreOrInitialize(options: Parameters<Saver["restore"]>[2] = {}): Promise<string | undefined> {
    if (this.latest !== undefined) {
      await this.saver.restore(this.session, this.latest, options);
      if (this.checkpointInterval !== undefined) this.lastStep = await this.currentStep(options.signal);
      return this.latest;
    }
    await this.options.initFn?.();
    return undefined;
  }

  /** Takes over what the state file says. */
  private async recover(): Promise<void> {
    const { onWarning } = this.options;
    const state = await getCheckpointState(this.directory, {
      fs: this.fs,
      ...(onWarning ? { onWarning } : {}),
    });
    const now = this.clock();
    if (!state) {
      // Slightly back, for a manager that is made again at once.
      this.lastPreserved = now - 1;
      return;
    }
    this.latest = state.modelCheckpointPath;
    this.lastPreserved = state.lastPreservedTimestamp;
    if (now < this.lastPreserved) {
      onWarning?.(
        `time.time() returned a value ${(this.lastPreserved - now).toFixed(6)} seconds behind the last preserved checkpoint timestamp.`,
      );
      this.lastPreserved = now;
    }
    const { allModelCheckpointPaths: paths, allModelCheckpointTimestamps: times } = state;
    for (const [i, path] of paths.entries()) {
      // A state file may come from anywhere: what lies elsewhere is not this manager's to remove.
      if (!liesIn(path, this.directory)) continue;
      const time = Math.min(times[i] ?? this.lastPreserved, now);
      if (time > this.lastPreserved) this.active.set(path, time);
    }
    for (const path of [...paths, this.latest]) {
      const number = numberOf(path);
      if (number > this.lastNumber) this.lastNumber = number;
    }
  }

  /** Removes the oldest of the active set, or keeps them for good. */
  private async sweep(metaGraphSuffix: string | undefined): Promise<void> {
    const { maxToKeep, keepCheckpointEveryNHours: hours } = this.options;
    if (maxToKeep === null) return;
    for (const [path, time] of [...this.active].slice(0, Math.max(0, this.active.size - maxToKeep))) {
      this.active.delete(path);
      if (hours && time - hours * 3600 >= this.lastPreserved) {
        this.lastPreserved = time;
        continue;
      }
      try {
        await removeCheckpoint(path, {
          fs: this.fs,
          ...(metaGraphSuffix === undefined ? {} : { metaGraphSuffix }),
          checkpointFormatVersion: (await this.fs.stat(`${path}.index`)) ? "V2" : "V1",
        });
      } catch (error) {
        this.options.onWarning?.(`Ignoring: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  private recordState(): Promise<void> {
    return updateCheckpointState(this.directory, this.latest!, {
      fs: this.fs,
      allModelCheckpointPaths: [...this.active.keys()],
      allModelCheckpointTimestamps: [...this.active.values()],
      lastPreservedTimestamp: this.lastPreserved,
      saveRelativePaths: true,
    });
  }

  private async currentStep(signal: AbortSignal | undefined): Promise<number> {
    return Number(await stepNumber(this.session, this.options.stepCounter!, signal));
  }

  /** Whether the interval is over; if so, it begins anew. */
  private async isDue(checkInterval: boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const step = await this.currentStep(signal);
    if (this.lastStep !== undefined) {
      if (step === this.lastStep) return false;
      if (checkInterval && step < this.lastStep + this.checkpointInterval!) return false;
    }
    this.lastStep = step;
    return true;
  }
}

function liesIn(path: string, directory: string): boolean {
  if (isAbsolutePath(path) !== isAbsolutePath(directory)) return false;
  const name = relativePath(path, directory);
  return !name.includes("/") && name !== ".." && name !== ".";
}

/** The number at the end of a prefix, V1 shards aside: 12 of "d/ckpt-12"; 0 where it has none. */
function numberOf(prefix: string): bigint {
  const found = /-(\d{1,18})(?:-[\d?]{5}-of-\d{5})?$/.exec(basename(prefix));
  return found ? BigInt(found[1]!) : 0n;
}
