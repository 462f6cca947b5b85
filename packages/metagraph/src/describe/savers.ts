// The Savers of a MetaGraph: `saver_def`, and the collection `savers`.
import { GraphKeys } from "@org/collections";
import { decode, type IMetaGraphDef, type ISaverDef, SaverDef } from "@org/proto";
import type { SaverDescription } from "./description.ts";

const versions: Readonly<Record<number, SaverDescription["version"]>> = { 0: "LEGACY", 1: "V1", 2: "V2" };

/** Savers, the MetaGraphDef's own first; one that is in both places once. */
export function describeSavers(def: IMetaGraphDef): SaverDescription[] {
  const savers = def.saverDef ? [describeSaver(def.saverDef, true)] : [];
  for (const bytes of def.collectionDef?.[GraphKeys.SAVERS]?.bytesList?.value ?? []) {
    const saver = tryDecode(bytes);
    if (saver === undefined) continue;
    const found = describeSaver(saver, false);
    if (
      !savers.some(
        ({ restoreOp, saveTensor }) => restoreOp === found.restoreOp && saveTensor === found.saveTensor,
      )
    )
      savers.push(found);
  }
  return savers;
}

/** What is in front of the names of nodes that Savers are made of: "save/". */
export function saverScopes(savers: readonly SaverDescription[]): string[] {
  const names = savers.flatMap(({ saveTensor, restoreOp }) => [saveTensor, restoreOp]);
  return [...new Set(names.map((name) => name.replace(/[^/]*$/, "")).filter((scope) => scope !== ""))];
}

function describeSaver(saver: ISaverDef, isDefault: boolean): SaverDescription {
  return {
    filenameTensor: saver.filenameTensorName ?? "",
    saveTensor: saver.saveTensorName ?? "",
    restoreOp: saver.restoreOpName ?? "",
    version: versions[saver.version ?? 0],
    sharded: saver.sharded ?? false,
    maxToKeep: saver.maxToKeep ?? 0,
    isDefault,
  };
}

function tryDecode(bytes: Uint8Array): SaverDef | undefined {
  try {
    return decode(SaverDef, bytes);
  } catch {
    return undefined;
  }
}
