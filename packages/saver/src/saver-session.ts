// What a Saver asks of a session: @org/session's Session is one, a test's stand-in another.
import type { Graph, Operation } from "@org/graph";
import type { FileSystem, Progress } from "@org/io";
import type { NdArray } from "@org/tensor";

export type { Progress };

/** What a Saver passes with a run. */
export interface SaverRunOptions {
  /** Tensor names with their values. */
  readonly feeds?: Readonly<Record<string, NdArray>>;
  /** Operations to run beside the fetches, by name. */
  readonly targets?: readonly (string | Operation)[];
  readonly signal?: AbortSignal;
  /** A session that can tell calls it while SaveV2 and RestoreV2 work. */
  readonly onProgress?: (progress: Progress) => void;
}

/** A session: a graph, the files that its ops work on, and a way to run ops. Fetches mirror what is asked for. */
export interface SaverSession {
  readonly graph: Graph;
  readonly fs?: FileSystem | undefined;
  /** Called with the prefix that a save or restore is about to work on, for a session that keeps its ops from other files. */
  allowFiles?(prefix: string): void;
  run(fetches: string | readonly string[], options?: SaverRunOptions): Promise<unknown>;
}

/** Whether `value` can be used as a session. */
export function isSaverSession(value: unknown): value is SaverSession {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<SaverSession>).run === "function" &&
    typeof (value as Partial<SaverSession>).graph === "object"
  );
}
