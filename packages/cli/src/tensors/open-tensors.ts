// Opens what holds tensors by the kind that was found out.
import { type CheckpointReader, openCheckpoint } from "@org/checkpoint";
import { defaultFileSystem } from "@org/io";
import type { Identified } from "../files/identify.ts";
import { openNpz } from "./npz.ts";
import { openSafetensors } from "./safetensors.ts";
import type { TensorSource } from "./tensor-file.ts";

/** Kinds of files that hold named tensors. */
export const tensorKinds = ["checkpoint", "npz", "safetensors"] as const;

/** Whether it holds named tensors. */
export const holdsTensors = ({ kind }: Identified): boolean =>
  (tensorKinds as readonly string[]).includes(kind);

/** An open checkpoint as a file of tensors. */
export interface CheckpointSource extends TensorSource {
  readonly reader: CheckpointReader;
}

/** Opens a checkpoint. Throws as `openCheckpoint`. */
export async function openCheckpointSource(prefix: string, signal?: AbortSignal): Promise<CheckpointSource> {
  const reader = await openCheckpoint(prefix, signal ? { signal } : {});
  return {
    format: `${reader.version} checkpoint`,
    path: prefix,
    entries: reader.names().map((name) => ({ name, dtype: reader.dtype(name), shape: reader.shape(name) })),
    get: (name, options) => reader.get(name, options),
    reader,
    [Symbol.asyncDispose]: () => reader.close(),
  };
}

/** Opens a file of tensors. Throws TfError as the formats do; TypeError for another kind. */
export async function openTensors(found: Identified, signal?: AbortSignal): Promise<TensorSource> {
  if (found.kind === "checkpoint") return openCheckpointSource(found.path, signal);
  if (!holdsTensors(found)) throw new TypeError(`${found.kind} holds no tensors`);
  const source = await (await defaultFileSystem()).open(found.path);
  try {
    return await (found.kind === "npz" ? openNpz : openSafetensors)(found.path, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}
