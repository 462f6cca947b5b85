// Version rules of a VersionDef in a checkpoint. Source: CheckVersions in tensorflow/core/framework/versions.cc.
import { TfError } from "@org/errors";
import type { IVersionDef } from "@org/proto";

/** Throws TfError INVALID_ARGUMENT where this reader (version 1, from producer 0 on) may not read the file. */
export function checkVersions(versions: IVersionDef | null | undefined, file: string): void {
  const { producer = 0, minConsumer = 0, badConsumers = [] } = versions ?? {};
  const fail = (sentence: string): never => {
    throw new TfError("INVALID_ARGUMENT", sentence, { file });
  };
  if (1 < (minConsumer ?? 0)) {
    fail(
      `Checkpoint min consumer version ${minConsumer} above current version 1 for TensorFlow 1.15.5.  Please upgrade TensorFlow.`,
    );
  }
  if ((producer ?? 0) < 0) {
    fail(
      `Checkpoint producer version ${producer} below min producer 0 supported by TensorFlow 1.15.5.  Please regenerate your checkpoint.`,
    );
  }
  if ((badConsumers ?? []).includes(1)) {
    fail(
      "Checkpoint disallows consumer version 1.  Please upgrade TensorFlow: this version is likely buggy.",
    );
  }
}
