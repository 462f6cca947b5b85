// What a Saver, and its save, can be told. Source: the arguments of tf.train.Saver and Saver.save.
import type { CollectionRegistry } from "@org/collections";
import type { Graph, Tensor } from "@org/graph";
import type { ISaverDef } from "@org/proto";
import type { VariableBase } from "@org/variables";
import type { BaseSaverBuilder } from "./saver-builder.ts";
import type { Progress } from "./saver-session.ts";

/** Arguments of tf.train.Saver. */
export interface SaverOptions {
  /** The graph to build in; default: that of the variables, else the current graph. */
  readonly graph?: Graph | undefined;
  /** Lets tensors be restored into variables of another shape with as many elements. */
  readonly reshape?: boolean;
  /** One shard a device. */
  readonly sharded?: boolean;
  /** Checkpoints kept; 0 or null: all, unlisted. Default 5. */
  readonly maxToKeep?: number | null;
  /** Beyond those, one is kept every so many hours. Default 10,000. */
  readonly keepCheckpointEveryNHours?: number;
  /** Name scope of the ops (default "save"); with `saverDef`, the scope that it was imported under. */
  readonly name?: string | undefined;
  /** Handed to the builder; reading in bulk is sequential anyway. */
  readonly restoreSequentially?: boolean;
  /** Ops that are in the graph already, instead of building some. */
  readonly saverDef?: ISaverDef;
  /** Builds no ops before `build()`. */
  readonly deferBuild?: boolean;
  /** Without variables: do nothing, rather than throw. */
  readonly allowEmpty?: boolean;
  /** Builds the ops that write and read, and says which format they write; default: a BulkSaverBuilder. */
  readonly builder?: BaseSaverBuilder;
  /** Format that the save ops write. Default "V2"; a `builder` has its own. */
  readonly writeVersion?: "V1" | "V2";
  /** Steps in file names get eight digits. */
  readonly padStepNumber?: boolean;
  /** Writes paths into the state file that survive moving the directory. */
  readonly saveRelativePaths?: boolean;
  /** Prefix in the graph where none is fed. Default "model". */
  readonly filename?: string;
  /** Collection types for the .meta. Default: `standardCollections`. */
  readonly collections?: CollectionRegistry;
  /** Seconds since the epoch. Default: the machine's clock. */
  readonly clock?: () => number;
  /** Told what does not stop a save: a collection left out, an old file that cannot be removed. */
  readonly onWarning?: (message: string) => void;
}

/** Arguments of `save`. */
export interface SaveOptions {
  /** Appended to the prefix: a number, or a tensor, tensor name or variable that holds it. */
  readonly globalStep?: number | bigint | string | Tensor | VariableBase | undefined;
  /** Name of the state file. Default "checkpoint". */
  readonly latestFilename?: string | undefined;
  /** Default "meta". */
  readonly metaGraphSuffix?: string | undefined;
  readonly writeMetaGraph?: boolean | undefined;
  readonly writeState?: boolean | undefined;
  /** Leaves attributes that equal their default out of the .meta. */
  readonly stripDefaultAttrs?: boolean | undefined;
  /** Writes "<prefix>.debug", a GraphDebugInfo of where the graph's ops were made; takes a graph that records traces. */
  readonly saveDebugInfo?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
