// What a session and its runs are told.
import type { Operation, OpRegistry, RegisteredOp } from "@org/graph";
import type { Backend } from "@org/hlo";
import type { FileSystem, Progress } from "@org/io";
import type { IRunOptions, RunMetadata, RunOptions as RunOptionsProto } from "@org/proto";
import type { Feeds } from "./feeds.ts";
import type { NodePlacement } from "./placements.ts";

export interface SessionOptions {
  /** What ops mean; default: the graph's own registry, where its entries say so. */
  readonly ops?: OpRegistry<RegisteredOp>;
  /** In order of preference. The session closes those that it makes from functions, not those that it is given. */
  readonly backends?: readonly (Backend | Promise<Backend> | (() => Backend | Promise<Backend>))[];
  /** Whether what no backend takes runs on the evaluator: true unless given. */
  readonly fallback?: boolean;
  /**
   * Nodes run on the device that they name (allow_soft_placement). true, and unless given: where it is not there, or cannot compute that,
   * on another. false: that is an error.
   */
  readonly softPlacement?: boolean;
  /** Files that ops may reach (SaveV2, ReadFile); without it they may reach none. */
  readonly fs?: FileSystem;
  /** Told where each node of a new plan runs. */
  readonly onPlacement?: (placement: NodePlacement) => void;
  /** Prints each placement, as TensorFlow does (log_device_placement). */
  readonly logDevicePlacement?: boolean;
  /** Milliseconds after which runs end with DEADLINE_EXCEEDED (operation_timeout_in_ms); a run's own `options.timeoutInMs` counts first. */
  readonly operationTimeoutInMs?: number;
  /** Run plans that are kept: 128 unless given. */
  readonly runPlanLimit?: number;
  /** Whether nodes are fused into kernels: true unless given. false is for measuring, and for looking for what fusion does wrong. */
  readonly fusion?: boolean;
}

/** What tf.RunOptions has that means something here; any RunOptions message will do. */
export interface RunBehaviour extends Pick<IRunOptions, "timeoutInMs" | "outputPartitionGraphs"> {
  /** Anything but NO_TRACE fills the step stats of `runMetadata`. */
  readonly traceLevel?: number | keyof typeof RunOptionsProto.TraceLevel | null | undefined;
}

export interface RunOptions {
  readonly feeds?: Feeds;
  /** Operations (or names) that are run beside the fetches. */
  readonly targets?: readonly (string | Operation)[];
  readonly signal?: AbortSignal;
  /** Told how far ops are that work for long: SaveV2, RestoreV2 and their kin. */
  readonly onProgress?: (progress: Progress) => void;
  /** How it is run: traced, with a timeout. */
  readonly options?: RunBehaviour;
  /** Filled, when the run has ended well, with what `options` asks for; what it held before is gone. */
  readonly runMetadata?: RunMetadata;
}
